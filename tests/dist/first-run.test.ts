// The first run on a machine: any umask, any owner of the home, any mode of the folders that are there, disks without
// modes, and systems that refuse a call.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { formatLocalTime } from "../../lib/os/local-time";
import { runCli, runProgram, type Start } from "../../scripts/harness/run-program";
import type { EventRecord } from "../../lib/log/record";
import { Sandbox } from "../../scripts/harness/sandbox";
import { commandExists } from "../../scripts/harness/system-commands";
import { as, NEIGHBOR, placeForAll, USER, whyNotAnother } from "../support/users";

setDefaultTimeout(60_000);
const whyNot = whyNotAnother();
const SILENT = { code: 0, stdout: "", stderr: "" };
const EVENT = { session_id: "s-1", hook_event_name: "SessionStart", source: "startup" };
// The usual places, below the home.
const USUAL = { CLAUDE_CONFIG_DIR: undefined, CLAUDE_SESSION_HOME: undefined };

describe.skipIf(whyNot !== undefined)("under umask", () => {
  test.each(["000", "077", "0177", "0277", "0777"])(
    "%s events are kept, and private",
    async (mask) => {
      using sandbox = new Sandbox();
      const folder = await homeOf(USER, sandbox);
      const by = [...as(USER), "sh", "-c", `umask ${mask}; exec "$@"`, "sh"];
      for (const event of [EVENT, { ...EVENT, hook_event_name: "Stop" }])
        expect(await start(sandbox, event, { by, folder })).toMatchObject(SILENT);
      expect(eventsIn(`${sandbox.home}/.claude/session-hooks`)).toEqual(["SessionStart", "Stop"]);
      for (const path of ["", "/session-hooks", "/session-hooks/events"])
        expect(statSync(`${sandbox.home}/.claude${path}`).mode & 0o777).toBe(0o700);
      const id = await runCli(sandbox, "id", { by, folder, env: USUAL, cwd: sandbox.project });
      expect(id.stdout).toBe("s-1\n");
    },
  );
});

test("a folder that is there keeps its mode, also a home", async () => {
  using sandbox = new Sandbox();
  chmodSync(sandbox.home, 0o755);
  mkdirSync(`${sandbox.home}/events`, { mode: 0o750 });
  const env = { CLAUDE_SESSION_HOME: sandbox.home };
  await runProgram("session-start", sandbox, EVENT, { env });
  expect(eventsIn(sandbox.home)).toEqual(["SessionStart"]);
  expect(statSync(sandbox.home).mode & 0o777).toBe(0o755);
  expect(statSync(`${sandbox.home}/events`).mode & 0o777).toBe(0o750);
  const { stdout } = await runCli(sandbox, "doctor", { env });
  expect(stdout).toContain("Other users can see which files are in");
});

describe.skipIf(whyNot !== undefined)("root in the home of a user", () => {
  test("takes no name that the user needs, and each sees only its own log", async () => {
    using sandbox = new Sandbox();
    const folder = await homeOf(USER, sandbox);
    await start(sandbox, EVENT, { folder });
    expect(readdirSync(sandbox.home)).toEqual([".claude-session-hooks-0"]);
    const by = as(USER);
    await start(sandbox, { ...EVENT, session_id: "s-2" }, { by, folder });
    expect(eventsIn(`${sandbox.home}/.claude/session-hooks`)).toHaveLength(1);
    await start(sandbox, { ...EVENT, hook_event_name: "Stop" }, { folder });
    expect(eventsIn(`${sandbox.home}/.claude-session-hooks-0`)).toHaveLength(2);
    const list = (more: Start) => runCli(sandbox, "list", { folder, env: USUAL, ...more });
    const [roots, users] = [await list({}), await list({ by })];
    expect(roots.stdout).toContain("s-1");
    expect(roots.stderr).toContain("This is your own log");
    expect(users).toMatchObject({ stdout: expect.stringContaining("s-2"), stderr: "" });
  });

  test("sees whose log it is, if it has none of its own", async () => {
    using sandbox = new Sandbox();
    const folder = await homeOf(USER, sandbox);
    await start(sandbox, EVENT, { by: as(USER), folder });
    const { stdout } = await runCli(sandbox, "list", { folder, env: USUAL });
    expect(stdout).toContain(`.claude/session-hooks belongs to user ${USER}`);
    const { stdout: findings } = await runCli(sandbox, "doctor", { folder, env: USUAL });
    expect(findings).toMatch(/\.claude\/session-hooks belongs to\s+user 2001/);
    expect(findings).toContain("run this as that user");
  });

  // What root made on the way there would be closed to the user.
  test.each([
    ["in a folder of the user", "logs", "logs-0"],
    ["in folders that are missing", ".local/state/logs", ".claude-session-hooks-0"],
  ])("leaves the user a chosen place %s", async (_, chosen, roots) => {
    using sandbox = new Sandbox();
    const folder = await homeOf(USER, sandbox);
    const env = { ...USUAL, CLAUDE_SESSION_HOME: `${sandbox.home}/${chosen}` };
    await start(sandbox, EVENT, { folder, env });
    expect(readdirSync(sandbox.home)).toEqual([roots]);
    const { stderr } = await runCli(sandbox, "list", { folder, env });
    expect(stderr).toContain(`belongs to user ${USER}`);
    await start(sandbox, { ...EVENT, session_id: "s-2" }, { by: as(USER), folder, env });
    expect(eventsIn(`${sandbox.home}/${chosen}`)).toEqual(["SessionStart"]);
  });

  test("creates no folders that lead to Claude Code's", async () => {
    using sandbox = new Sandbox();
    const folder = await homeOf(USER, sandbox);
    const env = { ...USUAL, CLAUDE_CONFIG_DIR: `${sandbox.home}/.config/claude` };
    await start(sandbox, EVENT, { folder, env });
    expect(readdirSync(sandbox.home)).toEqual([".claude-session-hooks-0"]);
  });

  test("knows a home by the folder that a link leads to", async () => {
    using sandbox = new Sandbox();
    const folder = await homeOf(USER, sandbox);
    const link = `${sandbox.root}/linked-home`;
    symlinkSync(sandbox.home, link);
    await start(sandbox, EVENT, { folder, env: { ...USUAL, HOME: link } });
    expect(readdirSync(sandbox.home)).toEqual([".claude-session-hooks-0"]);
  });
});

describe.skipIf(whyNot !== undefined)("root in its own home", () => {
  // A container may keep only that folder.
  test("records in a user's ~/.claude that is there, under a name of its own", async () => {
    using sandbox = new Sandbox();
    const folder = await placeForAll(sandbox);
    mkdirSync(`${sandbox.home}/.claude`);
    chownSync(`${sandbox.home}/.claude`, USER, USER);
    await start(sandbox, EVENT, { folder });
    expect(eventsIn(`${sandbox.home}/.claude/session-hooks-0`)).toEqual(["SessionStart"]);
    expect(readdirSync(sandbox.home)).toEqual([".claude"]);
  });
});

test.skipIf(whyNot !== undefined)(
  "a user whose ~/.claude is root's records next to it",
  async () => {
    using sandbox = new Sandbox();
    const folder = await homeOf(USER, sandbox);
    mkdirSync(`${sandbox.home}/.claude`, { mode: 0o755 });
    const by = as(USER);
    await start(sandbox, EVENT, { by, folder });
    expect(eventsIn(`${sandbox.home}/.claude-session-hooks-${USER}`)).toEqual(["SessionStart"]);
    const { stdout } = await runCli(sandbox, "doctor", { by, folder, env: USUAL });
    expect(stdout).toMatch(/\.claude belongs to\s+user root,\s+so\s+events/);
  },
);

test.skipIf(whyNot !== undefined)(
  "another user's files do not hide a pointer under the shared name",
  async () => {
    using sandbox = new Sandbox();
    // As a hook in Python writes it.
    const time = formatLocalTime(Date.now());
    writeFileSync(`${sandbox.pointers}/claude_session_shop`, `s-1\n${time}\n`, { mode: 0o600 });
    const id = async () =>
      (
        await runCli(sandbox, "id", {
          env: { CLAUDE_PROJECT_DIR: undefined },
          cwd: sandbox.project,
        })
      ).stdout;
    for (const name of [".claude_session_tmp_x", "claude_session_shop-0123456789abcdef"]) {
      writeFileSync(`${sandbox.pointers}/${name}`, "");
      expect(await id()).toBe("unknown\n");
      chownSync(`${sandbox.pointers}/${name}`, NEIGHBOR, NEIGHBOR);
      expect(await id()).toBe("s-1\n");
    }
  },
);

describe.skipIf(!commandExists("strace"))("an event is recorded where the system refuses", () => {
  test.each([
    // arm64 has no chmod.
    "?chmod,fchmod,fchmodat:error=EPERM",
    "statx:error=EPERM",
    "statx:error=ENOSYS",
    "renameat2:error=EINVAL",
    "fsync,fdatasync:error=EINVAL",
    "flock:error=ENOSYS",
  ])("%s", async (injection) => {
    using sandbox = new Sandbox();
    mkdirSync(sandbox.events, { recursive: true, mode: 0o755 });
    const by = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", `inject=${injection}`];
    for (const event of [EVENT, { ...EVENT, hook_event_name: "Stop" }])
      expect(await runProgram("session-start", sandbox, event, { by })).toMatchObject(SILENT);
    expect(eventsIn(sandbox.state)).toEqual(["SessionStart", "Stop"]);
    const { stdout } = await runCli(sandbox, "list", { by });
    expect(stdout).toContain("s-1");
  });
});

/** Gives the home and the pointers to a user, and returns a folder of programs that everyone can start. */
async function homeOf(userId: number, sandbox: Sandbox): Promise<string> {
  const folder = await placeForAll(sandbox);
  for (const path of [sandbox.home, sandbox.project]) chownSync(path, userId, userId);
  chmodSync(sandbox.pointers, 0o1777);
  return folder;
}

function start(sandbox: Sandbox, event: object, more: Start) {
  return runProgram("session-start", sandbox, event, { env: USUAL, ...more });
}

// As root, which can read every user's files.
function eventsIn(state: string): string[] {
  const days = readdirSync(`${state}/events`).map((name) => `${state}/events/${name}`);
  return days.flatMap((path) =>
    readFileSync(path, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as EventRecord).event),
  );
}
