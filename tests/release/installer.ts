// Runs `install.sh` as a user does, on a system that has only the tools it requires.
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { dirname } from "node:path";
import type { Sandbox } from "../../scripts/harness/sandbox";

/** The script as in the source: without the address of the releases. */
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

/** What differs from a plain run. */
export interface Run {
  readonly env?: Record<string, string>;
  /** The command, instead of `sh install.sh`. */
  readonly command?: readonly string[];
  /** A command to start it with. */
  readonly by?: readonly string[];
}

/** Makes a folder of links to tools, to be the whole PATH: without Node and Bun. */
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

/** Starts the installer, in an environment of its own. */
export function startInstaller(sandbox: Sandbox, args: readonly string[], run: Run = {}) {
  const { env = {}, command = ["sh", INSTALL_SH], by = [] } = run;
  const [first = "", ...rest] = [...by, ...command, ...args];
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

/** Runs the installer to its end. */
export async function runInstaller(
  sandbox: Sandbox,
  args: readonly string[],
  run: Run = {},
): Promise<Ended> {
  const child = startInstaller(sandbox, args, run);
  const [stdout, stderr, code] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

/** The folder where programs go by default. */
export function hooksOf({ home }: Sandbox): string {
  return `${home}/.claude/hooks`;
}

/** All paths below a folder with the hashes of the files, to compare later; empty if there is no folder. */
export function contentsOf(folder: string): Map<string, string> {
  if (!existsSync(folder)) return new Map();
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return new Map(
    entries.map((entry) => {
      const path = `${entry.parentPath}/${entry.name}`;
      return [path, entry.isFile() ? hashOf(path) : "folder"];
    }),
  );
}

/** The programs of a home are 666 MB, and most tests link the same files: hashes by inode, size and last change. */
const hashes = new Map<string, string>();

function hashOf(path: string): string {
  const { dev, ino, size, mtimeNs } = statSync(path, { bigint: true });
  const key = [dev, ino, size, mtimeNs].join(" ");
  const hash = hashes.get(key) ?? Bun.SHA256.hash(readFileSync(path), "hex");
  hashes.set(key, hash);
  return hash;
}
