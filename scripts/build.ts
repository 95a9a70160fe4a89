// Compiles every program in hooks/ and the command line to standalone executables in dist/.
//
// usage: bun scripts/build.ts [--if-stale]
import { copyFileSync, linkSync, mkdirSync } from "node:fs";
import { basename, dirname } from "node:path";
import manifest from "../package.json" with { type: "json" };

const root = dirname(import.meta.dir);
const COMMAND_LINE = `${root}/lib/cli/main.ts`;
const HOOK_ENTRY = `${root}/lib/hook-entry.ts`;

/** The folder of the built programs. */
export const dist = `${root}/dist`;

/** The names of all programs, sorted: the files in hooks/, and the command line. */
export async function programNames(): Promise<string[]> {
  const hooks = await Array.fromAsync(new Bun.Glob("*.ts").scan(`${root}/hooks`));
  return [...hooks.map((hook) => basename(hook, ".ts")), "claude-session"].toSorted();
}

/** What to compile a program for. */
export interface Target {
  /** The runtime to embed; by default this machine's. Bun downloads another one once, from the npm registry. */
  readonly runtime?: Bun.Build.CompileTarget;
  /** The version that the program reports; by default the one in package.json. */
  readonly version?: string;
  /** The address of the releases, which `claude-session upgrade` asks; none by default. */
  readonly releases?: string | undefined;
  /** The hook that the program is, unless it is called as another. */
  readonly hook?: string;
}

/**
 * Compiles one source file with the options of a release.
 *
 * @throws {AggregateError} with the messages of the compiler
 */
export async function compile(
  source: string,
  outfile: string,
  { runtime, version = manifest.version, hook = "", releases = "" }: Target = {},
): Promise<void> {
  const isForWindows = runtime?.includes("windows") ?? process.platform === "win32";
  await Bun.build({
    entrypoints: [source],
    root,
    target: "bun",
    format: "esm",
    bytecode: true,
    minify: true,
    // A dynamic import then loads its code only when it runs: saves `claude-session id` 1.7 ms.
    splitting: true,
    define: {
      BUILD_VERSION: JSON.stringify(version),
      BUILD_HOOK: JSON.stringify(hook),
      BUILD_RELEASES: JSON.stringify(releases),
    },
    compile: {
      ...(runtime !== undefined && { target: runtime }),
      outfile,
      // A project folder must not be able to run code in a hook or to configure one.
      autoloadDotenv: false,
      autoloadBunfig: false,
      execArgv: ["--disallow-code-generation-from-strings=strict"],
      // A hook lives for milliseconds: code that the JIT compiles rarely runs again. Saves 0.15 ms. What reads or serves a
      // log of a million events needs it.
      ...(source !== COMMAND_LINE && { jitPolicy: 100 }),
      // If Claude Code has no console, as in an editor, Windows would open one for each event.
      ...(isForWindows && { windows: { hideConsole: source !== COMMAND_LINE } }),
    },
  });
}

/** Builds all programs into a folder; returns their names, sorted. */
export async function build(folder = dist, target: Target = {}): Promise<string[]> {
  const names = await programNames();
  await Promise.all(names.map((name) => compileProgram(name, `${folder}/${name}`, target)));
  return names;
}

/** Compiles one of our programs. */
export function compileProgram(name: string, outfile: string, target: Target = {}): Promise<void> {
  return name === "claude-session"
    ? compile(COMMAND_LINE, outfile, target)
    : compile(HOOK_ENTRY, outfile, { ...target, hook: name });
}

/** Puts the built programs into a folder, which is created: as hard links where possible, else as copies. */
export async function placePrograms(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const name of await programNames()) {
    const [from, to] = [`${dist}/${name}`, `${folder}/${name}`];
    try {
      linkSync(from, to);
    } catch {
      // The file system has no hard links, or the folder is on another one.
      copyFileSync(from, to);
    }
  }
}

/** Whether every program exists and is newer than all sources. */
export async function isBuilt(): Promise<boolean> {
  const sources = ["package.json", "package-lock.json", "scripts/build.ts"];
  for (const folder of ["hooks", "lib"])
    for await (const path of new Bun.Glob(`${folder}/**/*.{ts,tsx,sql,html,css,json}`).scan(root))
      sources.push(path);
  const newest = Math.max(...sources.map((source) => Bun.file(`${root}/${source}`).lastModified));
  const names = await programNames();
  const built = names.map((name) => Bun.file(`${dist}/${name}`));
  const exist = await Promise.all(built.map((file) => file.exists()));
  return exist.every(Boolean) && built.every((file) => file.lastModified >= newest);
}

/** Builds all programs if one is missing or older than a source. */
export async function buildIfStale(): Promise<void> {
  if (!(await isBuilt())) await build();
}

if (import.meta.main && !(process.argv.includes("--if-stale") && (await isBuilt()))) {
  const started = performance.now();
  const names = await build();
  for (const name of names) {
    const { size } = Bun.file(`${dist}/${name}`);
    console.log(`dist/${name.padEnd(16)} ${(size / 1e6).toFixed(0)} MB`);
  }
  console.log(`${names.length} programs in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}
