// The life of an installation: from the line in the README to the uninstall, with a release that would be published.
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { HOOK_PROGRAMS } from "../../lib/events";
import { registeredCommands, SCENARIO } from "../../scripts/demo/sandbox";
import { capturedPayload } from "../../scripts/harness/payloads";
import { recordsOf } from "../../scripts/harness/read-records";
import { Sandbox } from "../../scripts/harness/sandbox";
import { contentsOf, hooksOf, INSTALL_SH, runInstaller, toolbox } from "./installer";
import { NEWER, publishInto, version } from "./rehearsal";
import { ReleaseServer } from "./release-server";

setDefaultTimeout(400_000);

const readme = readFileSync(`${dirname(INSTALL_SH)}/../README.md`, "utf8");
const names = ["claude-session", ...HOOK_PROGRAMS].toSorted();

test("the README begins with one line that installs", async () => {
  const [, line = "", address = ""] =
    /^```sh\n(curl \S+ (\S+)\/install\.sh \| sh)\n```$/m.exec(readme) ?? [];
  expect(readme.indexOf(line)).toBeLessThan(readme.indexOf("\n## "));
  using sandbox = new Sandbox();
  await using server = await serve(sandbox);
  const command = ["sh", "-c", line.replace(address, server.url)];
  const env = { CLAUDE_SESSION_RELEASE: server.url, PATH: "/usr/bin:/bin" };
  const end = await runInstaller(sandbox, [], { command, env });
  expect(end).toMatchObject({ code: 0, stderr: "" });
  expect(end.stdout).toContain(`Installed the programs of version ${version}`);
  expect(end.stdout).toContain("Next\n  1. Restart Claude Code");
  expect(readdirSync(hooksOf(sandbox)).toSorted()).toEqual(names);
});

test("install, work, upgrade, work, downgrade and uninstall on a system without Node and Bun", async () => {
  using sandbox = new Sandbox();
  await using server = await serve(sandbox, { withNewer: true });
  const from = ["--from", server.url];
  const config = `${sandbox.state}/config.json`;
  await Bun.write(config, '{ "retention_days": 365 }\n');
  const settings = `${sandbox.home}/.claude/settings.json`;
  await Bun.write(settings, '{\n  "model": "opus" // mine\n}\n');

  expect(await runInstaller(sandbox, [...from, "--version", version])).toMatchObject({ code: 0 });
  await play(sandbox, settings);
  expect(await listed(sandbox)).toEqual(["one-session ended"]);
  expect(await recordsOf(sandbox)).toHaveLength(SCENARIO.length);

  // A program that keeps running while it is replaced.
  const following = Bun.spawn([`${hooksOf(sandbox)}/claude-session`, "tail", "-f", "-n", "0"], {
    env: environment(sandbox),
    stdout: "pipe",
  });
  const upgrade = await runInstaller(sandbox, [...from, "--version", NEWER]);
  expect(upgrade).toMatchObject({ code: 0, stderr: "" });
  expect(upgrade.stdout).toContain(`Installed the programs of version ${NEWER}`);
  expect(upgrade.stdout).toContain("Already installed");
  expect(await versions(sandbox)).toEqual(names.map((name) => `${name} ${NEWER}`));
  await play(sandbox, settings);
  expect(await listed(sandbox)).toEqual(["one-session ended"]);
  expect(await recordsOf(sandbox)).toHaveLength(2 * SCENARIO.length);
  const seen = await linesOf(following.stdout, SCENARIO.length);
  expect(seen.every((line) => line.includes("one-sess"))).toBe(true);
  expect(following.exitCode).toBeNull();
  following.kill();

  expect(await runInstaller(sandbox, [...from, "--version", `v${version}`])).toMatchObject({
    code: 0,
  });
  expect(await versions(sandbox)).toEqual(names.map((name) => `${name} ${version}`));
  await play(sandbox, settings);
  expect(await listed(sandbox)).toEqual(["one-session ended"]);
  expect(await recordsOf(sandbox)).toHaveLength(3 * SCENARIO.length);
  expect(readFileSync(config, "utf8")).toBe('{ "retention_days": 365 }\n');

  const end = await runInstaller(sandbox, ["--uninstall"]);
  expect(end).toMatchObject({ code: 0, stderr: "" });
  expect(existsSync(hooksOf(sandbox))).toBe(false);
  expect(readFileSync(settings, "utf8")).toBe('{\n  "model": "opus" // mine\n}\n');
  expect(existsSync(sandbox.events)).toBe(true);
  expect((await runInstaller(sandbox, ["--uninstall"])).stdout).toStartWith("Nothing to remove");
});

test("a dry run prints what would happen, and changes nothing", async () => {
  using sandbox = new Sandbox();
  await using server = await serve(sandbox);
  const before = contentsOf(sandbox.home);
  const end = await runInstaller(sandbox, [
    "--from",
    server.url,
    "--dry-run",
    "--",
    "--events",
    "all",
  ]);
  expect(end).toMatchObject({ code: 0, stderr: "" });
  expect(end.stdout).toContain(`Would install claude-session-hooks ${version}`);
  expect(end.stdout).toContain("claude-session install --events all\n");
  expect(contentsOf(sandbox.home)).toEqual(before);
  expect(server.requests).toEqual(["/SHA256SUMS"]);
  expect((await runInstaller(sandbox, ["--uninstall", "--dry-run"])).code).toBe(0);
});

test("installs from a folder into another folder without registering, and only the owner may change the programs", async () => {
  using sandbox = new Sandbox();
  await using server = await serve(sandbox);
  const args = ["--from", server.folder, "--prefix", "my tools/hooks", "--no-register"];
  const trap = "--no-such-option";
  const end = await runInstaller(sandbox, args, {
    by: ["sh", "-c", 'umask 000; exec "$@"', "sh"],
    // What a user may have set for tar and xz.
    env: { TAR_OPTIONS: trap, XZ_DEFAULTS: trap, XZ_OPT: trap },
  });
  expect(end).toMatchObject({ code: 0, stderr: "" });
  const folder = `${sandbox.root}/my tools/hooks`;
  expect(readdirSync(folder).toSorted()).toEqual(names);
  for (const path of [folder, ...names.map((name) => `${folder}/${name}`)])
    expect(statSync(path).mode & 0o777).toBe(0o755);
  expect(existsSync(`${sandbox.home}/.claude`)).toBe(false);
  const removal = await runInstaller(sandbox, ["--prefix", folder, "--no-register", "--uninstall"]);
  expect(removal).toMatchObject({ code: 0, stderr: "" });
  expect(existsSync(folder)).toBe(false);
});

test("arguments after -- go to `claude-session install`", async () => {
  using sandbox = new Sandbox();
  await using server = await serve(sandbox);
  const end = await runInstaller(sandbox, ["--from", server.url, "--", "--events", "Stop"]);
  expect(end).toMatchObject({ code: 0, stderr: "" });
  const commands = await registeredCommands(`${sandbox.home}/.claude/settings.json`);
  expect([...commands.keys()]).toEqual(["Stop"]);
});

test("the programs share their runtime, unless the user chose otherwise, which an upgrade keeps", async () => {
  using sandbox = new Sandbox();
  await using server = await serve(sandbox);
  const files = () => new Set(names.map((name) => statSync(`${hooksOf(sandbox)}/${name}`).ino));
  const install = async (...args: string[]) => {
    const end = await runInstaller(sandbox, ["--from", server.url, ...args]);
    expect(end).toMatchObject({ code: 0, stderr: "" });
    return files().size;
  };
  // The folder of the tests does not clone: then there would be six, too.
  const shared = await install();
  expect(shared).toBe(2);
  expect(await install()).toBe(shared);
  expect(await install("--separate")).toBe(names.length);
  expect(await install()).toBe(names.length);
  expect((await runInstaller(sandbox, ["--uninstall"])).code).toBe(0);
  expect(existsSync(hooksOf(sandbox))).toBe(false);
  expect(await install()).toBe(shared);
});

async function serve(sandbox: Sandbox, options = {}): Promise<ReleaseServer> {
  const folder = `${sandbox.root}/release`;
  await Bun.write(`${folder}/.keep`, "");
  await publishInto(folder, options);
  return new ReleaseServer(folder);
}

/** Starts the registered hooks with captured events, as events of one session. */
async function play(sandbox: Sandbox, settings: string): Promise<void> {
  const commands = await registeredCommands(settings);
  for (const line of SCENARIO) {
    const { event, payload } = await capturedPayload(line.split(" ")[1] ?? "");
    const child = Bun.spawn(commands.get(event) ?? [], {
      env: environment(sandbox),
      cwd: sandbox.project,
      stdin: new TextEncoder().encode(JSON.stringify({ ...payload, session_id: "one-session" })),
      stdout: "pipe",
      stderr: "pipe",
    });
    const printed = (await child.stdout.text()) + (await child.stderr.text());
    expect([await child.exited, printed]).toEqual([0, ""]);
  }
}

/** The first lines of a program's output. */
async function linesOf(stream: ReadableStream<Uint8Array>, count: number): Promise<string[]> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true });
    if (text.split("\n").length > count) break;
  }
  return text.split("\n").slice(0, count);
}

/** Id and state of each session, from `claude-session list`. */
async function listed(sandbox: Sandbox): Promise<string[]> {
  const rows = JSON.parse(await output(sandbox, "claude-session", "list", "--json")) as {
    session_id: string;
    state: string;
  }[];
  return rows.map((row) => `${row.session_id} ${row.state}`);
}

function versions(sandbox: Sandbox): Promise<string[]> {
  return Promise.all(names.map(async (name) => (await output(sandbox, name, "--version")).trim()));
}

async function output(sandbox: Sandbox, program: string, ...args: string[]): Promise<string> {
  const child = Bun.spawn([`${hooksOf(sandbox)}/${program}`, ...args], {
    env: environment(sandbox),
    stdout: "pipe",
  });
  const text = await child.stdout.text();
  expect(await child.exited).toBe(0);
  return text;
}

function environment(sandbox: Sandbox): Record<string, string> {
  return { PATH: toolbox(sandbox), HOME: sandbox.home, CLAUDE_SESSION_DIR: sandbox.pointers };
}
