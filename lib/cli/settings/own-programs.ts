// Distinguishes our programs from others of the same name: by the file itself or, if it is gone, by the list of programs
// that install registered.
import { closeSync, fsyncSync, openSync, readSync, realpathSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { environment, paths } from "../../environment";
import { HOOK_PROGRAMS, type HookProgramName } from "../../events";
import { faultCode } from "../../os/fault";
import { readOwnFile, replaceFile } from "../../os/file";
import { ensureOwnFolder } from "../../os/folder";
import { machineProgramFolder } from "../../os/paths";
import { system } from "../../os/choose-syscalls";
import { commandTarget } from "./shell-command";

/** A registered hook that starts one of our programs, and whether its command runs nothing else. */
export interface OwnHook {
  readonly program: HookProgramName;
  readonly path: string;
  readonly alone: boolean;
}

/** Whether a hook in settings, in any form, starts one of our programs. */
export function ownHook(hook: unknown): OwnHook | undefined {
  if (typeof hook !== "object" || hook === null) return undefined;
  const { type, command, args } = hook as Record<string, unknown>;
  if (type !== "command" || typeof command !== "string") return undefined;
  const list = Array.isArray(args) ? args.map(String) : undefined;
  const target = commandTarget(command, list, environment, (word) => {
    const path = /[/\\]/.test(word) ? word : which(word);
    const program = path === undefined ? undefined : ownProgram(path);
    return path === undefined || program === undefined ? undefined : { program, path };
  });
  return target && { ...target.program, alone: target.alone };
}

function which(name: string): string | undefined {
  return Bun.which(name, { PATH: environment["PATH"] ?? "" }) ?? undefined;
}

/** Which of our programs is at a path; `undefined` for any other file. */
export function ownProgram(path: string): HookProgramName | undefined {
  const program = nameOf(path);
  try {
    const real = realpathSync(path);
    const named = program ?? nameOf(real);
    return named !== undefined && isOurFile(real) ? named : undefined;
  } catch (error) {
    if (faultCode(error) !== "ENOENT" && faultCode(error) !== "ENOTDIR") return undefined;
    const wasOurs = dirname(path) === machineProgramFolder() || registeredPrograms().includes(path);
    return wasOurs ? program : undefined;
  }
}

function nameOf(path: string): HookProgramName | undefined {
  const name = basename(path.replaceAll("\\", "/")).replace(/\.exe$/i, "");
  return HOOK_PROGRAMS.find((program) => program === name);
}

const seen = new Map<string, boolean>();

/** Whether a file is one of our programs. Its name does not matter. */
export function isOurFile(path: string): boolean {
  const known = seen.get(path);
  if (known !== undefined) return known;
  const found = statSync(path).isFile() && hasMarker(path);
  seen.set(path, found);
  return found;
}

// The name of the project, which every program's bundle has contained since 0.1.0. install.sh looks for the same text. A
// script that only mentions it does not count, because it is not an executable.
const MARKER = "claude-session-hooks";
const EXECUTABLE = [
  [0x7f, 0x45, 0x4c, 0x46], // ELF
  [0xcf, 0xfa, 0xed, 0xfe], // Mach-O, 64 bits
  [0x4d, 0x5a], // PE
];
// The bundle is in the last 2 MB of a program of 110 MB.
const WINDOW_BYTES = 4_194_304;

function hasMarker(path: string): boolean {
  const fd = openSync(path, "r");
  try {
    const head = Buffer.alloc(4);
    readSync(fd, head, 0, head.length, 0);
    if (!EXECUTABLE.some((magic) => magic.every((byte, at) => head[at] === byte))) return false;
    const buffer = Buffer.allocUnsafe(WINDOW_BYTES + MARKER.length);
    for (let end = statSync(path).size; end > 0; end -= WINDOW_BYTES) {
      const begin = Math.max(0, end - WINDOW_BYTES);
      // A marker may lie across two windows.
      const read = readSync(fd, buffer, 0, end - begin + MARKER.length, begin);
      if (buffer.subarray(0, read).includes(MARKER)) return true;
    }
    return false;
  } finally {
    closeSync(fd);
  }
}

const RECORD = `${paths.state}/installed.json`;
const MAX_RECORD_BYTES = 65_536;
// Six programs in a hundred folders. No one needs the oldest ones after moving the programs that often.
const MAX_PROGRAMS = 600;

/** The paths of all programs that install has registered for this user, the newest last. */
export function registeredPrograms(): readonly string[] {
  try {
    const value: unknown = JSON.parse(readOwnFile(RECORD, MAX_RECORD_BYTES) ?? "[]");
    return Array.isArray(value) ? value.filter((path) => typeof path === "string") : [];
  } catch {
    return []; // Without it, a program that is gone is not recognized, and nothing is harmed.
  }
}

/** Remembers programs that install registers. */
export function rememberPrograms(programs: Iterable<string>): void {
  const all = [...new Set([...registeredPrograms(), ...programs])].slice(-MAX_PROGRAMS);
  ensureOwnFolder(dirname(RECORD));
  replaceFile(RECORD, `${JSON.stringify(all, undefined, 2)}\n`, system, fsyncSync);
}
