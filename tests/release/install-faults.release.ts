// If an installation fails, the installed older version stays as it was, and the message says why. The archives are
// real ones, or wrong ones with the right checksum.
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { HOOK_PROGRAMS } from "../../lib/events";
import { build, dist } from "../../scripts/build";
import { commandExists, run } from "../../scripts/harness/system-commands";
import { Sandbox } from "../../scripts/harness/sandbox";
import { describeFile } from "../../scripts/release/manifest";
import { canMount, Disk } from "../support/disk";
import { Tally } from "../support/tally";
import { until } from "../support/until";
import { as, copyForAll, USER, whyNotAnother } from "../support/users";
import { writeTar, type Entry } from "./forged-archive";
import {
  contentsOf,
  hooksOf,
  INSTALL_SH,
  runInstaller,
  startInstaller,
  toolbox,
  type Run,
} from "./installer";
import { archiveOf, publishInto, version } from "./rehearsal";
import { ReleaseServer } from "./release-server";

setDefaultTimeout(120_000);

const tally = new Tally("installer");
afterAll(() => tally.print());

const OLDER = "0.0.9";
const older = `${dist}/release-${OLDER}`;
const names = ["claude-session", ...HOOK_PROGRAMS];
rmSync(older, { recursive: true, force: true });
await build(older, { version: OLDER });

/** A home in which the older version is installed, and a server with the new one. */
class Scene implements AsyncDisposable {
  readonly sandbox = new Sandbox();
  readonly hooks = hooksOf(this.sandbox);
  readonly served = `${this.sandbox.root}/release`;
  readonly archive = `${this.served}/${archiveOf(version)}`;
  server!: ReleaseServer;
  /** The contents of the home that must not change. */
  #before = new Map<string, string>();

  static async create(): Promise<Scene> {
    const scene = new Scene();
    mkdirSync(scene.served);
    await publishInto(scene.served);
    scene.server = new ReleaseServer(scene.served);
    mkdirSync(scene.hooks, { recursive: true });
    for (const name of names) linkSync(`${older}/${name}`, `${scene.hooks}/${name}`);
    await Bun.write(`${scene.sandbox.events}/2026-01-01.jsonl`, '{"an":"old line"}\n');
    const end = Bun.spawnSync([`${scene.hooks}/claude-session`, "install"], {
      env: { HOME: scene.sandbox.home, PATH: "/usr/bin:/bin" },
    });
    expect(end.exitCode).toBe(0);
    scene.remember();
    return scene;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    this.sandbox[Symbol.dispose]();
  }

  /** From now on, what is in the home must not change. */
  remember(): void {
    this.#before = contentsOf(this.sandbox.home);
  }

  install(args: readonly string[] = [], options: Run = {}) {
    return runInstaller(this.sandbox, ["--from", this.server.url, ...args], options);
  }

  /** Makes SHA256SUMS match the archive that is served. */
  async updateChecksum(): Promise<void> {
    const { sha256 } = await describeFile(this.archive);
    writeFileSync(`${this.served}/SHA256SUMS`, `${sha256}  ${archiveOf(version)}\n`);
  }

  /** Expects that the installer failed with a message, and changed nothing and left no temp folder. */
  expectUnchanged(end: { code: number | null; stderr: string }, message: string | RegExp): void {
    tally.add("failures");
    expect(end.stderr).toMatch(message);
    expect(end.code).toBe(1);
    expect(contentsOf(this.sandbox.home)).toEqual(this.#before);
  }
}

describe("a download", () => {
  test.each<[string, (scene: Scene) => void | Promise<void>, string]>([
    [
      "with another checksum",
      ({ served }) => {
        const sums = readFileSync(`${served}/SHA256SUMS`, "utf8");
        writeFileSync(
          `${served}/SHA256SUMS`,
          sums.replaceAll(/^./gm, (digit) => (digit === "0" ? "1" : "0")),
        );
      },
      "does not match SHA256SUMS",
    ],
    ["with one changed byte", (scene) => flipByte(scene.archive), "does not match SHA256SUMS"],
    [
      "that ends half-way",
      ({ server }) => void (server.transfer = "half"),
      "does not match SHA256SUMS",
    ],
    ["that does not exist", ({ archive }) => rmSync(archive), "could not download"],
    ["without SHA256SUMS", ({ served }) => rmSync(`${served}/SHA256SUMS`), "could not download"],
    [
      "for other systems only",
      ({ served }) =>
        writeFileSync(
          `${served}/SHA256SUMS`,
          `${"0".repeat(64)}  claude-session-hooks-1.0.0-plan9-x64.tar.xz\n`,
        ),
      "has no programs for",
    ],
    [
      "with a name that leads to another folder",
      ({ served }) =>
        writeFileSync(`${served}/SHA256SUMS`, `${"0".repeat(64)}  ../../${archiveOf(version)}\n`),
      "has no programs for",
    ],
    [
      "in several versions",
      ({ served }) => {
        const sums = readFileSync(`${served}/SHA256SUMS`, "utf8");
        writeFileSync(`${served}/SHA256SUMS`, sums + sums.replaceAll(version, "9.9.9"));
      },
      "has several versions",
    ],
  ])("%s is not unpacked, and nothing of it runs", async (_, spoil, message) => {
    await using scene = await Scene.create();
    await spoil(scene);
    // This tar leaves a trace and fails.
    const trace = `${scene.sandbox.root}/unpacked`;
    const tar = script(scene.sandbox, `touch ${trace}; exit 1`);
    const env = { PATH: toolbox(scene.sandbox, { without: ["tar"], more: { tar } }) };
    scene.expectUnchanged(await scene.install([], { env }), message);
    expect(await Bun.file(trace).exists()).toBe(false);
  });

  test.each([
    ["SIGTERM", 143],
    ["SIGINT", 130],
    ["SIGHUP", 129],
  ] as const)("that %s interrupts leaves nothing behind", async (signal, code) => {
    await using scene = await Scene.create();
    const child = await stall(scene);
    process.kill(-child.pid, signal);
    expect(await child.exited).toBe(code);
    scene.expectUnchanged({ code: 1, stderr: "" }, "");
  });

  test("that is killed leaves the old programs; the next run succeeds, and a later one cleans up", async () => {
    await using scene = await Scene.create();
    const child = await stall(scene);
    process.kill(-child.pid, "SIGKILL");
    await child.exited;
    const left = readdirSync(scene.hooks).filter((name) => name.startsWith("."));
    expect(left).toHaveLength(1);
    for (const name of names) expect(await versionOf(scene, name)).toBe(OLDER);
    scene.server.transfer = "whole";
    expect(await scene.install()).toMatchObject({ code: 0 });
    for (const name of names) expect(await versionOf(scene, name)).toBe(version);
    utimesSync(`${scene.hooks}/${left[0]}`, 0, 0);
    expect(await scene.install()).toMatchObject({ code: 0 });
    expect(readdirSync(scene.hooks).toSorted()).toEqual(names.toSorted());
  });
});

describe("an archive with the right checksum that", () => {
  const root = archiveOf(version).replace(".tar.xz", "");
  const good = programsOf(() => "");

  /** Six programs that are scripts of one line. */
  function programsOf(text: (name: string) => string): Entry[] {
    return names.map((name) => ({ name: `${root}/${name}`, text: `#!/bin/sh\n${text(name)}\n` }));
  }

  test.each<[string, Entry[], string]>([
    [
      "has a member with ../",
      [...good, { name: `${root}/../../escaped`, text: "x" }],
      "has an unexpected member",
    ],
    ["has a member outside", [...good, { name: "escaped", text: "x" }], "has an unexpected member"],
    [
      "has a member with an absolute path",
      [...good, { name: "/tmp/claude-session-escaped", text: "x" }],
      "has an unexpected member",
    ],
    [
      "has a member in a folder",
      [...good, { name: `${root}/more/escaped`, text: "x" }],
      "has an unexpected member",
    ],
    [
      "has a member with a blank",
      [...good, { name: `${root}/x ../escaped`, text: "x" }],
      "has an unexpected member",
    ],
    [
      "has a link",
      [{ name: `${root}/claude-session`, linkname: "/bin/sh" }, ...good.slice(1)],
      "has an unexpected member",
    ],
    [
      "has a hard link",
      [{ name: `${root}/claude-session`, linkname: "/etc/passwd", type: "link" }, ...good.slice(1)],
      "has an unexpected member",
    ],
    ["lacks a program", good.slice(1), "could not unpack"],
    ["has programs that do nothing", good, "failed its self-test"],
    [
      "has programs of another version",
      programsOf((name) => `echo ${name} 6.6.6`),
      "failed its self-test",
    ],
    [
      "has programs that fail",
      programsOf((name) => `echo ${name} ${version}; exit 1`),
      "failed its self-test",
    ],
  ])("%s is rejected", async (_, entries, message) => {
    await using scene = await Scene.create();
    await writeTar(entries, scene.archive);
    await scene.updateChecksum();
    scene.expectUnchanged(await scene.install(), message);
    expect(await Bun.file("/tmp/claude-session-escaped").exists()).toBe(false);
  });

  test("is truncated is rejected", async () => {
    await using scene = await Scene.create();
    truncateSync(scene.archive, Bun.file(scene.archive).size >> 1);
    await scene.updateChecksum();
    scene.expectUnchanged(await scene.install(), /could not read .*tar\.xz: .*(end|EOF|trunc)/is);
  });

  test("has a program without its end, which would run as the bare runtime, is rejected", async () => {
    await using scene = await Scene.create();
    const torn = `${scene.sandbox.root}/torn`;
    copyFileSync(`${dist}/session-end`, torn);
    truncateSync(torn, Bun.file(torn).size - 1_000_000);
    const programs = programsOf((name) => `echo ${name} ${version}`).map((entry) =>
      entry.name.endsWith("/session-end") ? { name: entry.name, path: torn } : entry,
    );
    await writeTar(programs, scene.archive);
    await scene.updateChecksum();
    scene.expectUnchanged(
      await scene.install(),
      "session-end failed its self-test; nothing was replaced",
    );
  });
});

describe("a disk", () => {
  test.skipIf(!canMount).each([
    ["has no room for the download", 20, /could not download .* or write it/s],
    ["has no room for the programs", 200, "is full"],
  ])("that %s", async (_, megabytes, message) => {
    await using scene = await Scene.create();
    const installed = `${scene.sandbox.root}/installed`;
    run("mv", scene.hooks, installed);
    // Hard links cannot lead to another disk, so the old programs are small files here.
    using disk = new Disk(scene.hooks, `size=${megabytes}m`);
    void disk;
    for (const name of names) writeFileSync(`${scene.hooks}/${name}`, "old claude-session-hooks\n");
    scene.remember();
    scene.expectUnchanged(await scene.install(), message);
  });

  test("that the user may not write to", async () => {
    const why = whyNotAnother();
    if (why !== undefined) return tally.skip(`a folder of another user: ${why}`);
    await using scene = await Scene.create();
    const command = ["sh", copyForAll(scene.sandbox, INSTALL_SH)];
    scene.expectUnchanged(await scene.install([], { by: as(USER), command }), "could not write to");
  });

  const canFreeze = process.geteuid?.() === 0 && commandExists("chattr");
  test.skipIf(!canFreeze)(
    "on which one program cannot be replaced: the others are put back",
    async () => {
      await using scene = await Scene.create();
      const frozen = `${scene.hooks}/pre-tool-use`;
      rmSync(frozen);
      copyFileSync(`${older}/pre-tool-use`, frozen);
      scene.remember();
      run("chattr", "+i", frozen);
      try {
        scene.expectUnchanged(
          await scene.install(),
          /could not (back up the old|write .*)pre-tool-use/,
        );
      } finally {
        run("chattr", "-i", frozen);
      }
    },
  );

  test("on which one rename fails: the programs before it are put back", async () => {
    await using scene = await Scene.create();
    const mv = script(
      scene.sandbox,
      `case $* in *x64*/pre-tool-use*|*arm64*/pre-tool-use*) exit 1 ;; esac; exec /bin/mv "$@"`,
    );
    const env = { PATH: toolbox(scene.sandbox, { more: { mv } }) };
    scene.expectUnchanged(await scene.install([], { env }), "the old programs were put back");
  });
});

test("after a signal between two renames, the old programs are put back", async () => {
  await using scene = await Scene.create();
  const mv = script(
    scene.sandbox,
    `case $* in *x64*/pre-tool-use*|*arm64*/pre-tool-use*) kill -TERM "$PPID" ;; esac; exec /bin/mv "$@"`,
  );
  const env = { PATH: toolbox(scene.sandbox, { more: { mv } }) };
  const end = await scene.install([], { env });
  expect(end.code).toBe(143);
  scene.expectUnchanged({ ...end, code: 1 }, "");
});

test("a user's own hook with the name of ours is not overwritten", async () => {
  await using scene = await Scene.create();
  rmSync(`${scene.hooks}/session-start`);
  writeFileSync(`${scene.hooks}/session-start`, "#!/bin/sh\necho mine\n");
  scene.remember();
  scene.expectUnchanged(await scene.install(), "is not ours");
  scene.expectUnchanged(await scene.install(["--uninstall"]), "is not ours");
});

describe("settings that do not parse", () => {
  test("are left as they are; the programs are installed, and the message says what to do", async () => {
    await using scene = await Scene.create();
    const settings = `${scene.sandbox.home}/.claude/settings.json`;
    writeFileSync(settings, "{ broken");
    const end = await scene.install();
    expect(end.code).toBe(1);
    expect(end.stderr).toContain("the programs are installed, but registering the hooks failed");
    expect(readFileSync(settings, "utf8")).toBe("{ broken");
    expect(await versionOf(scene, "session-start")).toBe(version);
  });

  test("keep the programs, which they may name, from being removed", async () => {
    await using scene = await Scene.create();
    writeFileSync(`${scene.sandbox.home}/.claude/settings.json`, "{ broken");
    scene.remember();
    scene.expectUnchanged(await scene.install(["--uninstall"]), "so the programs were not removed");
    rmSync(`${scene.hooks}/claude-session`);
    scene.remember();
    scene.expectUnchanged(await scene.install(["--uninstall"]), "Install again, then uninstall");
  });
});

describe("on a system", () => {
  test.each([
    ["without xz", ["xz"], "needs XZ Utils"],
    ["without curl and wget", ["curl"], "neither curl nor wget is installed"],
    ["without anything for checksums", ["sha256sum"], "is needed to verify the download"],
  ])("%s, the message says what is missing", async (_, without, message) => {
    await using scene = await Scene.create();
    const env = { PATH: toolbox(scene.sandbox, { without }) };
    scene.expectUnchanged(await scene.install([], { env }), message);
  });

  test.each([
    ["wget and no curl", ["curl"], "wget"],
    ["shasum and no sha256sum", ["sha256sum"], "shasum"],
    ["openssl and no sha256sum", ["sha256sum"], "openssl"],
  ])("with %s, it succeeds", async (_, without, other) => {
    const path = Bun.which(other, { PATH: "/usr/bin:/bin:/usr/local/bin" });
    if (path === null) return tally.skip(`${other}, which is not installed`);
    await using scene = await Scene.create();
    const env = { PATH: toolbox(scene.sandbox, { without, more: { [other]: path } }) };
    const end = await scene.install([], { env });
    expect(end).toMatchObject({ code: 0, stderr: "" });
    tally.add("other tools");
  });

  test("of BusyBox tools, such as Alpine Linux, it succeeds with the real xz", async () => {
    const busybox = Bun.which("busybox", { PATH: "/usr/bin:/bin" });
    if (busybox === null) return tally.skip("BusyBox, which is not installed");
    await using scene = await Scene.create();
    const folder = `${scene.sandbox.root}/busybox`;
    mkdirSync(folder);
    run(busybox, "--install", "-s", folder);
    // It says which C library this machine has.
    symlinkSync("/usr/bin/getconf", `${folder}/getconf`);
    const start = { env: { PATH: folder }, command: [`${folder}/sh`, INSTALL_SH] };
    scene.expectUnchanged(await scene.install([], start), "needs XZ Utils");
    rmSync(`${folder}/xz`);
    symlinkSync("/usr/bin/xz", `${folder}/xz`);
    expect(await scene.install([], start)).toMatchObject({ code: 0, stderr: "" });
    tally.add("other tools");
  });
});

/** Starts an install in its own process group, and waits until its download has stalled half-way. */
async function stall(scene: Scene) {
  scene.server.transfer = "stalled";
  const child = startInstaller(scene.sandbox, ["--from", scene.server.url], { by: ["setsid"] });
  const size = Bun.file(scene.archive).size >> 1;
  await until(() =>
    [
      ...new Bun.Glob(".claude-session-hooks.*/*.xz").scanSync({ cwd: scene.hooks, dot: true }),
    ].some((name) => Bun.file(`${scene.hooks}/${name}`).size >= size - 65_536),
  );
  return child;
}

async function versionOf({ hooks, sandbox }: Scene, name: string): Promise<string | undefined> {
  const child = Bun.spawn([`${hooks}/${name}`, "--version"], {
    env: { HOME: sandbox.home },
    stdout: "pipe",
  });
  return (await child.stdout.text()).trim().split(" ")[1];
}

/** Writes a shell script of one line that stands in for a command. */
function script({ root }: Sandbox, text: string): string {
  const path = `${root}/script-${crypto.randomUUID()}`;
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

function flipByte(path: string): void {
  const bytes = readFileSync(path);
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}
