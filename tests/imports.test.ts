// Who may import whom, read from the sources: what a hook can reach decides how fast and how safe it is.
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, relative, resolve } from "node:path";

const root = resolve(import.meta.dir, "..");
const transpiler = new Bun.Transpiler({ loader: "ts" });

interface Import {
  /** A file's path from the root, or a package's or module's name. */
  readonly target: string;
  /** Not behind a call. */
  readonly isEager: boolean;
}

/** What a file imports as a value; types are gone before anything runs. */
function importsOf(file: string): Import[] {
  return transpiler.scanImports(readFileSync(`${root}/${file}`, "utf8")).map((found) => ({
    target: targetOf(found.path, file),
    isEager: found.kind === "import-statement",
  }));
}

function targetOf(path: string, from: string): string {
  if (!path.startsWith(".")) return path;
  const target = relative(root, resolve(root, dirname(from), path));
  for (const candidate of [`${target}.ts`, `${target}.tsx`, target])
    if (existsSync(`${root}/${candidate}`)) return candidate;
  throw new Error(`${from} imports ${path}, which is not there`);
}

function isOurs(target: string): boolean {
  return target.endsWith(".ts") || target.endsWith(".json");
}

/** Everything that can be reached, by whatever kind of import, and from where. */
function reachableFrom(files: readonly string[]): Map<string, string[]> {
  const reached = new Map<string, string[]>(files.map((file) => [file, []]));
  for (const [file, way] of reached) {
    if (!file.endsWith(".ts")) continue;
    for (const { target } of importsOf(file))
      if (!reached.has(target)) reached.set(target, [...way, file]);
  }
  return reached;
}

function sources(pattern: string): string[] {
  return [...new Bun.Glob(pattern).scanSync(root)].toSorted();
}

const hooks = sources("hooks/*.ts");
const library = sources("lib/**/*.ts");
const reached = reachableFrom(hooks);
const reachedFiles = [...reached.keys()].filter(isOurs);

test("the walk sees the hooks and the library, or the rest would pass on nothing", () => {
  expect(hooks.length).toBeGreaterThanOrEqual(5);
  expect(reachedFiles.length).toBeGreaterThan(15);
  for (const file of ["lib/hook/run.ts", "lib/os/file.ts", "lib/session.ts", "lib/log/log.ts"])
    expect(reachedFiles).toContain(file);
});

test("the walk tells values from types, and eager from late", () => {
  const source = `import type { A } from "a"; import { type B } from "b"; import { c } from "c";
    export { d } from "d"; import "e"; export const f = () => [c, require("f"), import("g")];
    export type H = A | B | import("h").H; export type { I } from "i"; export * from "j";`;
  const found = transpiler.scanImports(source);
  const kindOf = (path: string) => found.find((one) => one.path === path)?.kind;
  for (const path of ["c", "d", "e", "j"]) expect(kindOf(path)).toBe("import-statement");
  for (const path of ["f", "g"]) expect(kindOf(path)).toBeOneOf(["require-call", "dynamic-import"]);
  for (const path of ["a", "h", "i"]) expect(kindOf(path)).toBeUndefined();
});

test.each([
  [/^zod/, "it would double the cost of a hook"],
  [/^lib\/cli\//, "it is for a person, who can wait"],
  [/^lib\/forward\//, "recording never depends on shipping"],
  [/^lib\/(?:dashboard|log-index|transcripts)\//, "nor on who looks"],
  [
    /^(?:node:)?(?:https?|http2|net|tls|dns|dgram|child_process|cluster|inspector)(?:\/|$)/,
    "nor reaches the network or another program",
  ],
  [
    /^(?!node:|bun:|lib\/|hooks\/|package\.json)/,
    "a package has not been weighed for the hot path",
  ],
] as const)("nothing that a hook can reach is %p: %s", (forbidden) => {
  const found = [...reached].filter(([target]) => forbidden.test(target));
  expect(found.map(([target, way]) => [...way, target].join(" > "))).toEqual([]);
});

test("no hook calls for the network without an import either", () => {
  for (const file of reachedFiles)
    expect([
      file,
      matches(
        file,
        /\b(?:fetch|WebSocket|XMLHttpRequest|EventSource)\s*\(|\bBun\.(?:connect|listen|serve|udpSocket|dns|sql|redis|s3)\b/g,
      ),
    ]).toEqual([file, []]);
});

test("no hook loads a module of Node before it must: each costs a millisecond", () => {
  const eager = reachedFiles
    .filter((file) => file.endsWith(".ts"))
    .flatMap((file) =>
      importsOf(file)
        .filter(({ target, isEager }) => isEager && !isOurs(target))
        .map(({ target }) => `${file} > ${target}`),
    );
  expect(eager).toEqual([]);
  // Those that are loaded late, in the one way that costs nothing before.
  const late = reachedFiles.flatMap((file) => matches(file, /getBuiltinModule\(\W*"[^"]+"\)/g));
  expect(new Set(late)).toEqual(
    new Set(["fs", "os", "path"].map((name) => `getBuiltinModule("node:${name}")`)),
  );
  for (const file of reachedFiles) expect(matches(file, /\brequire\(|import\.meta/g)).toEqual([]);
});

/** What a file imports of ours, types included: the transpiler drops those, so this reads the text. */
function importsWithTypes(file: string): string[] {
  const text = readFileSync(`${root}/${file}`, "utf8");
  const paths = text.matchAll(/^(?:import|export)\b[^"';]*?"(\.[^"]+)"|\bimport\("(\.[^"]+)"\)/gm);
  return Array.from(paths, ([, eager, late]) => targetOf(eager ?? late ?? "", file));
}

test("the walk of types sees every way to import", () => {
  const seen = importsWithTypes("lib/cli/main.ts");
  for (const file of ["lib/cli/command.ts", "lib/cli/commands/install.ts", "lib/os/fault.ts"])
    expect(seen).toContain(file);
  expect(importsWithTypes("lib/log/record.ts")).toEqual(["lib/session-id.ts"]);
});

test("nothing is imported in a circle, types included", () => {
  const done = new Set<string>();
  const visit = (file: string, way: readonly string[]): void => {
    if (way.includes(file)) throw new Error([...way.slice(way.indexOf(file)), file].join(" > "));
    if (done.has(file)) return;
    for (const target of importsWithTypes(file))
      if (target.endsWith(".ts")) visit(target, [...way, file]);
    done.add(file);
  };
  const all = [...hooks, ...library, ...sources("{scripts,tests}/**/*.ts")];
  for (const file of all) visit(file, []);
  expect(done.size).toBe(all.length);
});

// From the inside out: a layer imports from those before it, never from one after it.
test.each([
  ["lib/os/", /^lib\/os\//],
  ["lib/log/", /^lib\/(?:os|log)\/|^lib\/(?:events|session|session-id)\.ts$/],
  ["lib/history/", /^lib\/history\/|^lib\/log\/record\.ts$|^lib\/events\.ts$/],
  ["lib/hook/", /^lib\/(?:os|log|hook)\/|^lib\/[\w-]+\.ts$/],
  [
    "lib/forward/",
    /^lib\/(?:os|log|history|forward)\/|^lib\/[\w-]+\.ts$|^lib\/hook\/start-forwarder\.ts$/,
  ],
  ["lib/log-index/", /^lib\/(?:os|log|history|log-index)\/|^lib\/[\w-]+\.ts$/],
  ["lib/transcripts/", /^lib\/(?:os|history|transcripts)\//],
  // The page and its server.
  [
    "lib/dashboard/",
    /^lib\/(?:os|log|history|log-index|transcripts|dashboard)\/|^lib\/[\w-]+\.ts$/,
  ],
  [
    "lib/dashboard/page/",
    /^lib\/(?:history|dashboard\/page)\/|^lib\/dashboard\/answers\.ts$|^lib\/log-index\/(?:filter-words|flags|group-by)\.ts$|^lib\/log\/record\.ts$/,
  ],
  ["lib/cli/commands/", /^lib\/(?!cli\/commands\/)/],
  ["scripts/", /^(?:lib|scripts|hooks)\/|^package\.json$/],
] as const)("%s imports only what it may", (layer, allowed) => {
  const files = sources(`${layer}**/*.{ts,tsx}`);
  expect(files).not.toBeEmpty();
  const ways = files.flatMap((file) => importsWithTypes(file).map((target) => [file, target]));
  expect(ways.filter(([, target = ""]) => !allowed.test(target))).toEqual([]);
});

test("only the implementations of `System` make system calls by themselves", () => {
  const makers = sources("lib/os/*.ts").filter(
    (file) =>
      importsOf(file).some(({ target }) => target.startsWith("node:fs")) ||
      matches(file, /getBuiltinModule\("node:fs"\)/g).length > 0,
  );
  expect(makers).toEqual(["lib/os/syscalls-node.ts"]);
});

test.each([
  ["the environment", /\b(?:process|Bun)\.env\b|\bimport\.meta\.env\b/g, ["lib/environment.ts"]],
  [
    "standard input",
    /\b(?:Bun|process)\.stdin\b|\/dev\/stdin|\/proc\/self\/fd/g,
    ["lib/hook/stdin.ts"],
  ],
  [
    "the exit",
    /\bprocess\.(?:exit|exitCode|abort|kill|reallyExit)\b/g,
    ["lib/hook/run.ts", "lib/cli/main.ts"],
  ],
  [
    "standard output",
    /\bconsole\b|\b(?:Bun|process)\.std(?:out|err)\b/g,
    ["lib/hook/run.ts", "lib/cli/terminal.ts"],
  ],
] as const)("%s is touched in one place", (_, pattern, places) => {
  const touching = [...hooks, ...library].filter((file) => matches(file, pattern).length > 0);
  expect(touching).not.toBeEmpty();
  for (const file of touching) expect(places as readonly string[]).toContain(file);
});

test.each(hooks)("%s is short enough to be seen whole", (file) => {
  const lines = readFileSync(`${root}/${file}`, "utf8").trimEnd().split("\n");
  expect(lines.length).toBeLessThanOrEqual(20);
  expect(lines.join("\n")).toContain("runHook(");
});

test("a file is called after what it is about", () => {
  const vague = [
    "utils",
    "util",
    "helpers",
    "helper",
    "types",
    "constants",
    "common",
    "misc",
    "index",
  ];
  for (const file of sources("{hooks,lib,scripts,tests}/**/*.ts"))
    expect(vague).not.toContain(basename(file).split(".")[0] as string);
});

/** Where a pattern occurs in a file's code; comments do nothing. */
function matches(file: string, pattern: RegExp): string[] {
  if (!file.endsWith(".ts")) return [];
  // The transpiler would run a macro, and cannot here.
  const text = readFileSync(`${root}/${file}`, "utf8").replaceAll(' with { type: "macro" }', "");
  return transpiler.transformSync(text).match(pattern) ?? [];
}
