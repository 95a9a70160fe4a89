// Any JSON object in, one valid record out: within the limits, without the secrets that were planted in it,
// and with every other text intact or marked as truncated. Through a built program, as Claude Code sends it.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { DEFAULT_CONFIG } from "../../lib/config";
import { secretName } from "../../lib/hook/secrets/names";
import type { EventRecord } from "../../lib/log/record";
import { runProgram } from "../../scripts/harness/run-program";
import { eventRecord } from "../../scripts/harness/record-schema";
import { faultsOf, onlyRecordOf, payloadOf } from "../../scripts/harness/read-records";
import { Sandbox } from "../../scripts/harness/sandbox";
import { EXAMPLE_SECRETS } from "../support/secrets";
import { ODD_CHARACTERS } from "../support/odd-characters";
import { Tally } from "../support/tally";

const SILENT = { code: 0, stdout: "", stderr: "" };
const RUNS = 120;
// Any value under one of these keys is a secret.
const SECRET_KEYS = ["password", "apiKey", "client_secret", "authToken", "Authorization", "cookie"];
const BEHIND_A_KEY = "correct horse battery staple";

const oddCharacters = fc.constantFrom(...ODD_CHARACTERS);
const texts = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: "binary", maxLength: 60 }) },
  { weight: 2, arbitrary: fc.string({ unit: "grapheme", maxLength: 60 }) },
  {
    weight: 1,
    arbitrary: fc.tuple(oddCharacters, fc.nat(40_000)).map(([one, n]) => one.repeat(n)),
  },
);
const secrets = fc
  .tuple(fc.constantFrom(...EXAMPLE_SECRETS), fc.constantFrom("", "Use it like this: ", "a\n"))
  .map(([{ front = "", secret, back = "" }, before]) => before + front + secret + back);
const keys = fc
  .oneof(
    fc.string({ unit: "binary", maxLength: 20 }),
    fc.constantFrom("__proto__", "constructor", "toString", "payload", "v", "id", "timestamp", ""),
    fc.constantFrom(
      "prompt",
      "tool_input",
      "tool_response",
      "tool_name",
      "agent_id",
      "duration_ms",
    ),
  )
  .filter((key) => secretName(key) === undefined);

const { value } = fc.letrec<{ value: unknown; fields: object; hidden: object }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: "small" },
    texts as fc.Arbitrary<unknown>,
    secrets,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(true, false, null, {}, []),
    tie("fields"),
    tie("hidden"),
    fc.array(tie("value"), { maxLength: 6 }),
  ),
  fields: fc.dictionary(keys, tie("value"), { maxKeys: 6 }),
  hidden: fc.constantFrom(...SECRET_KEYS).map((key) => ({ [key]: BEHIND_A_KEY })),
}));
// A process costs more than what it records, so most payloads have many fields.
const fields = fc.oneof(
  { weight: 1, arbitrary: fc.dictionary(keys, value, { maxKeys: 4 }) },
  { weight: 3, arbitrary: fc.dictionary(keys, value, { minKeys: 6, maxKeys: 20 }) },
);
const payloads = fc
  .tuple(fields, fc.constantFrom("PreToolUse", "Stop", "Tea"))
  .map(([given, event]): Record<string, unknown> =>
    Object.assign(given, { session_id: "session-1", hook_event_name: event }),
  );

test("any JSON object is recorded without its secrets and with every other text", async () => {
  const tally = new Tally("recorded");
  await fc.assert(
    fc.asyncProperty(payloads, async (payload) => {
      using sandbox = new Sandbox();
      const input = JSON.stringify(payload);
      expect(await runProgram("session-event", sandbox, input)).toMatchObject(SILENT);
      expect(await faultsOf(sandbox)).toEqual([]);
      const record = await onlyRecordOf(sandbox);
      expect(eventRecord.safeParse(record).error).toBeUndefined();
      expect(record.session_id).toBe("session-1");
      const line = JSON.stringify(record);
      expect(Buffer.byteLength(line)).toBeLessThan(DEFAULT_CONFIG.limits.record_bytes);

      const planted = secretsIn(payload);
      const kept = textsIn(record).join("\n");
      for (const secret of planted) expect(kept).not.toContain(secret);
      expect(record.redacted ?? 0).toBeGreaterThanOrEqual(planted.length > 0 ? 1 : 0);
      // A record that is too large keeps only the ends of its JSON, and counts as truncated.
      const isFolded = typeof (record.payload as { folded?: unknown }).folded === "string";
      if (isFolded) expect(record.truncated).toBeGreaterThan(0);
      else expectIntact(JSON.parse(input), payloadOf(record), record);
      tally.add("payloads");
      tally.add("of them truncated", Number(record.truncated !== undefined));
      tally.add("secrets", planted.length);
      tally.add("texts", textsIn(payload).length);
    }),
    { numRuns: RUNS },
  );
  tally.print();
}, 120_000);

test("JSON that is not an object is recorded whole, with the reason", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(texts, fc.double(), fc.boolean(), fc.array(texts, { maxLength: 4 })),
      async (given) => {
        using sandbox = new Sandbox();
        const input = JSON.stringify(given);
        expect(await runProgram("session-event", sandbox, input)).toMatchObject(SILENT);
        const record = await onlyRecordOf(sandbox);
        expect(eventRecord.safeParse(record).error).toBeUndefined();
        expect(record.payload).toMatchObject({ malformed: "not a JSON object" });
        expectIntact(input.toWellFormed(), (record.payload as { text: string }).text, record);
      },
    ),
    { numRuns: 40 },
  );
}, 60_000);

/** Expects every text to be as sent, to contain a mask, or to say how much of it is gone. */
function expectIntact(sent: unknown, kept: unknown, record: EventRecord): void {
  if (typeof sent === "string" && typeof kept === "string") {
    if (sent === kept || kept.includes("[redacted:")) return;
    const [, head = "", tail = ""] = /^(.*)… \[\d+ bytes cut\] …(.*)$/s.exec(kept) ?? [];
    expect(kept).toContain(" bytes cut] …");
    expect([sent.startsWith(head), sent.endsWith(tail)]).toEqual([true, true]);
    expect(record.truncated).toBeGreaterThan(0);
  } else if (typeof sent === "object" && sent !== null && typeof kept === "object" && kept) {
    expect(Object.keys(kept).toSorted()).toEqual(Object.keys(sent).toSorted());
    for (const [key, inner] of Object.entries(sent))
      expectIntact(inner, (kept as Record<string, unknown>)[key], record);
  } else expect(kept).toEqual(sent);
}

/** The secrets anywhere in a value. */
function secretsIn(given: unknown): string[] {
  const all = textsIn(given);
  const known = EXAMPLE_SECRETS.filter(({ front = "", secret, back = "" }) =>
    all.some((text) => text.includes(front + secret + back)),
  ).map(({ secret }) => secret);
  return all.includes(BEHIND_A_KEY) ? [...known, BEHIND_A_KEY] : known;
}

function textsIn(given: unknown): string[] {
  if (typeof given === "string") return [given];
  if (typeof given !== "object" || given === null) return [];
  return Object.keys(given).concat(Object.values(given).flatMap(textsIn));
}
