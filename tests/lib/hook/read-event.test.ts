import { afterAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import {
  leadingSessionId,
  readEvent,
  type Outcome,
  type Payload,
} from "../../../lib/hook/read-event";
import { streamInput, type Chunk, type Input } from "../../../lib/hook/stdin";
import { fileLibrary } from "../../../lib/os/libc";
import { Sandbox } from "../../../scripts/harness/sandbox";

const PAYLOAD = '{"session_id":"04e66903","prompt":"ñ 日 🙂 }","tool":{"a":{}}}';
const LIMITS = { deadlineMs: Infinity, maxBytes: 100_000 };

/** What input came to, without what a table need not repeat. */
function told(outcome: Outcome): Payload | string {
  return outcome.kind === "event" ? outcome.payload : outcome.reason;
}

/** Input that hands over what it is given, and fails a test that asks for more. */
function inputOf(...chunks: (string | Chunk)[]): Input & { readonly asked: number } {
  const words = new Set(["end", "late", "unreadable"]);
  let asked = 0;
  return {
    get asked() {
      return asked;
    },
    next() {
      const chunk = chunks[asked++];
      if (chunk === undefined) throw new Error("read on after it had enough");
      return typeof chunk === "string" && !words.has(chunk) ? encode(chunk) : (chunk as Chunk);
    },
  };
}

describe("an event", () => {
  test("is had as soon as it is whole, though the input does not end", async () => {
    const outcome = await readEvent(inputOf(PAYLOAD), LIMITS);
    expect(outcome).toEqual({ kind: "event", payload: JSON.parse(PAYLOAD), text: PAYLOAD });
  });

  test("is the same wherever it is split, also inside a character", async () => {
    const bytes = encode(PAYLOAD);
    for (let at = 1; at < bytes.length; at++) {
      const input = inputOf(bytes.subarray(0, at), bytes.subarray(at), "end");
      expect(told(await readEvent(input, LIMITS))).toEqual(JSON.parse(PAYLOAD));
    }
  });

  test("is the same if it comes byte by byte", async () => {
    const chunks = Array.from(encode(PAYLOAD), (byte) => Uint8Array.of(byte));
    const outcome = await readEvent(inputOf(...chunks, "end"), LIMITS);
    expect(told(outcome)).toEqual(JSON.parse(PAYLOAD));
  });

  test.each([
    ["a newline after it", [`${PAYLOAD}\n`], JSON.parse(PAYLOAD)],
    ["white space of every kind after it", [`${PAYLOAD} \r\n\t`], JSON.parse(PAYLOAD)],
    ["a newline of its own", [PAYLOAD, "\n", "end"], JSON.parse(PAYLOAD)],
    ["a byte order mark, as Windows shells write", [`\uFEFF${PAYLOAD}`], JSON.parse(PAYLOAD)],
    ["an object of nothing", ["{}"], {}],
    ["a first chunk that ends in a brace, but not the last", ['{"a":{}', "}", "end"], { a: {} }],
    ["the same inside a text", ['{"a":"}', '"}', "end"], { a: "}" }],
    [
      "pieces of which each but the last ends in a brace, and then a pause",
      [`{"a":{"b":${"1".repeat(60)}}`, `,"c":{}`, "}", "late"],
      { a: { b: Number("1".repeat(60)) }, c: {} },
    ],
    ["a pause that is not the end", ['{"a":[{}', ",{}", "late", "]}", "late"], { a: [{}, {}] }],
    ["whole when the time is over", [PAYLOAD.slice(0, -1), "}", "late"], JSON.parse(PAYLOAD)],
    ["two chunks", [PAYLOAD.slice(0, 20), PAYLOAD.slice(20), "end"], JSON.parse(PAYLOAD)],
    ["a hostile key is a key", ['{"__proto__":{"x":1}}'], JSON.parse('{"__proto__":{"x":1}}')],
    ["nothing at all", ["end"], "empty"],
    ["nothing but white space", [" \n", "end"], "empty"],
    ["nothing but a byte order mark", ["\uFEFF", "end"], "empty"],
    ["words", ["hello", "end"], "not a JSON object"],
    ["cut off", ["{", "end"], "not a JSON object"],
    ["nearly JSON", ["{'a':1}", "end"], "not a JSON object"],
    ["a list", ["[{}]", "end"], "not a JSON object"],
    ["nothing, in JSON", ["null", "end"], "not a JSON object"],
    ["a text", ['"text"', "end"], "not a JSON object"],
    ["a number", ["7", "end"], "not a JSON object"],
    ["two events", [`${PAYLOAD}${PAYLOAD}`, "end"], "not a JSON object"],
    ["an event and a half", [`${PAYLOAD}\n{`, "end"], "not a JSON object"],
    ["nothing in time", ["late"], "late"],
    ["half in time", ["{", "late"], "late"],
    ["no standard input", ["unreadable"], "unreadable"],
    ["it broke off", ["{", "unreadable"], "unreadable"],
    [
      "it broke after all was there",
      [PAYLOAD.slice(0, 9), PAYLOAD.slice(9), "unreadable"],
      JSON.parse(PAYLOAD),
    ],
    ["deeper than any parser goes", ["[".repeat(90_000), "end"], "not a JSON object"],
  ] as [string, string[], Payload | string][])(
    "or what is none: %s",
    async (_, chunks, expected) => {
      expect(told(await readEvent(inputOf(...chunks), LIMITS))).toEqual(expected);
    },
  );

  test("nested very deep is either an event or no JSON object, and never a crash", async () => {
    const text = `{"a":${"[".repeat(40_000)}${"]".repeat(40_000)}}`;
    const outcome = await readEvent(inputOf(text, "end"), LIMITS);
    expect(outcome.kind === "event" ? "event" : outcome.reason).toBeOneOf([
      "event",
      "not a JSON object",
    ]);
  });

  test.each([
    ["brackets", "[".repeat(300_000), "too deep"],
    ["objects", '{"a":'.repeat(250_000), "too deep"],
    ["brackets in a text", JSON.stringify({ a: "[".repeat(300_000) }), "event"],
    ["brackets in a text with quotes", JSON.stringify({ a: '\\"[{'.repeat(100_000) }), "event"],
    ["many that are side by side", `{"a":[${"[],".repeat(150_000)}[]]}`, "event"],
  ])("with so many %s is told before it costs the parser", async (_, text, expected) => {
    const outcome = await readEvent(inputOf(text, "end"), { ...LIMITS, maxBytes: 10_000_000 });
    expect(outcome.kind === "event" ? "event" : outcome.reason).toBe(expected);
  });

  test("that came late is not waited for, nor is any input asked", async () => {
    const input = inputOf(PAYLOAD);
    const outcome = await readEvent(input, { ...LIMITS, deadlineMs: performance.now() });
    expect(outcome).toEqual({ kind: "malformed", reason: "late", text: "", bytes: 0 });
    expect(input.asked).toBe(0);
  });

  test("waits each time only for what is left", async () => {
    const waits: number[] = [];
    const chunks = ["{", '"a":', "end"];
    const input: Input = {
      next(timeoutMs) {
        waits.push(timeoutMs);
        const chunk = chunks.shift() as string;
        return chunk === "end" ? chunk : encode(chunk);
      },
    };
    const startMs = performance.now();
    await readEvent(input, { ...LIMITS, deadlineMs: startMs + 10_000 });
    expect(waits).toEqual(waits.toSorted((a, b) => b - a));
    expect(waits[0]).toBeLessThanOrEqual(10_000);
    expect(waits).toHaveLength(3);
  });

  test("that is malformed is kept as text, with its length", async () => {
    const outcome = await readEvent(inputOf("añ", "b", "end"), LIMITS);
    expect(outcome).toEqual({
      kind: "malformed",
      reason: "not a JSON object",
      text: "añb",
      bytes: 4,
    });
  });
});

describe("input over the limit", () => {
  test.each([
    [[99], "event", "under it"],
    [[100], "event", "just at it"],
    [[101], "oversized", "in one chunk"],
    [[60, 41], "oversized", "in two"],
    [[100, 1], "oversized", "by one byte more"],
    [[50, 40, 5000, 70, 90], "oversized", "in many"],
  ])("in chunks of %j bytes is %s (%s)", async (sizes, kind) => {
    const total = sizes.reduce((sum, size) => sum + size);
    const text = `{"session_id":"04e66903","a":"${"x".repeat(total - 32)}"}`;
    const bytes = encode(text);
    let at = 0;
    const chunks = sizes.map((size) => bytes.subarray(at, (at += size)));
    const input = inputOf(...chunks, "end");
    const outcome = await readEvent(input, { ...LIMITS, maxBytes: 100 });
    if (outcome.kind === "event") {
      expect(kind).toBe("event");
      expect(outcome.text).toBe(text);
    } else {
      // Of what is not kept nothing is; the session's id, which comes first, always is.
      expect(outcome).toEqual({
        kind: "malformed",
        reason: "oversized",
        text: text.slice(0, 100),
        bytes: total,
      });
      expect(leadingSessionId(outcome.text)).toBe("04e66903");
      // To its end, or the writer would be killed by a closed pipe.
      expect(input.asked).toBe(sizes.length + 1);
    }
  });
});

test.each([
  ["as Claude Code writes it", '{"session_id":"a-1","prompt":"', "a-1"],
  ["as a person writes it", ' {\n  "session_id" : "a-1"', "a-1"],
  ["as long as an id can be", `{"session_id":"${"a".repeat(128)}"`, "a".repeat(128)],
  ["longer", `{"session_id":"${"a".repeat(129)}"`, undefined],
  ["cut off: the id may be longer", '{"session_id":"a-1', undefined],
  ["none", '{"session_id":""', undefined],
  ["no text", '{"session_id":7', undefined],
  ["written so that it must be decoded", '{"session_id":"a\\u002d1"', undefined],
  ["inside a prompt", '{"prompt":"{\\"session_id\\":\\"b\\"}', undefined],
  ["not first, and so maybe inside something", '{"prompt":"x","session_id":"b"', undefined],
  ["in a list", '[{"session_id":"b"}', undefined],
  ["after something else", 'x{"session_id":"b"', undefined],
  ["nothing", "", undefined],
] as const)("of leading session ids: %s", (_, text, id) => {
  expect(leadingSessionId(text)).toBe(id);
});

// The two ways to read a real descriptor, in a process of its own, as a hook has it.
const sandbox = new Sandbox();
afterAll(() => sandbox[Symbol.dispose]());
const ways = [{ way: "streamInput(() => Bun.stdin.stream())" }];
if (fileLibrary !== undefined) ways.push({ way: "polledInput(fileLibrary, 0)" });

test("input that cannot be opened is told of", async () => {
  const input = streamInput(() => {
    throw new Error("EBADF");
  });
  expect(
    await readEvent(input, { deadlineMs: performance.now() + 1000, maxBytes: 1024 }),
  ).toMatchObject({
    kind: "malformed",
    reason: "unreadable",
  });
});

describe.each(ways)("$way", ({ way }) => {
  test.each([
    ["whole", [PAYLOAD], true],
    ["in pieces", [PAYLOAD.slice(0, 30), PAYLOAD.slice(30)], true],
    ["two megabytes", [`{"a":"${"ñ".repeat(1_000_000)}"}`], true],
    ["whole, and the input never ends", [PAYLOAD], false],
    [
      "in pieces that end in braces, and the input never ends",
      [`{"a":{"b":${"1".repeat(60)}}`, ',"c":{}', "}"],
      false,
    ],
    [
      "larger than a socket holds, and the input never ends",
      [`{"a":"${"x".repeat(700_000)}"}`],
      false,
    ],
  ])("reads an event that comes %s", async (_, pieces, doesEnd) => {
    const read = await readBy(way, { pieces, doesEnd });
    expect(read).toEqual({ kind: "event", text: pieces.join(""), bytes: undefined });
  });

  test.each([
    ["no end", { pieces: [], doesEnd: false, deadlineMs: 1 }, "late"],
    ["no end after half an event", { pieces: ["{"], doesEnd: false, deadlineMs: 300 }, "late"],
    ["only an end", { pieces: [], doesEnd: true }, "empty"],
    ["half an event", { pieces: ['{"a":'], doesEnd: true }, "not a JSON object"],
    ["too much", { pieces: ["x".repeat(300_000)], doesEnd: true, maxBytes: 1024 }, "oversized"],
  ])("tells of input with %s", async (_, how, reason) => {
    expect(await readBy(way, how)).toMatchObject({ reason });
  });

  test("keeps of too much only what it may, and counts all", async () => {
    const read = await readBy(way, {
      pieces: ["x".repeat(3_000_000)],
      doesEnd: true,
      maxBytes: 1024,
    });
    expect(read).toMatchObject({ text: "x".repeat(1024), bytes: 3_000_000 });
  });

  test("tells of an empty file and of a closed input", async () => {
    expect(await readBy(way, { from: "ignore" })).toMatchObject({ reason: "empty" });
    // What a closed input is differs: the runtime opens /dev/null in its place.
    const closed = await readBy(way, { from: "closed" });
    expect(closed).toMatchObject({ kind: "malformed" });
  });

  test("reads a file", async () => {
    await Bun.write(`${sandbox.root}/payload.json`, PAYLOAD);
    const from = Bun.file(`${sandbox.root}/payload.json`);
    expect(await readBy(way, { from })).toMatchObject({ kind: "event", text: PAYLOAD });
  });
});

test.skipIf(!canSeeCalls())("a signal in the middle of waiting ends no event", async () => {
  const read = await readBy("polledInput(fileLibrary, 0)", {
    pieces: [PAYLOAD.slice(0, 9), PAYLOAD.slice(9)],
    doesEnd: true,
    before: "process.on('SIGUSR2', () => {});",
    async between(child) {
      await waitsInPoll(child);
      child.kill("SIGUSR2");
      // It has woken and waits again, or has given up.
      await waitsInPoll(child);
    },
  });
  expect(read).toMatchObject({ kind: "event", text: PAYLOAD });
});

function canSeeCalls(): boolean {
  return fileLibrary !== undefined && callOf(process.pid) !== undefined;
}

/** Resolves once a process waits in `poll`, which on ARM is `ppoll`, or has ended. */
async function waitsInPoll(child: Bun.Subprocess): Promise<void> {
  const poll = process.arch === "arm64" ? "73" : "7";
  while (child.exitCode === null && child.signalCode === null && callOf(child.pid) !== poll)
    await new Promise(setImmediate);
}

/** The number of the system call that a process waits in. */
function callOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/syscall`, "utf8").split(" ")[0];
  } catch {
    // The process is gone, or this kernel does not tell.
    return undefined;
  }
}

interface How {
  pieces?: readonly string[];
  doesEnd?: boolean;
  from?: "ignore" | "closed" | Blob;
  deadlineMs?: number;
  maxBytes?: number;
  /** Code to run first. */
  before?: string;
  /** What to do to the process once it has taken the first piece. */
  between?: (child: Bun.Subprocess) => Promise<void>;
}

/** What a process of its own reads on its standard input. */
async function readBy(
  way: string,
  {
    pieces = [],
    doesEnd = true,
    from,
    deadlineMs = 60_000,
    maxBytes = 16_777_216,
    before = "",
    between,
  }: How,
): Promise<unknown> {
  const lib = `${import.meta.dir}/../../../lib`;
  const script = `
    import { readEvent } from "${lib}/hook/read-event.ts";
    import { fileLibrary } from "${lib}/os/libc.ts";
    import { polledInput, streamInput } from "${lib}/hook/stdin.ts";
    ${before}
    const input = ${way};
    // Says of each piece that it was taken, so that the next can be sent.
    const telling = { async next(ms) { const next = await input.next(ms); console.error("taken"); return next; } };
    const limits = { deadlineMs: performance.now() + ${deadlineMs}, maxBytes: ${maxBytes} };
    const { kind, reason, text, bytes } = await readEvent(telling, limits);
    await Bun.write(Bun.stdout, JSON.stringify({ kind, reason, text, bytes }));
    process.exit(0);`;
  const command = [process.execPath, "-e", script];
  const child = Bun.spawn(
    from === "closed" ? ["sh", "-c", 'exec "$@" <&-', "sh", ...command] : command,
    {
      env: sandbox.env(),
      cwd: "/",
      stdin: from === "closed" ? "ignore" : (from ?? "pipe"),
      stdout: "pipe",
      stderr: "pipe",
    },
  );
  const taken = child.stderr.getReader();
  if (typeof child.stdin === "object") {
    for (const [at, piece] of pieces.entries()) {
      if (at > 0) {
        await taken.read();
        await between?.(child);
      }
      child.stdin.write(piece);
      await child.stdin.flush();
    }
    if (doesEnd) await child.stdin.end();
  }
  const stdout = await child.stdout.text();
  if ((await child.exited) !== 0) throw new Error(`exit ${child.exitCode ?? child.signalCode}`);
  return JSON.parse(stdout);
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
