// Installs and uninstalls the hooks for all users of a machine: programs where everyone can run them and only root can
// change them, and a managed settings file of our own.
import { chmodSync, chownSync } from "node:fs";
import { dirname } from "node:path";
import { HOOK_PROGRAMS, programFor } from "../../events";
import { machineProgramFolder, siblingProgram } from "../../os/paths";
import { version } from "../../version";
import { CommandError, DONE, FAILED, type ExitStatus } from "../command";
import { renderDiff } from "../render/diff";
import { renderEdits } from "../render/install-diff";
import { escapeLine, wrap } from "../render/text";
import type { Terminal } from "../terminal";
import { restoreConfig, writeConfig, type ConfigEdit } from "./config-file";
import { managedPath, managedPaths, managedRegistration } from "./managed";
import { placePrograms } from "./place-programs";
import { enabledPlugin, pluginsAt } from "./plugin";
import { register, unregister } from "./registrations";
import {
  ownCommands,
  readSettings,
  removeSettings,
  whyReadOnly,
  writeSettings,
  type SettingsFile,
} from "./settings-file";
import { ensureSharedFolder } from "./shared-folder";

/** What everyone may read. */
const FOR_ALL = 0o644;

/** What an administrator asked for. */
export interface ManagedInstall {
  /** The events to register. */
  readonly events: readonly string[];
  /** The machine's config.json, with a server in it if one was given. */
  readonly config: ConfigEdit;
  readonly isDryRun: boolean;
}

/** Our managed settings file. @throws {CommandError} on a system for which Claude Code has none, or if it is not ours */
export function readOwnManaged(): SettingsFile {
  const path = managedPath();
  if (path === undefined)
    throw new CommandError("Claude Code has no managed settings on this system");
  const file = readSettings(path);
  // Root would write wherever it leads, and who can change the target would decide what every user runs.
  if (file.target !== path)
    throw new CommandError(
      `${path} is a link to ${file.target}; replace it with a regular file. Nothing was changed.`,
    );
  if ((file.text ?? "").trim() !== "" && ownCommands(file).size === 0)
    throw new CommandError(
      `${path} registers none of our hooks, so it is not ours; move it. Nothing was changed.`,
    );
  return file;
}

/** Installs the hooks for all users, or prints what to put where if that cannot be done. */
export async function installManaged(
  file: SettingsFile,
  { events, config, isDryRun }: ManagedInstall,
  terminal: Terminal,
): Promise<ExitStatus> {
  const folder = machineProgramFolder();
  const own = siblingProgram("claude-session");
  const isPlaced = dirname(own) === folder;
  const program = (name: string) => siblingProgram(name, `${folder}/`);
  const wanted = new Map(events.map((event) => [event, program(programFor(event))]));
  const before = file.text ?? "";
  const { text, changes } = register(before, wanted);
  if (isDryRun) {
    const diffs = renderEdits({ path: file.path, before, after: text }, config, terminal);
    if (!isPlaced) terminal.print(`Would copy the programs to ${escapeLine(folder)}.\n`);
    terminal.print(diffs.length === 0 ? "No settings would change." : diffs.join("\n\n"));
    return DONE;
  }
  const reason = whyNotWritable(file);
  if (reason !== undefined) return printByHand(file, { text, config, folder, reason }, terminal);
  assertOnlyOnce(file);
  ensureSharedFolder(folder);
  // Existing files may also be private because of their creator's umask, or belong to a user.
  if (!isPlaced) await placePrograms(own, folder);
  for (const name of ["claude-session", ...HOOK_PROGRAMS]) makeShared(program(name));
  ensureSharedFolder(dirname(file.path));
  writeConfig(config);
  try {
    if (text !== before) writeSettings(file, text, FOR_ALL);
  } catch (error) {
    restoreConfig(config);
    throw error;
  }
  const { bold, green } = terminal.colors;
  const changed = changes.filter(({ kind }) => kind !== "kept").map(({ event }) => event);
  terminal.print(
    [
      `${green("Installed")} for all users into ${bold(escapeLine(file.path))}`,
      `  programs ${escapeLine(folder)}, version ${version}`,
      changed.length === 0
        ? "  events   the same as before"
        : `  events   ${wrap(changed.join(", "), terminal.columns, " ".repeat(11))}`,
      ...(config.after === config.before ? [] : [`  changed  ${escapeLine(config.path)}`]),
      "",
      bold("Next"),
      "  1. Everyone restarts Claude Code: a running session keeps its old hooks.",
      "  2. Anyone who registered the hooks before runs `claude-session uninstall`.",
      "     Otherwise their events are recorded twice.",
      "  3. Everyone can run claude-session from that folder; link it into a folder",
      "     of the PATH to make it a command.",
    ].join("\n"),
  );
  return DONE;
}

/** Gives a program to root and everyone the right to start it: `tar` and `cp -p` keep the owner that it had elsewhere. */
function makeShared(program: string): void {
  if (process.platform !== "win32") chownSync(program, 0, 0);
  chmodSync(program, 0o755);
}

/** Removes our managed settings file, or what of it is ours. */
export function uninstallManaged(
  file: SettingsFile,
  isDryRun: boolean,
  terminal: Terminal,
): ExitStatus {
  if (file.text === undefined || ownCommands(file).size === 0) {
    terminal.print(`None of our hooks is registered in ${escapeLine(file.path)}.`);
    return DONE;
  }
  const rest = unregister(file.text).text;
  // There was no file before us.
  const isOursAlone = /^\s*(?:\{\s*\})?\s*$/.test(rest);
  if (isDryRun) {
    terminal.print(renderDiff(file.path, file.text, isOursAlone ? undefined : rest, terminal));
    return DONE;
  }
  const reason = whyNotWritable(file);
  if (reason !== undefined) {
    noteReason(file, reason, terminal);
    if (isOursAlone) terminal.print(`rm ${Bun.$.escape(file.path)}`);
    else terminal.print(rest.trimEnd());
    return FAILED;
  }
  if (isOursAlone) removeSettings(file);
  else writeSettings(file, rest, FOR_ALL);
  const { bold, green } = terminal.colors;
  terminal.print(
    [
      `${green("Uninstalled")} for all users from ${bold(escapeLine(file.path))}`,
      isOursAlone ? "  The file was removed." : "  Its other settings stay.",
      `  The programs stay in ${escapeLine(machineProgramFolder())}, for running sessions.`,
      "  Everyone's log stays in their own ~/.claude/session-hooks.",
    ].join("\n"),
  );
  return DONE;
}

/** Why this process cannot write for all users, in words for a person. */
function whyNotWritable(file: SettingsFile): string | undefined {
  const userId = process.geteuid?.();
  if (userId !== undefined && userId !== 0) return "only root can: run this with sudo";
  return whyReadOnly(file);
}

function noteReason({ path }: SettingsFile, reason: string, terminal: Terminal): void {
  terminal.note(
    `claude-session: this changes settings for all users of the machine, and ${reason}. Nothing was changed.\nTo change ${escapeLine(path)} yourself:\n`,
  );
}

interface ByHand {
  readonly text: string;
  readonly config: ConfigEdit;
  readonly folder: string;
  readonly reason: string;
}

function printByHand(
  file: SettingsFile,
  { text, config, folder, reason }: ByHand,
  terminal: Terminal,
): ExitStatus {
  noteReason(file, reason, terminal);
  const program = siblingProgram("claude-session");
  terminal.note(
    `1. Copy all six programs from ${escapeLine(dirname(program))} to ${escapeLine(folder)}, owned by root, with mode 755.`,
  );
  const isConfigured = config.after !== undefined && config.after !== config.before;
  if (isConfigured) {
    terminal.note(`2. Put this into ${escapeLine(config.path)}, with mode 644:\n`);
    terminal.print((config.after ?? "").trimEnd());
  }
  terminal.note(
    `${isConfigured ? "\n3" : "2"}. Put this into ${escapeLine(file.path)}, with mode 644:\n`,
  );
  terminal.print(text.trimEnd());
  return FAILED;
}

/** Registered twice, every event would be recorded twice. */
function assertOnlyOnce(file: SettingsFile): void {
  const registering = managedRegistration();
  if (registering !== undefined && registering !== file.path)
    throw new CommandError(
      `${registering} already registers the hooks, so every event would be recorded twice; remove them there first. Nothing was changed.`,
    );
  const plugin = enabledPlugin(managedPaths().map(pluginsAt));
  if (plugin !== undefined)
    throw new CommandError(
      `managed settings enable the plugin ${plugin}, which already registers the hooks, so every event would be recorded twice. Nothing was changed.`,
    );
}
