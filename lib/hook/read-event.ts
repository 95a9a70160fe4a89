// Reads an event from standard input, or finds out why the input is not one.
import { showsSession } from "../session-id";
import type { Chunk, Input } from "./stdin";

/** The JSON object that Claude Code sent. */
export type Payload = Readonly<Record<string, unknown>>;

/** Why input is not an event. */
export type MalformedReason =
  "empty" | "late" | "oversized" | "too deep" | "unreadable" | "not a JSON object";

/** What a hook program read. Either outcome is recorded. */
export type ReadOutcome =
  | { readonly kind: "event"; readonly payload: Payload; readonly text: string }
  | {
      readonly kind: "malformed";
      readonly reason: MalformedReason;
      /** The input, at most its first `maxBytes`. */
      readonly text: string;
      /** How many bytes of input were read. */
      readonly bytes: number;
      /** The last bytes of oversized input. */
      readonly tail?: string;
    };

/** Input that is not an event. */
export type MalformedInput = Extract<ReadOutcome, { readonly kind: "malformed" }>;

/** How long and how much to read. */
export interface ReadLimits {
  /** In milliseconds since the process started. */
  readonly deadlineMs: number;
  readonly maxBytes: number;
}

const CLOSING_BRACE = 0x7d;
/** After a pause this long, input that ends in a brace is probably complete: a client writes without pausing. */
const QUIET_MS = 20;
/** How long reading may continue after the deadline: 16 MiB take a tenth of it. */
const GRACE_MS = 250;
/** A chunk this long, a page, may be what a full pipe or socket held: its writer is waiting to write the rest. */
const PAGE_BYTES = 4096;
/** How much longer the input must be before it is parsed again: keeps the parsing linear in its length. */
const PARSE_AGAIN_FACTOR = 1.5;

/**
 * Reads one event: until a whole JSON object has arrived, because a client may never close the pipe, until the
 * input ends, or until the deadline. Chunks are decoded together, because one may end inside a character.
 * Input over the limit is read to its end but not kept: a closed pipe would kill the client's write.
 */
export async function readEvent(
  input: Input,
  { deadlineMs, maxBytes }: ReadLimits,
): Promise<ReadOutcome> {
  const chunks: Uint8Array[] = [];
  const tail: Uint8Array[] = [];
  let bytes = 0;
  let parsedBytes = 0;
  let graceMs = GRACE_MS;
  let lastReadMs: number | undefined;
  let lastLength = 0;
  // Whether the input so far ends in a brace and has not been parsed.
  let isUnparsed = false;
  for (;;) {
    const nowMs = performance.now();
    const isLate = nowMs >= deadlineMs;
    // Input that has arrived is read even after the deadline, because a process may start from a slow disk or be stopped at
    // any time. A stop during one read must not use up the time for the others.
    if (isLate) graceMs -= Math.min(nowMs - (lastReadMs ?? nowMs), QUIET_MS);
    lastReadMs = nowMs;
    const lateWaitMs = lastLength >= PAGE_BYTES ? QUIET_MS : 0;
    const remainingMs = isLate ? lateWaitMs : deadlineMs - nowMs;
    const waitMs: number = isUnparsed ? Math.min(remainingMs, QUIET_MS) : remainingMs;
    const next: Chunk = graceMs <= 0 ? "late" : await input.next(waitMs);
    if (next === "late" && isUnparsed && waitMs < remainingMs) {
      isUnparsed = false;
      const event = eventIn(decode(chunks));
      if (event !== undefined) return event;
      continue;
    }
    if (typeof next === "string") {
      return classify(decode(chunks), decode(tail), bytes, next, maxBytes);
    }
    lastLength = next.length;
    if (bytes < maxBytes) chunks.push(next.subarray(0, maxBytes - bytes));
    bytes += next.length;
    if (bytes > maxBytes) {
      keepTail(tail, next);
      continue;
    }
    // A chunk may end in a brace that is not the last. What is not parsed here is parsed after a pause or at
    // the end.
    isUnparsed = endsInBrace(next) && bytes < parsedBytes * PARSE_AGAIN_FACTOR;
    if (!endsInBrace(next) || isUnparsed) continue;
    parsedBytes = bytes;
    const event = eventIn(decode(chunks));
    if (event !== undefined) return event;
  }
}

/** What follows the tool's input and response: an id, a duration, a few names. */
const MAX_TAIL = 4096;

function keepTail(tail: Uint8Array[], chunk: Uint8Array): void {
  tail.push(chunk.slice(-MAX_TAIL));
  // Two chunks, because the last one may be a few bytes long.
  while (tail.length > 2 && (tail.at(-1)?.length ?? 0) + (tail.at(-2)?.length ?? 0) >= MAX_TAIL)
    tail.shift();
}

/** The outcome of input that ended or is late: an event, or why it is not one. */
function classify(
  text: string,
  tail: string,
  bytes: number,
  ending: "end" | "late" | "unreadable",
  maxBytes: number,
): ReadOutcome {
  const malformed = (reason: MalformedReason): ReadOutcome => ({
    kind: "malformed",
    reason,
    text,
    bytes,
  });
  if (bytes > maxBytes)
    return { kind: "malformed", reason: "oversized", text, bytes, tail: tail.slice(-MAX_TAIL) };
  const event = eventIn(text);
  if (event !== undefined) return event;
  if (isTooDeep(text)) return malformed("too deep");
  if (ending !== "end") return malformed(ending);
  return malformed(text.trim() === "" ? "empty" : "not a JSON object");
}

const QUOTE = 0x22;
const OPENING = /\s*\{/y;
const KEY = /\s*"(?:[^"\\]|\\.){0,128}"\s*:\s*/y;
/** A value that is neither nested nor long. A number at the end of the text may not be whole. */
const PLAIN = /"(?:[^"\\]|\\.){0,4096}"|(?:-?\d[\d.eE+-]{0,32}|true|false|null)(?=\s*[,}])/y;
const COMMA = /\s*,/y;
/** The last fields of an object that ends the text. */
const LAST_FIELDS =
  /,((?:\s*"(?:[^"\\]|\\.){0,128}"\s*:\s*(?:"(?:[^"\\]|\\.){0,256}"|-?\d[\d.eE+-]{0,32}|true|false|null)\s*(?:,|(?=\}))){1,20})\}\s*$/;
/** How far the fields at the beginning are read. The ids come before what is large. */
const MAX_HEAD = 65_536;
const MAX_FIELDS = 64;

/**
 * The fields with plain values at both ends of a JSON object that is too large to parse, however it is spaced. Agents
 * write the ids first and last, and what is large between them. Nested values between the first fields are skipped.
 */
export function outerFields(head: string, tail: string): Payload {
  // Every quote within a string is escaped. So what looks like a field here is one: if it began within a string, its quotes
  // would not pair up by the end of the text.
  const last = LAST_FIELDS.exec(tail)?.[1];
  return { ...fieldsIn(last), ...fieldsIn(firstFields(head.slice(0, MAX_HEAD)).join()) };
}

function firstFields(text: string): string[] {
  const fields: string[] = [];
  let at = endOfMatch(OPENING, text, 0);
  while (at !== undefined && fields.length < MAX_FIELDS) {
    const valueAt = endOfMatch(KEY, text, at);
    if (valueAt === undefined) break;
    let end = endOfMatch(PLAIN, text, valueAt);
    if (end === undefined) end = endOfValue(text, valueAt);
    else fields.push(text.slice(at, end));
    at = endOfMatch(COMMA, text, end);
  }
  return fields;
}

function endOfMatch(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

/** The end of a long string, a list or an object; the end of the text if it goes on after that. */
function endOfValue(text: string, begin: number): number {
  for (let at = begin, depth = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === 0x5b || code === 0x7b) depth++;
    else if (code === 0x5d || code === 0x7d) depth--;
    if (depth <= 0) return at + 1;
  }
  return text.length;
}

function fieldsIn(text: string | undefined): Payload {
  const outcome = text === undefined ? undefined : eventIn(`{${text}}`);
  return outcome?.kind === "event" ? outcome.payload : {};
}

/**
 * Finds the session id in text that is not valid JSON. Claude Code writes it first; anywhere else it may be part
 * of a prompt or a file.
 */
export function leadingSessionId(text: string): string | undefined {
  return /^\s*\{\s*"session_id"\s*:\s*"([^"\\]{1,128})"/.exec(text)?.[1];
}

/**
 * Whether input that is not an event may name a session that was not found in it: in the part that is missing, or in a form
 * that we do not know.
 */
export function mayNameSession({ reason, text }: MalformedInput): boolean {
  const isPart = reason === "oversized" || reason === "late" || reason === "unreadable";
  return (isPart && text !== "") || showsSession(text);
}

function eventIn(text: string): ReadOutcome | undefined {
  if (isTooDeep(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? { kind: "event", payload: value as Payload, text } : undefined;
  } catch {
    return undefined;
  }
}

// Ten million brackets cost the parser 0.85 s and 762 MB (Bun 1.4.5), which this limits to a fiftieth. A record
// keeps only a hundred levels.
const MAX_DEPTH = 200_000;

function isTooDeep(text: string): boolean {
  if (text.length <= MAX_DEPTH) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(text, at);
        break;
      case 0x5b: // [
      case 0x7b: // {
        if (++depth > MAX_DEPTH) return true;
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth--;
    }
  }
  return false;
}

function endOfString(text: string, begin: number): number {
  for (let end = begin; ;) {
    end = text.indexOf('"', end + 1);
    if (end < 0) return text.length;
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === 0x5c) slashes++;
    if (slashes % 2 === 0) return end;
  }
}

function decode(chunks: Uint8Array[]): string {
  const bytes = chunks.length === 1 ? chunks[0] : Bun.concatArrayBuffers(chunks, Infinity, true);
  return new TextDecoder().decode(bytes);
}

function endsInBrace(chunk: Uint8Array): boolean {
  let last = chunk.length - 1;
  while (last >= 0 && isSpace(chunk[last])) last--;
  return chunk[last] === CLOSING_BRACE;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
