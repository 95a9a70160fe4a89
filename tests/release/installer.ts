// `install.sh` as a person runs it, on a system that has only what the script says it needs.
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname } from "node:path";
import type { Sandbox } from "../../scripts/harness/sandbox";

/** The script of this source, which knows no address. */
export const INSTALL_SH = `${dirname(dirname(import.meta.dir))}/scripts/install.sh`;

const SYSTEM_PATH = "/usr/bin:/bin:/usr/sbin:/sbin";
const TOOLS = [
  ..."sh env cat cp mv rm rmdir mkdir mktemp find chmod ln sed grep uname getconf ldd".split(" "),
  ..."tar xz sha256sum curl".split(" "),
];

/** How a run ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What is different from a plain run. */
export interface Run {
  readonly env?: Record<string, string>;
  /** Instead of `sh install.sh`. */
  readonly command?: readonly string[];
  readonly by?: readonly string[];
}

/** A folder of links to tools, to be a PATH: nothing else is there, no Node and no Bun. */
export function toolbox(
  { root }: Sandbox,
  { without = [], more = {} }: { without?: string[]; more?: Record<string, string> } = {},
): string {
  const folder = `${root}/toolbox-${crypto.randomUUID()}`;
  mkdirSync(folder);
  const found = TOOLS.map((tool) => [tool, Bun.which(tool, { PATH: SYSTEM_PATH })] as const);
  const tools = new Map<string, string | null>([...found, ...Object.entries(more)]);
  for (const [tool, path] of tools)
    if (path !== null && !without.includes(tool)) symlinkSync(path, `${folder}/${tool}`);
  return folder;
}

/** Starts the installer with an environment that holds nothing else. */
export function startInstaller(sandbox: Sandbox, words: readonly string[], run: Run = {}) {
  const { env = {}, command = ["sh", INSTALL_SH], by = [] } = run;
  const [first = "", ...rest] = [...by, ...command, ...words];
  return Bun.spawn([Bun.which(first, { PATH: SYSTEM_PATH }) ?? first, ...rest], {
    env: {
      PATH: toolbox(sandbox),
      HOME: sandbox.home,
      CLAUDE_SESSION_DIR: sandbox.pointers,
      ...env,
    },
    cwd: sandbox.root,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
}

/** Runs it to its end. */
export async function runInstaller(
  sandbox: Sandbox,
  words: readonly string[],
  run: Run = {},
): Promise<Ended> {
  const child = startInstaller(sandbox, words, run);
  const [stdout, stderr, code] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

/** Where programs go when nothing else is said. */
export function hooksOf({ home }: Sandbox): string {
  return `${home}/.claude/hooks`;
}

/** What is in a folder and in each file below it, to be compared with later; an absent one has nothing. */
export function contentsOf(folder: string): Map<string, string> {
  const contents = new Map<string, string>();
  const entries = (() => {
    try {
      return readdirSync(folder, { recursive: true, withFileTypes: true });
    } catch {
      return [];
    }
  })();
  for (const entry of entries) {
    const path = `${entry.parentPath}/${entry.name}`;
    contents.set(path, entry.isFile() ? Bun.SHA256.hash(readFileSync(path), "hex") : "folder");
  }
  return contents;
}
