// What arrives on stdin: an event, or something that should have been one.
import type { Chunk, Input } from "./stdin";

/** A JSON object as Claude Code sent it. */
export type Payload = Readonly<Record<string, unknown>>;

/** Why input is no event. */
export type Malformation =
  "empty" | "late" | "oversized" | "too deep" | "unreadable" | "not a JSON object";

/** What one hook program was given. Every outcome is recorded. */
export type Outcome =
  | { readonly kind: "event"; readonly payload: Payload; readonly text: string }
  | {
      readonly kind: "malformed";
      readonly reason: Malformation;
      /** What of the input was kept, at most the first `maxBytes`. */
      readonly text: string;
      /** How long the input was, as far as it was read. */
      readonly bytes: number;
    };

/** How long and how much to read. */
export interface ReadLimits {
  /** In milliseconds since the process began. */
  readonly deadlineMs: number;
  readonly maxBytes: number;
}

const CLOSING_BRACE = 0x7d;
/** After so long without a byte, an input that ends in a brace is likely whole. */
const QUIET_MS = 20;

/**
 * Reads one event: until a whole JSON object has arrived, the input ends, or the deadline passes.
 * The first is what frees us from a client that never closes the pipe; bytes are decoded only
 * together, since a chunk may end inside a character. Input over the limit is read on to its end,
 * for the writer's sake, but not kept.
 */
export async function readEvent(
  input: Input,
  { deadlineMs, maxBytes }: ReadLimits,
): Promise<Outcome> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  let triedBytes = 0;
  // Whether what is there ends in a brace, and was not tried.
  let isUntried = false;
  for (;;) {
    const remainingMs = deadlineMs - performance.now();
    const waitMs: number = isUntried ? Math.min(remainingMs, QUIET_MS) : remainingMs;
    const next: Chunk = waitMs > 0 ? await input.next(waitMs) : "late";
    if (next === "late" && isUntried && waitMs < remainingMs) {
      isUntried = false;
      const event = eventIn(decode(chunks));
      if (event !== undefined) return event;
      continue;
    }
    if (typeof next === "string") return classify(decode(chunks), bytes, next, maxBytes);
    if (bytes < maxBytes) chunks.push(next.subarray(0, maxBytes - bytes));
    bytes += next.length;
    if (bytes > maxBytes) continue;
    // A chunk may end in a brace that is not the last. Waiting for half as much again before the
    // next try keeps the whole linear; what that misses, a pause or the end catches.
    isUntried = endsInBrace(next) && bytes < triedBytes * 1.5;
    if (!endsInBrace(next) || isUntried) continue;
    triedBytes = bytes;
    const event = eventIn(decode(chunks));
    if (event !== undefined) return event;
  }
}

/** Tells an event from a malformed one, given what was kept of the input and why it ended. */
function classify(
  text: string,
  bytes: number,
  ending: "end" | "late" | "unreadable",
  maxBytes: number,
): Outcome {
  const malformed = (reason: Malformation): Outcome => ({ kind: "malformed", reason, text, bytes });
  if (bytes > maxBytes) return malformed("oversized");
  const event = eventIn(text);
  if (event !== undefined) return event;
  if (isTooDeep(text)) return malformed("too deep");
  if (ending !== "end") return malformed(ending);
  return malformed(text.trim() === "" ? "empty" : "not a JSON object");
}

/**
 * Finds the session id in text that is no JSON. Claude Code writes it first; anywhere else the same
 * words may be part of a prompt or a file.
 */
export function leadingSessionId(text: string): string | undefined {
  return /^\s*\{\s*"session_id"\s*:\s*"([^"\\]{1,128})"/.exec(text)?.[1];
}

function eventIn(text: string): Outcome | undefined {
  if (isTooDeep(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? { kind: "event", payload: value as Payload, text } : undefined;
  } catch {
    return undefined;
  }
}

// Millions of brackets cost the parser seconds and a gigabyte; a record keeps a hundred levels.
const DEEPEST = 200_000;

function isTooDeep(text: string): boolean {
  if (text.length <= DEEPEST) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        at = endOfString(text, at);
        break;
      case 0x5b: // [
      case 0x7b: // {
        if (++depth > DEEPEST) return true;
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
