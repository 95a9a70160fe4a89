import { afterAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import {
  leadingSessionId,
  outerFields,
  readEvent,
  type ReadOutcome,
  type Payload,
} from "../../../lib/hook/read-event";
import { streamInput, type Chunk, type Input } from "../../../lib/hook/stdin";
import { fileLibrary } from "../../../lib/os/libc";
import { Sandbox } from "../../../scripts/harness/sandbox";

const PAYLOAD = '{"session_id":"04e66903","prompt":"ñ 日 🙂 }","tool":{"a":{}}}';
const LIMITS = { deadlineMs: Infinity, maxBytes: 100_000 };

/** The payload that was read, or why there is none. */
function resultOf(outcome: ReadOutcome): Payload | string {
  return outcome.kind === "event" ? outcome.payload : outcome.reason;
}

/** Input of the given chunks; reading more of them fails the test. */
function inputOf(...chunks: (string | Chunk)[]): Input & { readonly reads: number } {
  const endings = new Set(["end", "late", "unreadable"]);
  let reads = 0;
  return {
    get reads() {
      return reads;
    },
    next() {
      const chunk = chunks[reads++];
      if (chunk === undefined) throw new Error("read more than it needed");
      return typeof chunk === "string" && !endings.has(chunk) ? encode(chunk) : (chunk as Chunk);
    },
  };
}

describe("an event", () => {
  test("is read as soon as it is complete, even if the input does not end", async () => {
    const outcome = await readEvent(inputOf(PAYLOAD), LIMITS);
    expect(outcome).toEqual({ kind: "event", payload: JSON.parse(PAYLOAD), text: PAYLOAD });
  });

  test("is the same wherever it is split, even inside a character", async () => {
    const bytes = encode(PAYLOAD);
    for (let at = 1; at < bytes.length; at++) {
      const input = inputOf(bytes.subarray(0, at), bytes.subarray(at), "end");
      expect(resultOf(await readEvent(input, LIMITS))).toEqual(JSON.parse(PAYLOAD));
    }
  });

  test("is the same if it arrives byte by byte", async () => {
    const chunks = Array.from(encode(PAYLOAD), (byte) => Uint8Array.of(byte));
    const outcome = await readEvent(inputOf(...chunks, "end"), LIMITS);
    expect(resultOf(outcome)).toEqual(JSON.parse(PAYLOAD));
  });

  test.each([
    ["a newline after it", [`${PAYLOAD}\n`], JSON.parse(PAYLOAD)],
    ["all kinds of white space after it", [`${PAYLOAD} \r\n\t`], JSON.parse(PAYLOAD)],
    ["a newline in its own chunk", [PAYLOAD, "\n", "end"], JSON.parse(PAYLOAD)],
    ["a byte order mark, as Windows shells write", [`\uFEFF${PAYLOAD}`], JSON.parse(PAYLOAD)],
    ["an empty object", ["{}"], {}],
    ["a first chunk that ends in a brace that is not the last", ['{"a":{}', "}", "end"], { a: {} }],
    ["the same inside a text", ['{"a":"}', '"}', "end"], { a: "}" }],
    [
      "chunks that end in braces, and then a pause",
      [`{"a":{"b":${"1".repeat(60)}}`, `,"c":{}`, "}", "late"],
      { a: { b: Number("1".repeat(60)) }, c: {} },
    ],
    ["a pause that is not the end", ['{"a":[{}', ",{}", "late", "]}", "late"], { a: [{}, {}] }],
    ["complete at the deadline", [PAYLOAD.slice(0, -1), "}", "late"], JSON.parse(PAYLOAD)],
    ["two chunks", [PAYLOAD.slice(0, 20), PAYLOAD.slice(20), "end"], JSON.parse(PAYLOAD)],
    ["a hostile key", ['{"__proto__":{"x":1}}'], JSON.parse('{"__proto__":{"x":1}}')],
    ["nothing", ["end"], "empty"],
    ["nothing but white space", [" \n", "end"], "empty"],
    ["nothing but a byte order mark", ["\uFEFF", "end"], "empty"],
    ["plain words", ["hello", "end"], "not a JSON object"],
    ["an incomplete object", ["{", "end"], "not a JSON object"],
    ["nearly JSON", ["{'a':1}", "end"], "not a JSON object"],
    ["a list", ["[{}]", "end"], "not a JSON object"],
    ["a null", ["null", "end"], "not a JSON object"],
    ["a text", ['"text"', "end"], "not a JSON object"],
    ["a number", ["7", "end"], "not a JSON object"],
    ["two events", [`${PAYLOAD}${PAYLOAD}`, "end"], "not a JSON object"],
    ["an event and a half", [`${PAYLOAD}\n{`, "end"], "not a JSON object"],
    ["nothing before the deadline", ["late"], "late"],
    ["half an object before the deadline", ["{", "late"], "late"],
    ["no standard input", ["unreadable"], "unreadable"],
    ["a read that fails", ["{", "unreadable"], "unreadable"],
    [
      "a read that fails after the object",
      [PAYLOAD.slice(0, 9), PAYLOAD.slice(9), "unreadable"],
      JSON.parse(PAYLOAD),
    ],
    ["deeper than any parser handles", ["[".repeat(90_000), "end"], "not a JSON object"],
  ] as [string, string[], Payload | string][])(
    "or why there is none: %s",
    async (_, chunks, expected) => {
      expect(resultOf(await readEvent(inputOf(...chunks), LIMITS))).toEqual(expected);
    },
  );

  test("that is nested very deeply never crashes the reader", async () => {
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
    ["brackets next to each other", `{"a":[${"[],".repeat(150_000)}[]]}`, "event"],
  ])("is checked for its depth before it is parsed: %s", async (_, text, expected) => {
    const outcome = await readEvent(inputOf(text, "end"), { ...LIMITS, maxBytes: 10_000_000 });
    expect(outcome.kind === "event" ? "event" : outcome.reason).toBe(expected);
  });

  test("that has arrived is read after the deadline: a process may start from a slow disk", async () => {
    const input = inputOf(PAYLOAD.slice(0, 5), PAYLOAD.slice(5));
    const outcome = await readEvent(input, { ...LIMITS, deadlineMs: performance.now() });
    expect(outcome.kind).toBe("event");
  });

  test("that has arrived is read however often the process is stopped on the way", async () => {
    const pieces = [PAYLOAD.slice(0, 5), PAYLOAD.slice(5, 9), PAYLOAD.slice(9)];
    const input: Input = {
      next() {
        Bun.sleepSync(300);
        return encode(pieces.shift() ?? "");
      },
    };
    const outcome = await readEvent(input, { ...LIMITS, deadlineMs: performance.now() });
    expect(outcome.kind).toBe("event");
  });

  test("that fills the pipe is read to its end: after the deadline, too, its writer needs a moment", async () => {
    const text = JSON.stringify({ session_id: "s", text: "x".repeat(200_000) });
    const pieces = text.match(/.{1,4096}/g) ?? [];
    const waits: number[] = [];
    const input: Input = {
      next(timeoutMs) {
        waits.push(timeoutMs);
        // The first read lets the writer go on.
        return timeoutMs === 0 && waits.length > 1 ? "late" : encode(pieces.shift() ?? "");
      },
    };
    const limits = { deadlineMs: performance.now(), maxBytes: 1_000_000 };
    expect((await readEvent(input, limits)).kind).toBe("event");
    expect(Math.max(...waits)).toBeLessThanOrEqual(20);
  });

  test("is not waited for after the deadline, nor read without end", async () => {
    const waits: number[] = [];
    const input: Input = {
      next(timeoutMs) {
        waits.push(timeoutMs);
        return encode("x");
      },
    };
    const outcome = await readEvent(input, { ...LIMITS, deadlineMs: performance.now() });
    expect(outcome).toMatchObject({ kind: "malformed" });
    expect(waits.every((ms) => ms === 0)).toBe(true);
  });

  test("is waited for until the deadline, however many chunks it has", async () => {
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

  test("that is malformed is returned as text, with its length", async () => {
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
    [[99], "event", "under the limit"],
    [[100], "event", "at the limit"],
    [[101], "oversized", "in one chunk"],
    [[60, 41], "oversized", "in two chunks"],
    [[100, 1], "oversized", "by one byte"],
    [[50, 40, 5000, 70, 90], "oversized", "in many chunks"],
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
      // The session id comes first, so it is always kept.
      expect(outcome).toEqual({
        kind: "malformed",
        reason: "oversized",
        text: text.slice(0, 100),
        bytes: total,
        tail: expect.any(String) as string,
      });
      expect(leadingSessionId(outcome.text)).toBe("04e66903");
      // The input is read to its end, or a closed pipe would kill the writer.
      expect(input.reads).toBe(sizes.length + 1);
    }
  });
});

test.each([
  [
    '{"session_id":"s","hook_event_name":"PostToolUse","tool_name":"Bash","tool_input":{"a":1},"tool_resp',
    'xxx"},"tool_use_id":"t-1","duration_ms":12}\n',
    {
      session_id: "s",
      hook_event_name: "PostToolUse",
      tool_name: "Bash",
      tool_use_id: "t-1",
      duration_ms: 12,
    },
    "from both ends",
  ],
  ['{"session_id":"s","prompt":"a\\"b', 'x"}', { session_id: "s" }, "but nothing large"],
  ["{", '\\",\\"tool_use_id\\":\\"fake\\"}"}', {}, "but nothing quoted within a string"],
  [
    '{"session_id":"s","effort":{"level":"high"},"n":-1.5e3,"list":[{"session_id":"x"}],"hook_event_name":"Stop","te',
    "",
    { session_id: "s", n: -1500, hook_event_name: "Stop" },
    "past what is nested between them",
  ],
  [
    '{\n  "session_id": "s",\n  "tool-name" : "a b",\n  "tool_response": "xxx',
    '", "x": "y, ",\n  "tool_use_id": "t-1" ,\n  "duration_ms": 12\n}\n',
    { session_id: "s", "tool-name": "a b", x: "y, ", tool_use_id: "t-1", duration_ms: 12 },
    "in spaced JSON",
  ],
  ['{"a":"s","n":12', '"}', { a: "s" }, "but no number that may go on"],
  ["[1,", ',"tool_use_id":"t"]', {}, "but nothing of a list"],
  ["{", 'xx": ", \\"session_id\\": \\"fake\\"}"\n}', {}, "but nothing quoted, if spaced"],
  ["{", '"x":{"tool_use_id":"inner"}}', {}, "but nothing of an inner object"],
] as const)("of %j … %j the outer fields are %j (%s)", (head, tail, fields) => {
  expect(outerFields(head, tail)).toEqual(fields);
});

test("outer fields are found in linear time", () => {
  for (const part of [",", ' ,"a":1', '"', '\\"', "{", '{"a":', '{"a":"', " "])
    for (const begin of ["", '{"a":', '{"a":"', ',"a":1', ',"a":']) {
      const text = begin + part.repeat(4096);
      const startMs = performance.now();
      outerFields(text.repeat(16), text.slice(0, 4096));
      expect(performance.now() - startMs).toBeLessThan(500);
    }
});

test.each([
  ["as Claude Code writes it", '{"session_id":"a-1","prompt":"', "a-1"],
  ["as a person writes it", ' {\n  "session_id" : "a-1"', "a-1"],
  ["as long as an id can be", `{"session_id":"${"a".repeat(128)}"`, "a".repeat(128)],
  ["longer than that", `{"session_id":"${"a".repeat(129)}"`, undefined],
  ["incomplete: the id may be longer", '{"session_id":"a-1', undefined],
  ["empty", '{"session_id":""', undefined],
  ["a number", '{"session_id":7', undefined],
  ["with an escape", '{"session_id":"a\\u002d1"', undefined],
  ["inside a prompt", '{"prompt":"{\\"session_id\\":\\"b\\"}', undefined],
  ["not first, so maybe inside something", '{"prompt":"x","session_id":"b"', undefined],
  ["in a list", '[{"session_id":"b"}', undefined],
  ["after something else", 'x{"session_id":"b"', undefined],
  ["nothing", "", undefined],
] as const)("a leading session id is found: %s", (_, text, id) => {
  expect(leadingSessionId(text)).toBe(id);
});

// The two ways to read a real descriptor, each in its own process, like a hook.
const sandbox = new Sandbox();
afterAll(() => sandbox[Symbol.dispose]());
const ways = [{ way: "streamInput(() => Bun.stdin.stream())" }];
if (fileLibrary !== undefined) ways.push({ way: "polledInput(fileLibrary, 0)" });

test("input that cannot be opened is unreadable", async () => {
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
    ["in chunks", [PAYLOAD.slice(0, 30), PAYLOAD.slice(30)], true],
    ["in two megabytes", [`{"a":"${"ñ".repeat(1_000_000)}"}`], true],
    ["whole, and the input never ends", [PAYLOAD], false],
    [
      "in chunks that end in braces, and the input never ends",
      [`{"a":{"b":${"1".repeat(60)}}`, ',"c":{}', "}"],
      false,
    ],
    [
      "in more bytes than a socket holds, and the input never ends",
      [`{"a":"${"x".repeat(700_000)}"}`],
      false,
    ],
  ])("reads an event that arrives %s", async (_, pieces, doesEnd) => {
    const read = await readBy(way, { pieces, doesEnd });
    expect(read).toEqual({ kind: "event", text: pieces.join(""), bytes: undefined });
  });

  test.each([
    ["no end", { pieces: [], doesEnd: false, deadlineMs: 1 }, "late"],
    ["no end after half an event", { pieces: ["{"], doesEnd: false, deadlineMs: 300 }, "late"],
    ["only an end", { pieces: [], doesEnd: true }, "empty"],
    ["half an event", { pieces: ['{"a":'], doesEnd: true }, "not a JSON object"],
    ["too much", { pieces: ["x".repeat(300_000)], doesEnd: true, maxBytes: 1024 }, "oversized"],
  ])("says why input is not an event: %s", async (_, how, reason) => {
    expect(await readBy(way, how)).toMatchObject({ reason });
  });

  test("keeps oversized input only up to the limit, and counts all of it", async () => {
    const read = await readBy(way, {
      pieces: ["x".repeat(3_000_000)],
      doesEnd: true,
      maxBytes: 1024,
    });
    expect(read).toMatchObject({ text: "x".repeat(1024), bytes: 3_000_000 });
  });

  test("handles an empty file and a closed input", async () => {
    expect(await readBy(way, { from: "ignore" })).toMatchObject({ reason: "empty" });
    // The reason differs: the runtime may open /dev/null in its place.
    const closed = await readBy(way, { from: "closed" });
    expect(closed).toMatchObject({ kind: "malformed" });
  });

  test("reads a file", async () => {
    await Bun.write(`${sandbox.root}/payload.json`, PAYLOAD);
    const from = Bun.file(`${sandbox.root}/payload.json`);
    expect(await readBy(way, { from })).toMatchObject({ kind: "event", text: PAYLOAD });
  });
});

test.skipIf(!canSeeCalls())("a signal during the wait does not end an event", async () => {
  const read = await readBy("polledInput(fileLibrary, 0)", {
    pieces: [PAYLOAD.slice(0, 9), PAYLOAD.slice(9)],
    doesEnd: true,
    before: "process.on('SIGUSR2', () => {});",
    async between(child) {
      await waitsInPoll(child);
      child.kill("SIGUSR2");
      // It has woken up and waits again, or has given up.
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
    // The process has ended, or this kernel does not show it.
    return undefined;
  }
}

interface Reading {
  pieces?: readonly string[];
  doesEnd?: boolean;
  from?: "ignore" | "closed" | Blob;
  deadlineMs?: number;
  maxBytes?: number;
  /** Code to run first. */
  before?: string;
  /** What to do to the process once it has read the first piece. */
  between?: (child: Bun.Subprocess) => Promise<void>;
}

/** What a separate process reads on its standard input. */
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
  }: Reading,
): Promise<unknown> {
  const lib = `${import.meta.dir}/../../../lib`;
  const script = `
    import { readEvent } from "${lib}/hook/read-event.ts";
    import { fileLibrary } from "${lib}/os/libc.ts";
    import { polledInput, streamInput } from "${lib}/hook/stdin.ts";
    ${before}
    const input = ${way};
    // Reports each piece that it has read, so that the next can be sent.
    const reporting = { async next(ms) { const next = await input.next(ms); console.error("read"); return next; } };
    const limits = { deadlineMs: performance.now() + ${deadlineMs}, maxBytes: ${maxBytes} };
    const { kind, reason, text, bytes } = await readEvent(reporting, limits);
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
  const reports = child.stderr.getReader();
  if (typeof child.stdin === "object") {
    for (const [at, piece] of pieces.entries()) {
      if (at > 0) {
        await reports.read();
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
