import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import fc from "fast-check";
import { formatLocalTime } from "../../lib/os/local-time";
import { projectAt, type Project } from "../../lib/project";
import {
  cleanupStaleSessions,
  forgetSessionId,
  getStoredSessionId,
  resolveSession,
  storeSessionId,
} from "../../lib/session";
import { UNKNOWN_SESSION, validSessionId } from "../../lib/session-id";
import { run } from "../../scripts/harness/system-commands";
import { Sandbox } from "../../scripts/harness/sandbox";
import { as, copyForAll, skipped, USER, whyNotAnother } from "../support/users";

const HOUR_MS = 3_600_000;
const NOW = Date.parse("2026-03-04T05:06:07.089Z");
const ID = "04e66903-3aa4-4a0b-8e8e-2f1c3d4e5f60";
const OTHER = "7b0f2a1c-0000-4000-8000-000000000001";
const NOBODY = 65534;
const isRoot = process.geteuid?.() === 0;
const session = `${import.meta.dir}/../../lib/session.ts`;

describe("the pointer file", () => {
  test("has exactly two lines and is private, under the shared name and the hashed name", async () => {
    using sandbox = new Sandbox();
    const project = projectAt("/home/user/shop");
    expect(await storeSessionId(ID, project, sandbox.pointers, NOW)).toEqual({
      done: true,
      faults: [],
    });
    // sha256("/home/user/shop"), written out because other programs compute it too.
    const names = ["claude_session_shop", "claude_session_shop-193843b098df3bf7"];
    expect(readdirSync(sandbox.pointers).toSorted()).toEqual(names);
    for (const name of names) {
      const path = `${sandbox.pointers}/${name}`;
      expect(readFileSync(path, "utf8")).toBe(`${ID}\n${formatLocalTime(NOW)}\n`);
      expect(statSync(path).mode & 0o777).toBe(0o600);
    }
  });

  test("is private whatever the umask", async () => {
    using sandbox = new Sandbox();
    const before = process.umask(0);
    try {
      await storeSessionId(ID, shop(sandbox), sandbox.pointers);
    } finally {
      process.umask(before);
    }
    for (const name of readdirSync(sandbox.pointers))
      expect(statSync(`${sandbox.pointers}/${name}`).mode & 0o777).toBe(0o600);
  });

  test("is replaced by the next session, and nothing else is left", async () => {
    using sandbox = new Sandbox();
    await storeSessionId(ID, shop(sandbox), sandbox.pointers, NOW - 5);
    await storeSessionId(OTHER, shop(sandbox), sandbox.pointers, NOW);
    expect(getStoredSessionId(shop(sandbox), sandbox.pointers, NOW)).toBe(OTHER);
    expect(readdirSync(sandbox.pointers)).toHaveLength(2);
  });

  test("is separate for two projects of the same name", async () => {
    using sandbox = new Sandbox();
    const [here, there] = [projectAt("/a/shop"), projectAt("/b/shop")];
    await storeSessionId(ID, here, sandbox.pointers, NOW);
    await storeSessionId(OTHER, there, sandbox.pointers, NOW);
    expect(getStoredSessionId(here, sandbox.pointers, NOW)).toBe(ID);
    expect(getStoredSessionId(there, sandbox.pointers, NOW)).toBe(OTHER);
  });

  test("replaces a planted link without touching its target", async () => {
    using sandbox = new Sandbox();
    const victim = `${sandbox.root}/victim`;
    writeFileSync(victim, "precious");
    symlinkSync(victim, sharedPath(sandbox));
    expect((await storeSessionId(ID, shop(sandbox), sandbox.pointers, NOW)).faults).toEqual([]);
    expect(readFileSync(victim, "utf8")).toBe("precious");
    expect(lstatSync(sharedPath(sandbox)).isFile()).toBe(true);
  });

  test("is stored under one name if something blocks the other", async () => {
    using sandbox = new Sandbox();
    mkdirSync(sharedPath(sandbox));
    const result = await storeSessionId(ID, shop(sandbox), sandbox.pointers, NOW);
    expect(result).toEqual({ done: true, faults: ["EISDIR claude_session_shop"] });
    expect(getStoredSessionId(shop(sandbox), sandbox.pointers, NOW)).toBe(ID);
    expect(readdirSync(sandbox.pointers)).toHaveLength(2);
  });
});

describe("the pointer that is read", () => {
  test("is the one under the hashed name, if there are two", async () => {
    using sandbox = new Sandbox();
    await storeSessionId(ID, shop(sandbox), sandbox.pointers, NOW);
    writeFileSync(sharedPath(sandbox), pointer(OTHER));
    expect(getStoredSessionId(shop(sandbox), sandbox.pointers, NOW)).toBe(ID);
  });

  test("is the one under the shared name if there is no other, because hooks in Python write only that", () => {
    using sandbox = new Sandbox();
    writeFileSync(sharedPath(sandbox), pointer(ID));
    expect(getStoredSessionId(shop(sandbox), sandbox.pointers, NOW)).toBe(ID);
  });

  test("is the one under the shared name if the other is a day old", async () => {
    using sandbox = new Sandbox();
    await storeSessionId(ID, shop(sandbox), sandbox.pointers, NOW - 25 * HOUR_MS);
    writeFileSync(sharedPath(sandbox), pointer(OTHER));
    expect(getStoredSessionId(shop(sandbox), sandbox.pointers, NOW)).toBe(OTHER);
  });

  test.each([
    ["the usual case", "shop"],
    ["a name too long to precede the hash", "s".repeat(235)],
    ["a name too long in bytes", "ñ".repeat(115)],
  ])("is never the shared one of another folder with that name: %s", async (_, name) => {
    using sandbox = new Sandbox();
    await storeSessionId(OTHER, projectAt(`/elsewhere/${name}`), sandbox.pointers, NOW);
    expect(readdirSync(sandbox.pointers)).toHaveLength(2);
    const here = projectAt(`/here/${name}`);
    expect(getStoredSessionId(here, sandbox.pointers, NOW)).toBe(UNKNOWN_SESSION);
  });

  test("is not the shared one while some pointer is being changed, which may be its owner's", () => {
    using sandbox = new Sandbox();
    writeFileSync(sharedPath(sandbox), pointer(OTHER));
    writeFileSync(`${sandbox.pointers}/.claude_session_tmp_1`, pointer(OTHER));
    expect(getStoredSessionId(shop(sandbox), sandbox.pointers, NOW)).toBe(UNKNOWN_SESSION);
  });

  test("is the shared one even if a project with a longer name has the same session", () => {
    using sandbox = new Sandbox();
    writeFileSync(sharedPath(sandbox), pointer(ID));
    writeFileSync(`${sharedPath(sandbox)}-admin`, pointer(ID));
    expect(getStoredSessionId(shop(sandbox), sandbox.pointers, NOW)).toBe(ID);
  });

  test.each([
    [0, ID, "just written"],
    [24 * HOUR_MS, ID, "the last millisecond of its day"],
    [24 * HOUR_MS + 1, UNKNOWN_SESSION, "a millisecond more"],
    [-2 * HOUR_MS, ID, "the clocks were set back twice"],
    [-2 * HOUR_MS - 1, UNKNOWN_SESSION, "from the future"],
    [-1000 * 24 * HOUR_MS, UNKNOWN_SESSION, "a clock was years wrong"],
  ])("counts by its age: %p ms gives %s (%s)", async (ageMs, id) => {
    using sandbox = new Sandbox();
    await storeSessionId(ID, shop(sandbox), sandbox.pointers, NOW - ageMs);
    expect(getStoredSessionId(shop(sandbox), sandbox.pointers, NOW)).toBe(id);
  });

  const now = formatLocalTime(NOW);
  test.each([
    ["empty, because a disk was full", ""],
    ["only a newline", "\n"],
    ["torn in the id", ID],
    ["torn after the id", `${ID}\n`],
    ["torn in the timestamp", `${ID}\n${now.slice(0, 10)}`],
    ["torn in its seconds", `${ID}\n${now.slice(0, 18)}`],
    ["on one line", `${ID} ${now}\n`],
    ["preceded by an empty line", `\n${ID}\n${now}\n`],
    ["followed by a line", `${ID}\n${now}\nmore\n`],
    ["followed by an empty line", `${ID}\n${now}\n\n`],
    ["with a zone, on which Python fails", `${ID}\n${now}Z\n`],
    ["without a timestamp", `${ID}\nundefined\n`],
    ["of a day that does not exist", `${ID}\n2026-02-30T00:00:00\n`],
    ["of an unknown session", `unknown\n${now}\n`],
    ["with a path as its id", `../../x\n${now}\n`],
    ["with an id that is too long", `${"a".repeat(129)}\n${now}\n`],
    ["larger than 4 KiB", `${ID}\n${now}\n${" ".repeat(4096)}`],
    ["begun by a NUL", `\0${ID}\n${now}\n`],
    ["something else", "\u{1F600}".repeat(30)],
  ])("is not one that is %s", (_, content) => {
    using sandbox = new Sandbox();
    writeFileSync(sharedPath(sandbox), content);
    expect(getStoredSessionId(shop(sandbox), sandbox.pointers, NOW)).toBe(UNKNOWN_SESSION);
  });

  test.each([
    ["as we write it", `${ID}\n${now}\n`],
    ["without the last newline", `${ID}\n${now}`],
    ["as Python writes it on Windows", `${ID}\r\n${now}\r\n`],
    ["with microseconds, as Python writes it", `${ID}\n${now}789\n`],
    ["without a fraction, as Python writes a whole second", `${ID}\n${now.slice(0, 19)}\n`],
  ])("may be written %s", (_, content) => {
    using sandbox = new Sandbox();
    writeFileSync(sharedPath(sandbox), content);
    expect(getStoredSessionId(shop(sandbox), sandbox.pointers, NOW)).toBe(ID);
  });

  const planted: [string, (path: string, sandbox: Sandbox) => void][] = [
    [
      "a link, even to a valid pointer of ours",
      (path, sandbox) => {
        writeFileSync(`${sandbox.root}/good`, pointer(ID));
        symlinkSync(`${sandbox.root}/good`, path);
      },
    ],
    ["a folder", (path) => mkdirSync(path)],
    ["a pipe without a writer", (path) => run("mkfifo", path)],
    [
      "a file with a second name",
      (path, sandbox) => {
        writeFileSync(path, pointer(ID));
        run("ln", path, `${sandbox.root}/second`);
      },
    ],
  ];
  test.each(planted)("is not %s", (_, plant) => {
    using sandbox = new Sandbox();
    plant(sharedPath(sandbox), sandbox);
    expect(getStoredSessionId(shop(sandbox), sandbox.pointers, NOW)).toBe(UNKNOWN_SESSION);
  });

  test.skipIf(!isRoot)("is not another user's (skipped unless root)", () => {
    using sandbox = new Sandbox();
    writeFileSync(sharedPath(sandbox), pointer(ID));
    chownSync(sharedPath(sandbox), NOBODY, NOBODY);
    expect(getStoredSessionId(shop(sandbox), sandbox.pointers, NOW)).toBe(UNKNOWN_SESSION);
  });
});

describe("ids from outside", () => {
  test.each([
    ["a path", "../../x"],
    ["a path", "a/b"],
    ["a path on Windows", "a\\b"],
    ["two lines", `${ID}\nother`],
    ["a line end", `${ID}\n`],
    ["a NUL", `${ID}\0`],
    ["nothing", ""],
    ["nothing but a space", " "],
    ["a leading dot", ".hidden"],
    ["an option", "-rf"],
    ["10 KB", "a".repeat(10_240)],
    ["one too many", "a".repeat(129)],
    ["an escape", "\u001B[31mred"],
    ["not ASCII", "ñandú"],
    ["the word for no session", "unknown"],
  ])("are rejected: %s", async (_, id) => {
    using sandbox = new Sandbox();
    expect(validSessionId(id)).toBeUndefined();
    expect(await storeSessionId(id, shop(sandbox), sandbox.pointers)).toEqual({
      done: false,
      faults: ["not a session id"],
    });
    expect(readdirSync(sandbox.pointers)).toEqual([]);
  });

  test.each([ID, "a", "0", "a".repeat(128), "session_1.2-x", "UNKNOWN"])(
    "may be %s",
    async (id) => {
      using sandbox = new Sandbox();
      expect((await storeSessionId(id, shop(sandbox), sandbox.pointers, NOW)).done).toBe(true);
      expect(getStoredSessionId(shop(sandbox), sandbox.pointers, NOW)).toBe(id);
    },
  );

  test.each([[undefined], [null], [7], [{}], [[ID]], [true]])("are not %p", (id) => {
    expect(validSessionId(id)).toBeUndefined();
  });
});

describe("unusual projects and folders", () => {
  test.each([
    ["the longest name a folder can have", "s".repeat(255)],
    ["the same in two-byte characters", `${"ñ".repeat(127)}x`],
    ["the same in three-byte characters", "日".repeat(85)],
    ["longer than any folder", "s".repeat(300)],
  ])("a project with a long name is found by its hash: %s", async (_, name) => {
    using sandbox = new Sandbox();
    const project = projectAt(`/work/${name}`);
    expect(await storeSessionId(ID, project, sandbox.pointers, NOW)).toEqual({
      done: true,
      faults: [],
    });
    expect(getStoredSessionId(project, sandbox.pointers, NOW)).toBe(ID);
    expect(forgetSessionId(ID, project, sandbox.pointers).done).toBe(true);
    expect(readdirSync(sandbox.pointers)).toEqual([]);
  });

  test.each(["line\nbreak", "-rf", "日本", "..", "a b", "$(x)", "claude_session_shop"])(
    "a project called %j keeps its session",
    async (name) => {
      using sandbox = new Sandbox();
      const project = { name, folder: `/work/${name}` };
      expect((await storeSessionId(ID, project, sandbox.pointers, NOW)).faults).toEqual([]);
      expect(getStoredSessionId(project, sandbox.pointers, NOW)).toBe(ID);
    },
  );

  test("without a project there is no session, and nothing fails", async () => {
    using sandbox = new Sandbox();
    const nowhere: Project = { name: "unknown", folder: "" };
    expect(await storeSessionId(ID, nowhere, sandbox.pointers)).toEqual({
      done: false,
      faults: [],
    });
    expect(getStoredSessionId(nowhere, sandbox.pointers)).toBe(UNKNOWN_SESSION);
    expect(forgetSessionId(ID, nowhere, sandbox.pointers)).toEqual({ done: false, faults: [] });
    expect(readdirSync(sandbox.pointers)).toEqual([]);
  });

  test.each([
    ["missing", "ENOENT", () => {}],
    ["a file", "ENOTDIR", (path: string) => writeFileSync(path, "")],
    ["a NUL\0", "EINVAL", () => {}],
  ] as const)(
    "a folder that is %s is reported as a fault, not thrown",
    async (name, code, make) => {
      using sandbox = new Sandbox();
      const folder = `${sandbox.root}/${name}`;
      make(folder);
      const { done, faults } = await storeSessionId(ID, shop(sandbox), folder);
      expect(done).toBe(false);
      expect(faults.map((fault) => fault.split(" ")[0])).toEqual([code, code]);
      expect(getStoredSessionId(shop(sandbox), folder)).toBe(UNKNOWN_SESSION);
      expect(() => forgetSessionId(ID, shop(sandbox), folder)).not.toThrow();
      expect(cleanupStaleSessions(folder)).toBe(0);
    },
  );

  const whyNot = whyNotAnother();

  test.skipIf(whyNot !== undefined)(
    `a folder that is not writable is reported${skipped(whyNot)}`,
    async () => {
      using sandbox = new Sandbox();
      chmodSync(sandbox.root, 0o755);
      chmodSync(sandbox.pointers, 0o755);
      const { faults } = (await inProcess(
        sandbox,
        `storeSessionId("${ID}", { name: "shop", folder: "/shop" }, "${sandbox.pointers}")`,
        {
          command: [...as(USER), copyForAll(sandbox, process.execPath)],
          module: `${copyForAll(sandbox, dirname(session))}/session.ts`,
        },
      )) as { faults: string[] };
      expect(faults[1]).toBe("EACCES claude_session_shop");
      expect(faults).toHaveLength(2);
    },
  );
});

describe("forgetting", () => {
  test("removes both names of the session", async () => {
    using sandbox = new Sandbox();
    await storeSessionId(ID, shop(sandbox), sandbox.pointers);
    expect(forgetSessionId(ID, shop(sandbox), sandbox.pointers)).toEqual({
      done: true,
      faults: [],
    });
    expect(readdirSync(sandbox.pointers)).toEqual([]);
  });

  test("leaves a session that was stored later", async () => {
    using sandbox = new Sandbox();
    await storeSessionId(OTHER, shop(sandbox), sandbox.pointers, NOW);
    forgetSessionId(ID, shop(sandbox), sandbox.pointers);
    expect(getStoredSessionId(shop(sandbox), sandbox.pointers, NOW)).toBe(OTHER);
    expect(readdirSync(sandbox.pointers)).toHaveLength(2);
  });

  test("removes a session of any age", async () => {
    using sandbox = new Sandbox();
    await storeSessionId(ID, shop(sandbox), sandbox.pointers, NOW - 1000 * HOUR_MS);
    forgetSessionId(ID, shop(sandbox), sandbox.pointers);
    expect(readdirSync(sandbox.pointers)).toEqual([]);
  });

  test("leaves the shared pointer of another project with that name", async () => {
    using sandbox = new Sandbox();
    const [here, there] = [projectAt("/a/shop"), projectAt("/b/shop")];
    await storeSessionId(ID, here, sandbox.pointers, NOW);
    await storeSessionId(OTHER, there, sandbox.pointers, NOW);
    forgetSessionId(ID, here, sandbox.pointers);
    expect(getStoredSessionId(there, sandbox.pointers, NOW)).toBe(OTHER);
    expect(readFileSync(sharedPath(sandbox), "utf8")).toStartWith(OTHER);
  });

  test("succeeds if there is nothing to forget", () => {
    using sandbox = new Sandbox();
    expect(forgetSessionId(ID, shop(sandbox), sandbox.pointers)).toEqual({
      done: true,
      faults: [],
    });
  });
});

describe("cleaning up", () => {
  const stale = `${ID}\n${formatLocalTime(NOW - 25 * HOUR_MS)}\n`;
  const future = `${ID}\n${formatLocalTime(NOW + 3 * HOUR_MS)}\n`;
  const temporary = ".claude_session_tmp_8c1b7c0e-0000-4000-8000-000000000000";

  test.each([
    ["claude_session_old", stale, true, "a day old"],
    ["claude_session_old-0123456789abcdef", stale, true, "a day old, with a hash"],
    ["claude_session_ahead", future, true, "from the future, so it would never expire"],
    ["claude_session_now", pointer(ID), false, "still current"],
    ["claude_session_empty", "", false, "not a pointer"],
    ["claude_session_notes", "remember the milk\n", false, "a person's file"],
    ["claude_session_notes", `${ID}\nnever\n`, false, "two lines, but no timestamp"],
    ["claude_session_log", `${stale}${stale}`, false, "more than a pointer"],
    ["claude_session_long", stale + " ".repeat(5000), false, "larger than any pointer"],
    ["claude_sessions", stale, false, "another name"],
    ["my_claude_session_x", stale, false, "another name"],
    ["claude_session", stale, false, "another name"],
  ])("%s %j is removed: %p (%s)", (name, content, isRemoved) => {
    using sandbox = new Sandbox();
    const path = `${sandbox.pointers}/${name}`;
    writeFileSync(path, content);
    expect(cleanupStaleSessions(sandbox.pointers, NOW)).toBe(+isRemoved);
    expect(readdirSync(sandbox.pointers)).toEqual(isRemoved ? [] : [name]);
    if (!isRemoved) expect(readFileSync(path, "utf8")).toBe(content);
  });

  test.each([
    [30, 10, true],
    [20, 10, false],
    [23.5, -1, false],
    [1, 26, false],
    [1, -23, false],
    // A day behind it may be another zone, or just old.
    [0, -25, true],
    // No two zones are so far apart: its clock was wrong.
    [1, 27, true],
  ])(
    "a pointer written %p hours ago, with a clock %p hours ahead, is removed: %p",
    (hours, aheadHours, isRemoved) => {
      using sandbox = new Sandbox();
      const path = `${sandbox.pointers}/claude_session_shop`;
      const writtenMs = NOW - hours * HOUR_MS;
      writeFileSync(path, `${ID}\n${formatLocalTime(writtenMs + aheadHours * HOUR_MS)}\n`);
      utimesSync(path, writtenMs / 1000, writtenMs / 1000);
      expect(cleanupStaleSessions(sandbox.pointers, NOW)).toBe(+isRemoved);
      expect(existsSync(path)).toBe(!isRemoved);
    },
  );

  test.each([
    [HOUR_MS - 1, false, "its program may still be writing it"],
    [HOUR_MS + 1, true, "its program was killed"],
  ])("a temp file of age %p ms is removed: %p (%s)", (ageMs, isRemoved) => {
    using sandbox = new Sandbox();
    const path = `${sandbox.pointers}/${temporary}`;
    writeFileSync(path, "half");
    utimesSync(path, (NOW - ageMs) / 1000, (NOW - ageMs) / 1000);
    expect(cleanupStaleSessions(sandbox.pointers, NOW)).toBe(+isRemoved);
    expect(existsSync(path)).toBe(!isRemoved);
  });

  test("leaves links, folders and pipes alone", () => {
    using sandbox = new Sandbox();
    const victim = `${sandbox.root}/victim`;
    writeFileSync(victim, stale);
    symlinkSync(victim, `${sandbox.pointers}/claude_session_link`);
    mkdirSync(`${sandbox.pointers}/claude_session_folder`);
    mkdirSync(`${sandbox.pointers}/${temporary}`);
    run("mkfifo", `${sandbox.pointers}/claude_session_pipe`);
    expect(cleanupStaleSessions(sandbox.pointers, Date.now() + 100 * HOUR_MS)).toBe(0);
    expect(readdirSync(sandbox.pointers)).toHaveLength(4);
    expect(readFileSync(victim, "utf8")).toBe(stale);
  });

  test.skipIf(!isRoot)("leaves another user's files alone (skipped unless root)", () => {
    using sandbox = new Sandbox();
    for (const name of ["claude_session_old", temporary]) {
      writeFileSync(`${sandbox.pointers}/${name}`, stale);
      chownSync(`${sandbox.pointers}/${name}`, NOBODY, NOBODY);
    }
    symlinkSync("nowhere", `${sandbox.pointers}/claude_session_link`);
    lchownSync(`${sandbox.pointers}/claude_session_link`, NOBODY, NOBODY);
    expect(cleanupStaleSessions(sandbox.pointers, Date.now() + 100 * HOUR_MS)).toBe(0);
    expect(readdirSync(sandbox.pointers)).toHaveLength(3);
  });

  test("counts what it removed, and a file that it cannot read does not stop it", () => {
    using sandbox = new Sandbox();
    for (const name of ["a", "b", "c"])
      writeFileSync(`${sandbox.pointers}/claude_session_${name}`, stale);
    writeFileSync(`${sandbox.pointers}/claude_session_b`, stale + " ".repeat(5000));
    expect(cleanupStaleSessions(sandbox.pointers, NOW)).toBe(2);
    expect(readdirSync(sandbox.pointers)).toEqual(["claude_session_b"]);
  });

  test("removes each file once if ten processes clean up together, and none fails", async () => {
    using sandbox = new Sandbox();
    const count = 60;
    for (let at = 0; at < count; at++)
      writeFileSync(`${sandbox.pointers}/claude_session_${at}`, stale);
    const removed = await Promise.all(
      Array.from({ length: 10 }, () =>
        inProcess(sandbox, `cleanupStaleSessions("${sandbox.pointers}", ${NOW})`),
      ),
    );
    expect(readdirSync(sandbox.pointers)).toEqual([]);
    expect(removed.reduce<number>((sum, one) => sum + Number(one), 0)).toBeLessThanOrEqual(count);
  });
});

describe("the session is named by", () => {
  test.each([
    [{ session_id: "p" }, "e", "f", { id: "p", source: "payload" }, "the payload first"],
    [{}, "e", "f", { id: "e", source: "environment" }, "then the environment"],
    [{}, undefined, "f", { id: "f", source: "file" }, "then the file"],
    [{}, undefined, undefined, { id: UNKNOWN_SESSION, source: UNKNOWN_SESSION }, "then nothing"],
    [
      { session_id: "../x" },
      "e",
      "f",
      { id: UNKNOWN_SESSION, source: UNKNOWN_SESSION },
      "an id in another form is another agent's, and no session that we know",
    ],
    [
      { session_id: 7 },
      "",
      "f",
      { id: UNKNOWN_SESSION, source: UNKNOWN_SESSION },
      "so is a number",
    ],
    [{ session_id: "" }, "", "f", { id: "f", source: "file" }, "an empty text names nothing"],
    [{ sessionId: "c" }, "e", "f", { id: "c", source: "payload" }, "as Copilot writes it"],
    [{ conversation_id: "c" }, "e", "f", { id: "c", source: "payload" }, "as Cursor writes it"],
    [
      { thread_id: "t", parent_session: "p", "Session-ID": "c" },
      "e",
      "f",
      { id: "c", source: "payload" },
      "in any spelling",
    ],
    [
      { parent_session_id: "p" },
      "e",
      "f",
      { id: UNKNOWN_SESSION, source: UNKNOWN_SESSION },
      "another session's name is not its own",
    ],
    [
      { session: { id: "c" } },
      "e",
      "f",
      { id: UNKNOWN_SESSION, source: UNKNOWN_SESSION },
      "nor is an object",
    ],
    [{ session_title: "c", new_chat: true }, undefined, "f", { id: "f", source: "file" }, "no id"],
    [
      { session_id: UNKNOWN_SESSION },
      UNKNOWN_SESSION,
      "f",
      { id: "f", source: "file" },
      "the word for no session too",
    ],
  ])("payload %j, environment %p, file %p: %j (%s)", async (payload, given, stored, expected) => {
    using sandbox = new Sandbox();
    if (stored !== undefined) await storeSessionId(stored, shop(sandbox), sandbox.pointers);
    const env = given === undefined ? {} : { CLAUDE_CODE_SESSION_ID: given };
    expect(resolveSession(payload, env, shop(sandbox), sandbox.pointers)).toEqual(
      expected as ReturnType<typeof resolveSession>,
    );
  });
});

describe("in any order", () => {
  const projects = [projectAt("/a/shop"), projectAt("/b/shop"), projectAt("/a/till")];

  // A model: what was stored where and when. The shared name keeps what its last writer stored.
  test("any sequence of calls agrees with a simple model", async () => {
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          do: fc.constant("store" as const),
          id: fc.constantFrom("x", "y", "z"),
          at: fc.nat(2),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          do: fc.constant("forget" as const),
          id: fc.constantFrom("x", "y", "z"),
          at: fc.nat(2),
        }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("cleanup" as const) }) },
      {
        weight: 2,
        arbitrary: fc.record({
          do: fc.constant("wait" as const),
          hours: fc.integer({ min: 1, max: 30 }),
        }),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
        using sandbox = new Sandbox();
        const own = new Map<number, { id: string; ms: number }>();
        const shared = new Map<string, { id: string; ms: number }>();
        let now = NOW;
        const isCurrent = (entry?: { ms: number }) =>
          entry !== undefined && now - entry.ms <= 24 * HOUR_MS;
        for (const action of steps) {
          if (action.do === "wait") {
            now += action.hours * HOUR_MS;
          } else if (action.do === "cleanup") {
            let stale = 0;
            for (const kept of [own, shared] as Map<unknown, { id: string; ms: number }>[])
              for (const [key, entry] of kept) if (!isCurrent(entry)) stale += +kept.delete(key);
            expect(cleanupStaleSessions(sandbox.pointers, now)).toBe(stale);
          } else {
            const project = projects[action.at] as Project;
            if (action.do === "store") {
              await storeSessionId(action.id, project, sandbox.pointers, now);
              own.set(action.at, { id: action.id, ms: now });
              shared.set(project.name, { id: action.id, ms: now });
            } else {
              forgetSessionId(action.id, project, sandbox.pointers);
              if (own.get(action.at)?.id === action.id) own.delete(action.at);
              if (shared.get(project.name)?.id === action.id) shared.delete(project.name);
            }
          }
          for (const [at, project] of projects.entries()) {
            const [first, second] = [own.get(at), shared.get(project.name)];
            const isElsewhere = projects.some(
              ({ name }, other) =>
                other !== at && name === project.name && own.get(other)?.id === second?.id,
            );
            const expected = isCurrent(first)
              ? first?.id
              : isCurrent(second) && !isElsewhere
                ? second?.id
                : UNKNOWN_SESSION;
            expect(getStoredSessionId(project, sandbox.pointers, now)).toBe(expected as string);
          }
        }
      }),
      { numRuns: 80 },
    );
  });

  test("a reader never sees half a session id while twenty processes store", async () => {
    using sandbox = new Sandbox();
    const place = `{ name: "shop", folder: "/a/shop" }, "${sandbox.pointers}"`;
    await storeSessionId("s0-".padEnd(128, "s"), projectAt("/a/shop"), sandbox.pointers);
    const writers = Array.from({ length: 20 }, (_, at) =>
      inProcess(
        sandbox,
        `(async () => {
          const faults = [];
          for (let n = 0; n < 50; n++) {
            const id = ("s${at}-" + n + "-").padEnd(n % 2 ? 128 : 40, "s");
            faults.push(...(await storeSessionId(id, ${place})).faults);
          }
          return faults;
        })()`,
      ),
    );
    const written = Promise.all(writers);
    const isOver = written.then(() => true);
    const seen = new Set<string>();
    while (!(await Promise.race([isOver, nextTurn()]))) {
      seen.add(getStoredSessionId(projectAt("/a/shop"), sandbox.pointers));
      const shared = readFileSync(`${sandbox.pointers}/claude_session_shop`, "utf8");
      expect(shared).toMatch(/^s\d+-[\d-]*s+\n\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\n$/);
    }
    expect(await written).toEqual(writers.map(() => []));
    // `unknown` would mean that the pointer was missing, torn, or moved while it was read.
    for (const id of seen) expect([40, 128]).toContain(id.length);
    expect(seen.size).toBeGreaterThan(1);
    expect(readdirSync(sandbox.pointers)).toHaveLength(2);
  });
});

describe.skipIf(Bun.which("python3", { PATH: "/usr/bin:/bin" }) === null)("with Python", () => {
  const python = `${import.meta.dir}/../fixtures/pointer.py`;
  const zones = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"];

  test.each(zones)("Python reads what we write, on the same clock, in %s", async (TZ) => {
    using sandbox = new Sandbox();
    const before = (await inProcess(sandbox, `localNow()`, { TZ })) as string;
    await inProcess(sandbox, storing(sandbox, "Date.now()"), { TZ });
    const [id, time = ""] = runPython(TZ, python, "read", sharedPath(sandbox));
    expect(id).toBe(ID);
    const written = readFileSync(sharedPath(sandbox), "utf8").split("\n")[1] as string;
    expect([before, written, time].toSorted()).toEqual([before, written, time]);
  });

  test.each(zones)("Python agrees on what is a day old, in %s", async (TZ) => {
    using sandbox = new Sandbox();
    // Python counts days of local time, which have 23 or 25 hours when the clocks change.
    const dayMs = Number(await inProcess(sandbox, "localDayMs()", { TZ }));
    for (const [age, expected] of [
      [23.9, ID],
      [24.1, UNKNOWN_SESSION],
    ] as const) {
      await inProcess(sandbox, storing(sandbox, `Date.now() - ${(age / 24) * dayMs}`), { TZ });
      expect(runPython(TZ, python, "read", sharedPath(sandbox))[0]).toBe(expected);
    }
  });

  test.each(zones)("we read what Python writes, in %s", async (TZ) => {
    using sandbox = new Sandbox();
    runPython(TZ, python, "write", sharedPath(sandbox), ID);
    const reading = `getStoredSessionId({ name: "shop", folder: "/a/shop" }, "${sandbox.pointers}"`;
    expect(await inProcess(sandbox, `${reading})`, { TZ })).toBe(ID);
    const tomorrow = `Date.now() + 24.1 * ${HOUR_MS}`;
    expect(await inProcess(sandbox, `${reading}, ${tomorrow})`, { TZ })).toBe(UNKNOWN_SESSION);
  });
});

function shop(sandbox: Sandbox): Project {
  return projectAt(sandbox.project);
}

function sharedPath(sandbox: Sandbox): string {
  return `${sandbox.pointers}/claude_session_shop`;
}

function pointer(id: string, ms: number = NOW): string {
  return `${id}\n${formatLocalTime(ms)}\n`;
}

/** The value of an expression over `lib/session.ts` in its own process. */
async function inProcess(
  sandbox: Sandbox,
  expression: string,
  {
    TZ,
    command = [process.execPath],
    module = session,
  }: { TZ?: string; command?: readonly string[]; module?: string } = {},
): Promise<unknown> {
  const script = `
    import { cleanupStaleSessions, getStoredSessionId, storeSessionId } from "${module}";
    const pad = (n, digits = 2) => String(n).padStart(digits, "0");
    const localNow = (d = new Date()) =>
      d.getFullYear() + "-" + pad(d.getMonth() + 1) + "-" + pad(d.getDate()) + "T" +
      pad(d.getHours()) + ":" + pad(d.getMinutes()) + ":" + pad(d.getSeconds()) + "." +
      pad(d.getMilliseconds(), 3);
    const localDayMs = (d = new Date()) =>
      d - new Date(d.getFullYear(), d.getMonth(), d.getDate() - 1, d.getHours(), d.getMinutes());
    console.log(JSON.stringify(await ${expression}));`;
  const child = Bun.spawn([...command, "-e", script], {
    env: sandbox.env({ TZ }),
    cwd: "/",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  if ((await child.exited) !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

/** Code that stores a pointer for Python to read. */
function storing(sandbox: Sandbox, when: string): string {
  return `storeSessionId("${ID}", { name: "shop", folder: "/a/shop" }, "${sandbox.pointers}", ${when})`;
}

function runPython(TZ: string, ...args: string[]): string[] {
  const env = { PATH: "/usr/bin:/bin", TZ };
  const { exitCode, stdout, stderr } = Bun.spawnSync(["python3", ...args], { env });
  if (exitCode !== 0) throw new Error(stderr.toString());
  return stdout.toString().trim().split(" ");
}

function nextTurn(): Promise<false> {
  return new Promise((resolve) => setImmediate(resolve, false));
}
