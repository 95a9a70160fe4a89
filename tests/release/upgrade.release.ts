// `claude-session upgrade` and `doctor --check`, against servers on loopback: the road from an older version to a newer one
// and to a recorded session, and what stops it.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readFileSync } from "node:fs";
import { HOOK_PROGRAMS } from "../../lib/events";
import { build, buildIfStale, placePrograms } from "../../scripts/build";
import { registeredCommands } from "../../scripts/demo/sandbox";
import { capturedPayload } from "../../scripts/harness/payloads";
import { recordsOf } from "../../scripts/harness/read-records";
import { Sandbox } from "../../scripts/harness/sandbox";
import { checksums } from "../../scripts/release/manifest";
import { ownPlatform } from "../../scripts/release/platforms";
import manifest from "../../package.json" with { type: "json" };
import { contentsOf, hooksOf, INSTALL_SH } from "./installer";
import { ReleaseServer } from "./release-server";

setDefaultTimeout(300_000);

const { version } = manifest;
const OLDER = "0.0.1";
const NEWER = "7.8.9";
const platform = ownPlatform();
if (platform === undefined) throw new Error("this machine is not a platform of the release");
const archiveName = `claude-session-hooks-${NEWER}-${platform.name}.tar.xz`;
const names = ["claude-session", ...HOOK_PROGRAMS].toSorted();

interface Ended {
  readonly code: number;
  readonly text: string;
}

async function run(
  sandbox: Sandbox,
  command: readonly string[],
  more: Record<string, string> = {},
): Promise<Ended> {
  const child = Bun.spawn([...command], {
    env: sandbox.env({ CLAUDE_SESSION_HOME: undefined, COLUMNS: "300", ...more }),
    cwd: sandbox.project,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, code] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  return { code, text: out + err };
}

const cli = (sandbox: Sandbox) => `${hooksOf(sandbox)}/claude-session`;

/** A release folder with an installer and an archive whose bytes the caller wrote. */
async function describeRelease(folder: string): Promise<void> {
  await Bun.write(`${folder}/install.sh`, readFileSync(INSTALL_SH));
  await Bun.write(`${folder}/SHA256SUMS`, await checksums(folder, ["install.sh", archiveName]));
}

async function placed(): Promise<Sandbox> {
  await buildIfStale();
  const sandbox = new Sandbox();
  await placePrograms(hooksOf(sandbox));
  return sandbox;
}

test("install, upgrade, record, and uninstall to the bytes before", async () => {
  using sandbox = new Sandbox();
  const settings = `${sandbox.home}/.claude/settings.json`;
  const original = '{\n  "model": "opus" // mine\n}\n';
  await Bun.write(settings, original);
  // What is installed is older than the release of this source.
  await build(hooksOf(sandbox), { version: OLDER });
  const folder = `${sandbox.root}/release`;
  mkdirSync(folder);
  // Late, because it makes a release if there is none.
  const { publishInto } = await import("./rehearsal");
  await publishInto(folder);
  await using server = new ReleaseServer(folder);
  const from = ["--from", server.url];

  expect(await run(sandbox, [cli(sandbox), "install"])).toMatchObject({ code: 0 });
  const registered = readFileSync(settings, "utf8");
  expect((await run(sandbox, [cli(sandbox), "doctor"])).code).toBe(0);
  // Nothing asks by itself.
  expect(server.requests).toEqual([]);
  const env = { CLAUDE_SESSION_RELEASE: server.url };
  const asked = await run(sandbox, [cli(sandbox), "doctor", "--check"], env);
  expect(asked.text).toContain(`Version ${version} is released`);
  const check = await run(sandbox, [cli(sandbox), "upgrade", "--check", ...from]);
  expect(check).toEqual({
    code: 0,
    text: `Version ${version} is available; these programs are ${OLDER}.\n`,
  });
  expect(server.requests).toEqual(["/SHA256SUMS", "/SHA256SUMS"]);

  const upgrade = await run(sandbox, [cli(sandbox), "upgrade", ...from]);
  expect(upgrade).toMatchObject({ code: 0 });
  expect(upgrade.text).toContain(`Installed the programs of version ${version}`);
  for (const name of names)
    expect((await run(sandbox, [`${hooksOf(sandbox)}/${name}`, "--version"])).text).toBe(
      `${name} ${version}\n`,
    );
  expect(readFileSync(settings, "utf8")).toBe(registered);
  expect((await run(sandbox, [cli(sandbox), "upgrade", ...from])).text).toBe(
    `Version ${version} is the newest.\n`,
  );

  const commands = await registeredCommands(settings);
  const { payload } = await capturedPayload("SessionStart");
  const child = Bun.spawn(commands.get("SessionStart") ?? [], {
    env: { HOME: sandbox.home, CLAUDE_SESSION_DIR: sandbox.pointers },
    cwd: sandbox.project,
    stdin: new TextEncoder().encode(JSON.stringify(payload)),
  });
  expect(await child.exited).toBe(0);
  expect(await recordsOf(sandbox)).toHaveLength(1);
  expect(await run(sandbox, [cli(sandbox), "uninstall"])).toMatchObject({ code: 0 });
  expect(readFileSync(settings, "utf8")).toBe(original);
});

describe("an upgrade changes nothing", () => {
  const serve = async (sandbox: Sandbox) => {
    const folder = `${sandbox.root}/release`;
    await Bun.write(`${folder}/${archiveName}`, "not an archive");
    await describeRelease(folder);
    return new ReleaseServer(folder);
  };

  test.each([
    ["plain http to another machine", "http://example.com/release", "not a release address"],
    ["an address with a password", "http://me:secret@127.0.0.1/", "not a release address"],
    ["another protocol", "ftp://127.0.0.1/release", "not a release address"],
    ["a folder that is not there", "/nowhere/at/all", "not a release address"],
    ["a server that is not there", "http://127.0.0.1:9/", "could not download"],
    ["no address at all", "", "built without a release address"],
  ])("with %s", async (_, address, reason) => {
    using sandbox = await placed();
    const before = contentsOf(sandbox.home);
    const ended = await run(
      sandbox,
      [cli(sandbox), "upgrade"],
      address === "" ? {} : { CLAUDE_SESSION_RELEASE: address },
    );
    expect(ended.code).toBe(1);
    expect(ended.text).toContain(reason);
    expect(ended.text).not.toContain("secret@");
    expect(contentsOf(sandbox.home)).toEqual(before);
  });

  test("if the installer is not the one of the release", async () => {
    using sandbox = await placed();
    await using server = await serve(sandbox);
    await Bun.write(`${server.folder}/install.sh`, `touch ${sandbox.root}/started\n`);
    const before = contentsOf(sandbox.home);
    const ended = await run(sandbox, [cli(sandbox), "upgrade", "--from", server.url]);
    expect(ended).toMatchObject({ code: 1 });
    expect(ended.text).toContain("install.sh does not match SHA256SUMS");
    expect(await Bun.file(`${sandbox.root}/started`).exists()).toBe(false);
    expect(contentsOf(sandbox.home)).toEqual(before);
  });

  test("if the archive does not match, or is none", async () => {
    using sandbox = await placed();
    await using server = await serve(sandbox);
    const before = contentsOf(sandbox.home);
    const from = [cli(sandbox), "upgrade", "--from", server.url];
    expect((await run(sandbox, from)).code).toBe(1);
    await Bun.write(`${server.folder}/${archiveName}`, "changed on the way");
    const changed = await run(sandbox, from);
    expect(changed.code).toBe(1);
    expect(changed.text).toContain("does not match SHA256SUMS");
    expect(contentsOf(sandbox.home)).toEqual(before);
  });

  test("if a server on this machine leads elsewhere", async () => {
    using sandbox = await placed();
    await using server = await serve(sandbox);
    using other = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: (request) => Response.redirect(`${server.url}${new URL(request.url).pathname}`),
    });
    const ended = await run(sandbox, [
      cli(sandbox),
      "upgrade",
      "--from",
      `http://127.0.0.1:${other.port}`,
    ]);
    expect(ended.code).toBe(1);
    expect(ended.text).toContain("which is not followed");
    expect(server.requests).toEqual([]);
  });

  test("to a version that is not there, or to one that is not newer", async () => {
    using sandbox = await placed();
    await using server = await serve(sandbox);
    const absent = await run(sandbox, [
      cli(sandbox),
      "upgrade",
      "--version",
      "1.2.3",
      "--from",
      server.url,
    ]);
    expect(absent).toMatchObject({ code: 1 });
    expect(absent.text).toContain("has no version 1.2.3");
    const older = archiveName.replace(NEWER, "0.0.0");
    await Bun.write(`${server.folder}/SHA256SUMS`, `${"0".repeat(64)}  ${older}\n`);
    const ended = await run(sandbox, [cli(sandbox), "upgrade", "--from", server.url]);
    expect(ended).toEqual({ code: 0, text: `Version ${version} is the newest.\n` });
  });

  test("of programs that npm or the plugin keeps", async () => {
    using sandbox = await placed();
    for (const [path, advice] of [
      ["node_modules/some/bin", "npx claude-session-hooks@latest install"],
      ["plugin/bin", "/plugin in Claude Code"],
    ] as const) {
      await placePrograms(`${sandbox.root}/${path}`);
      await Bun.write(`${sandbox.root}/plugin/.claude-plugin/plugin.json`, "{}");
      const ended = await run(sandbox, [`${sandbox.root}/${path}/claude-session`, "upgrade"]);
      expect(ended.code).toBe(1);
      expect(ended.text).toContain(advice);
    }
  });
});

test("doctor --check says that it does not know, and is no failure for it", async () => {
  using sandbox = await placed();
  expect(await run(sandbox, [cli(sandbox), "install"])).toMatchObject({ code: 0 });
  const env = { CLAUDE_SESSION_RELEASE: "http://127.0.0.1:9" };
  const ended = await run(sandbox, [cli(sandbox), "doctor", "--check"], env);
  expect(ended.code).toBe(0);
  expect(ended.text).toContain("The newest release could not be checked");
});
