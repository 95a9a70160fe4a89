// Where delivery goes on, and when it starts over.
import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { readCursor, saveCursor, type Cursor } from "../../../lib/forward/cursor";
import { Sandbox } from "../../../scripts/harness/sandbox";
import { writeDay } from "../../support/written-log";

const DAY = "2026-11-22";
const FIRST = line("first");
const SECOND = line("second");

function line(id: string): string {
  const timestamp = `${DAY}T09:58:01.123Z`;
  const record = { v: 1, id, timestamp, event: "Stop", session_id: "s", project: "shop" };
  return `${JSON.stringify(record)}\n`;
}

function endOf(content: string, id: string): number {
  const at = content.indexOf(`"${id}"`);
  const end = content.indexOf("\n", at);
  return end < 0 ? content.length : end + 1;
}

function folderIn(sandbox: Sandbox): string {
  const folder = `${sandbox.state}/forward/team`;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

function cursorAt(offset: number, id: string): Cursor {
  return {
    days: new Map([[DAY, { offset, id }]]),
    counted: new Set(),
    lost: 0,
    skipped: 0,
    repeated: 0,
    refused: 0,
  };
}

test("a cursor is read as it was saved, and only its owner may read it", () => {
  using sandbox = new Sandbox();
  const folder = folderIn(sandbox);
  writeDay(sandbox, DAY, FIRST + SECOND);
  const cursor: Cursor = {
    days: new Map([
      [DAY, { offset: FIRST.length, id: "first" }],
      ["2026-11-23", { offset: 7, id: "" }],
    ]),
    counted: new Set(["2026-10-01.expired-2026-11-22"]),
    lost: 3,
    skipped: 2,
    repeated: 0,
    refused: 0,
  };
  saveCursor(folder, cursor);
  expect(readCursor(folder, sandbox.events)).toEqual({ cursor });
  expect(statSync(`${folder}/cursor.json`).mode & 0o777).toBe(0o600);
});

describe("a cursor starts over with the oldest day", () => {
  test.each([
    ["empty, after a power cut", "", "damaged"],
    ["truncated", '{"v":1,"days":{"2026-11-22":{"off', "damaged"],
    ["of another version", '{"v":2,"days":{},"lost":0}', "damaged"],
    ["not an object", "[]", "damaged"],
    ["with a negative offset", `{"v":1,"days":{"${DAY}":{"offset":-1,"id":""}},"lost":0}`, ""],
    ["with a day that is a path", '{"v":1,"days":{"../x":{"offset":1,"id":""}},"lost":0}', ""],
    ["bytes", "\0\u0001\uFFFD", "damaged"],
    ["too large to be ours", " ".repeat(1_048_577), "too large"],
  ])("if it is %s", (_, text, reason) => {
    using sandbox = new Sandbox();
    const folder = folderIn(sandbox);
    writeFileSync(`${folder}/cursor.json`, text, { mode: 0o600 });
    const { cursor, restarted } = readCursor(folder, sandbox.events);
    expect(cursor.days.size).toBe(0);
    expect(restarted).toStartWith("with the oldest day kept: ");
    expect(restarted).toContain(reason);
  });

  test("if it is missing, or a link to another file", () => {
    using sandbox = new Sandbox();
    const folder = folderIn(sandbox);
    expect(readCursor(folder, sandbox.events).restarted).toContain("there was no cursor");
    writeFileSync(`${sandbox.root}/elsewhere`, '{"v":1,"days":{},"lost":9}');
    symlinkSync(`${sandbox.root}/elsewhere`, `${folder}/cursor.json`);
    expect(readCursor(folder, sandbox.events)).toMatchObject({
      cursor: { lost: 0 },
      restarted: expect.stringContaining("cannot be read"),
    });
  });
});

describe("a day", () => {
  test.each([
    ["goes on after its last record", FIRST + SECOND, FIRST.length, "first", true],
    ["goes on at its end", FIRST + SECOND, FIRST.length + SECOND.length, "second", true],
    ["goes on at its beginning", FIRST, 0, "", true],
    [
      "goes on after a line that is not a record",
      `${FIRST}${SECOND.slice(0, 30)}\n`,
      FIRST.length + 31,
      "first",
      true,
    ],
    [
      "goes on after a line too long to be ours",
      `${"x".repeat(300_000)}\n`,
      300_001,
      "first",
      true,
    ],
    ["goes on after a record that prune has erased", `${" ".repeat(20)}\n`, 21, "first", true],
    ["goes on behind its record if it is shorter now", FIRST, 500, "first", true],
    [
      "goes on behind its record if that is elsewhere",
      SECOND + FIRST,
      SECOND.length,
      "first",
      true,
    ],
    ["starts over if its record is gone", SECOND, SECOND.length, "first", false],
    ["goes on if the cursor names no record", FIRST + SECOND, FIRST.length, "", true],
    ["goes on after a record without its newline", FIRST.trim(), FIRST.length - 1, "first", true],
    [
      "goes on behind its record if the offset is within a line",
      FIRST + SECOND,
      FIRST.length + 4,
      "first",
      true,
    ],
    ["starts over if the offset is past its end", FIRST, 500, "", false],
    ["starts over if it has no record", "x\ny\n", 4, "first", false],
  ])("%s", (name, content, offset, id, goesOn) => {
    using sandbox = new Sandbox();
    const folder = folderIn(sandbox);
    writeDay(sandbox, DAY, content);
    saveCursor(folder, cursorAt(offset, id));
    const { cursor, restarted } = readCursor(folder, sandbox.events);
    expect(cursor.days.has(DAY)).toBe(goesOn);
    if (goesOn) {
      expect(restarted).toBeUndefined();
      if (name.startsWith("goes on behind"))
        expect(cursor.days.get(DAY)?.offset).toBe(endOf(content, id));
    } else expect(restarted).toContain(DAY);
  });

  test("that is gone stays in the cursor, because its expired file may not be counted yet", () => {
    using sandbox = new Sandbox();
    const folder = folderIn(sandbox);
    saveCursor(folder, cursorAt(500, "first"));
    expect(readCursor(folder, sandbox.events)).toEqual({ cursor: cursorAt(500, "first") });
  });

  test("that starts over leaves the other days and the counts as they are", () => {
    using sandbox = new Sandbox();
    const folder = folderIn(sandbox);
    writeDay(sandbox, DAY, SECOND);
    writeDay(sandbox, "2026-11-23", FIRST);
    saveCursor(folder, {
      days: new Map([
        [DAY, { offset: 500, id: "first" }],
        ["2026-11-23", { offset: FIRST.length, id: "first" }],
      ]),
      counted: new Set(),
      lost: 4,
      skipped: 1,
      repeated: 0,
      refused: 0,
    });
    const { cursor } = readCursor(folder, sandbox.events);
    expect(Array.from(cursor.days.keys())).toEqual(["2026-11-23"]);
    expect(cursor).toMatchObject({ lost: 4, skipped: 1, repeated: 0, refused: 0 });
  });
});

test.skipIf(process.geteuid?.() === 0)("a read-only folder is a fault", () => {
  using sandbox = new Sandbox();
  const folder = folderIn(sandbox);
  chmodSync(folder, 0o500);
  expect(() => saveCursor(folder, cursorAt(1, ""))).toThrow("EACCES");
});
