// The road through npm: packed, installed without a network, and walked from a fresh home to a recorded session and back.
import { expect, setDefaultTimeout, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { HOOK_PROGRAMS } from "../../lib/events";
import { registeredCommands } from "../../scripts/demo/sandbox";
import { capturedPayload } from "../../scripts/harness/payloads";
import { recordsOf } from "../../scripts/harness/read-records";
import { Sandbox } from "../../scripts/harness/sandbox";
import { buildIfStale, dist } from "../../scripts/build";
import {
  LAUNCHER,
  launcherManifest,
  NPM_PROGRAMS,
  npmPackage,
  packNpm,
  platformManifest,
} from "../../scripts/release/npm-packages";
import { ownPlatform, PLATFORMS } from "../../scripts/release/platforms";
import manifest from "../../package.json" with { type: "json" };
import { contentsOf, hooksOf } from "./installer";

setDefaultTimeout(300_000);

const { version } = manifest;
const platform = ownPlatform();
if (platform === undefined) throw new Error("this machine is not a platform of the release");
const own = platform;
const names = ["claude-session", ...HOOK_PROGRAMS].toSorted();
const SHELL_FILES = [
  ["bash-completion/completions/claude-session", "complete -F"],
  ["zsh/site-functions/_claude-session", "#compdef claude-session"],
  ["fish/vendor_completions.d/claude-session.fish", "complete -c claude-session"],
  ["man/man1/claude-session.1", ".TH"],
] as const;
const settingsOf = ({ home }: Sandbox) => `${home}/.claude/settings.json`;

/** Packs the launcher and the platform's package. */
async function packages(folder: string): Promise<string[]> {
  await buildIfStale();
  mkdirSync(folder, { recursive: true });
  const text = (name: string, content: string) => {
    writeFileSync(`${folder}/${name}`, content);
    return `${folder}/${name}`;
  };
  const options = { date: "2026-11-23", isQuick: true };
  const member = (path: string, name: string, isProgram = false) => ({ path, name, isProgram });
  await packNpm(
    [
      member(text("launcher.json", launcherManifest(version)), "package.json"),
      member(text("launch.js", LAUNCHER), "launch.js", true),
    ],
    `${folder}/launcher.tgz`,
    options,
  );
  await packNpm(
    [
      member(text("platform.json", platformManifest(own, version)), "package.json"),
      ...NPM_PROGRAMS.map((name) => member(`${dist}/${name}`, `bin/${name}`, true)),
    ],
    `${folder}/platform.tgz`,
    options,
  );
  return [`${folder}/launcher.tgz`, `${folder}/platform.tgz`];
}

function run(sandbox: Sandbox, ...command: string[]): { code: number; text: string } {
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, {
    env: sandbox.env({
      CLAUDE_CONFIG_DIR: undefined,
      CLAUDE_SESSION_HOME: undefined,
      CLAUDE_PROJECT_DIR: undefined,
      PATH: `${nodeFolder()}:/usr/bin:/bin`,
      npm_config_cache: `${sandbox.root}/npm-cache`,
      // Nothing answers there.
      npm_config_registry: "http://127.0.0.1:9/",
    }),
    cwd: sandbox.project,
    stdin: "ignore",
  });
  return { code: exitCode, text: `${stdout}${stderr}` };
}

function nodeFolder(): string {
  const node = Bun.which("node", { PATH: "/usr/local/bin:/usr/bin:/bin" }) ?? "/usr/bin/node";
  return node.slice(0, node.lastIndexOf("/"));
}

test("npx installs the programs, which need neither Node nor the package afterwards", async () => {
  using sandbox = new Sandbox();
  const settings = settingsOf(sandbox);
  const original = '{\n  "model": "opus" // mine\n}\n';
  await Bun.write(settings, original);
  const mine = `${sandbox.home}/.local/share/man/man1/mine.1`;
  await Bun.write(mine, ".TH MINE 1\n");
  const before = contentsOf(sandbox.home);
  const tarballs = await packages(`${sandbox.root}/packages`);
  writeFileSync(`${sandbox.project}/package.json`, "{}\n");
  const npm = ["npm", "install", "--offline", "--no-audit", "--no-fund", ...tarballs];
  expect(run(sandbox, ...npm)).toMatchObject({ code: 0 });
  const modules = `${sandbox.project}/node_modules`;
  for (const name of NPM_PROGRAMS)
    expect(statSync(`${modules}/${npmPackage(own)}/bin/${name}`).mode & 0o777).toBe(0o755);

  const installed = run(sandbox, "npx", "--offline", "--no", "claude-session-hooks", "install");
  expect(installed).toMatchObject({ code: 0 });
  expect(installed.text).toContain(`Copied the programs of version ${version}`);
  expect(installed.text).toContain("Installed into");
  expect(readdirSync(hooksOf(sandbox)).toSorted()).toEqual(names);
  for (const name of names)
    expect(statSync(`${hooksOf(sandbox)}/${name}`).mode & 0o777).toBe(0o755);
  for (const [path, word] of SHELL_FILES)
    expect(readFileSync(`${sandbox.home}/.local/share/${path}`, "utf8")).toContain(word);
  // Linked, or clones: not six files of their own.
  const files = new Set(HOOK_PROGRAMS.map((name) => statSync(`${hooksOf(sandbox)}/${name}`).ino));
  expect(files.size).toBe(existsSync(`${hooksOf(sandbox)}/.claude-session-hooks.form`) ? 5 : 1);

  const commands = await registeredCommands(settings);
  for (const event of ["SessionStart", "PreToolUse", "SessionEnd"]) {
    const { payload } = await capturedPayload(event);
    const child = Bun.spawn(commands.get(event) ?? [], {
      env: { PATH: "/nowhere", HOME: sandbox.home, CLAUDE_SESSION_DIR: sandbox.pointers },
      cwd: sandbox.root,
      stdin: new TextEncoder().encode(JSON.stringify({ ...payload, session_id: "one-session" })),
    });
    expect(await child.exited).toBe(0);
  }
  expect((await recordsOf(sandbox)).map(({ event }) => event)).toEqual([
    "SessionStart",
    "PreToolUse",
    "SessionEnd",
  ]);

  // Again, over what is there, with a file each.
  const again = run(
    sandbox,
    "npx",
    "--offline",
    "--no",
    "claude-session-hooks",
    "install",
    "--separate",
  );
  expect(again).toMatchObject({ code: 0 });
  expect(again.text).toContain("Already installed");
  expect(new Set(names.map((name) => statSync(`${hooksOf(sandbox)}/${name}`).ino)).size).toBe(6);
  // What was chosen stays chosen.
  expect(run(sandbox, `${modules}/.bin/claude-session`, "install")).toMatchObject({ code: 0 });
  expect(new Set(names.map((name) => statSync(`${hooksOf(sandbox)}/${name}`).ino)).size).toBe(6);

  const program = `${hooksOf(sandbox)}/claude-session`;
  expect(run(sandbox, program, "uninstall", "--programs", "--dry-run")).toMatchObject({ code: 0 });
  expect(existsSync(program)).toBeTrue();
  expect(run(sandbox, program, "uninstall", "--programs")).toMatchObject({ code: 0 });
  expect(readFileSync(settings, "utf8")).toBe(original);
  // The log stays, and npm's own files.
  rmSync(sandbox.state, { recursive: true });
  const after = contentsOf(sandbox.home);
  for (const path of after.keys()) if (path.includes("/.npm")) after.delete(path);
  expect(after).toEqual(before);
});

test("a file of another program stops it, and nothing is replaced", async () => {
  using sandbox = new Sandbox();
  await Bun.write(`${hooksOf(sandbox)}/session-end`, "#!/bin/sh\necho mine\n");
  await buildIfStale();
  const before = contentsOf(sandbox.home);
  const refused = run(sandbox, `${dist}/claude-session`, "install", "--copy");
  expect(refused.code).toBe(1);
  expect(refused.text).toContain("session-end exists and is not ours");
  expect(contentsOf(sandbox.home)).toEqual(before);
});

test("every package has the version of the launcher, and is for one platform", () => {
  const launcher = JSON.parse(launcherManifest("7.8.9")) as {
    version: string;
    optionalDependencies: Record<string, string>;
  };
  const platforms = PLATFORMS.map(
    (one) =>
      JSON.parse(platformManifest(one, "7.8.9")) as {
        name: string;
        version: string;
        os: string[];
        cpu: string[];
        libc?: string[];
      },
  );
  expect(launcher.optionalDependencies).toEqual(
    Object.fromEntries(platforms.map(({ name }) => [name, "7.8.9"])),
  );
  const selectors = platforms.map(({ os, cpu, libc = [] }) => [os, cpu, libc].join(" "));
  expect(new Set(selectors).size).toBe(PLATFORMS.length);
  expect(selectors).toContain("linux x64 musl");
  expect(selectors).toContain("linux x64 glibc");
  expect(selectors).toContain("win32 arm64 ");
  for (const one of platforms) expect(one.version).toBe("7.8.9");
});
