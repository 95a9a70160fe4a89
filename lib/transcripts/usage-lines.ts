// The lines of a transcript that contain usage and the prompt that caused it. The file is read one window at a time, so that
// memory does not grow with it. Most of a transcript is text that is not needed here and is skipped unparsed.
import { openOwnFile } from "../os/file";
import { system } from "../os/choose-syscalls";

/** A line, or what is needed of it. Its bytes are valid until the next one is asked for. */
export type UsageLine =
  | { readonly kind: "answer" | "bill"; readonly bytes: Buffer; readonly isWhole: boolean }
  | { readonly kind: "prompt"; readonly promptId: string }
  /** Longer than any that says what was used. */
  | { readonly kind: "too long" };

const WINDOW_BYTES = 1_048_576;
// A model's longest answer is a fraction of this; a line with pictures may be longer, but says nothing of use.
const MAX_LINE_BYTES = 16_777_216;
const NEWLINE = 0x0a;
const QUOTE = 0x22;

// Within a text each quote is escaped, so a name with its quotes and colon is always a key.
const USAGE = Buffer.from('"usage":{');
const PROMPT = Buffer.from('"promptId":"');
const BILL = Buffer.from('"type":"cost-state"');
const ASSISTANT = Buffer.from('"type":"assistant"');
const MESSAGE = Buffer.from('"message":{');
const CONTENT = Buffer.from('"content":[');
const REQUEST = Buffer.from('"requestId":"');
const MAX_ID_BYTES = 100;

/**
 * Reads a transcript from its beginning.
 *
 * @param onRead called with the number of bytes read, a window at a time
 * @throws {Fault} if it is not one of our regular files, or cannot be read
 */
export function* usageLines(path: string, onRead?: (bytes: number) => void): Generator<UsageLine> {
  const { fd, size } = openOwnFile(path);
  try {
    // One byte more, to see the end at once.
    let buffer = Buffer.allocUnsafe(Math.min(size + 1, WINDOW_BYTES));
    let kept = 0;
    let isSkipping = false;
    for (let position = 0; ;) {
      const bytes = system.readAt(fd, buffer.subarray(kept), position);
      onRead?.(bytes);
      position += bytes;
      const filled = kept + bytes;
      const window = buffer.subarray(0, filled);
      const end = bytes === 0 ? filled : window.lastIndexOf(NEWLINE) + 1;
      const begin = isSkipping ? skipped(window, bytes === 0) : 0;
      if (begin > 0 || end > 0) isSkipping = false;
      if (begin < end) yield* linesIn(window.subarray(begin, end));
      if (bytes === 0) return;
      kept = filled - end;
      if (isSkipping) kept = 0;
      else if (end > 0) buffer.copyWithin(0, end, filled);
      else if (kept === buffer.length) {
        if (kept >= MAX_LINE_BYTES) {
          yield { kind: "too long" };
          isSkipping = true;
          kept = 0;
        } else buffer = Buffer.concat([buffer], 4 * kept);
      }
    }
  } finally {
    system.close(fd);
  }
}

/** Where the line after one that is skipped begins; 0 if that is not in the window. */
function skipped(window: Buffer, isEnd: boolean): number {
  const newline = window.indexOf(NEWLINE);
  return newline < 0 ? (isEnd ? window.length : 0) : newline + 1;
}

function* linesIn(window: Buffer): Generator<UsageLine> {
  let [usage, prompt, bill] = [-1, -1, -1];
  let promptId = "";
  let last: AnswerHead | undefined;
  for (let at = 0; at < window.length;) {
    if (usage < at) usage = find(window, USAGE, at);
    if (prompt < at) prompt = find(window, PROMPT, at);
    if (bill < at) bill = find(window, BILL, at);
    const hit = Math.min(usage, prompt, bill);
    if (hit === Infinity) return;
    const newline = window.indexOf(NEWLINE, hit);
    const end = newline < 0 ? window.length : newline;
    const isWhole = newline >= 0;
    if (usage < end || bill < end) {
      const begin = window.lastIndexOf(NEWLINE, hit) + 1;
      const bytes = window.subarray(begin, end);
      if (bill < end) yield { kind: "bill", bytes, isWhole };
      else if (bytes.includes(ASSISTANT)) {
        const head = answerHead(bytes, begin, usage);
        if (!isRepeated(window, last, head)) yield { kind: "answer", bytes, isWhole };
        last = head;
      }
    }
    if (prompt < end) {
      // Each result of a tool has it, too.
      const id = idAt(window, prompt + PROMPT.length);
      if (id !== promptId) yield { kind: "prompt", promptId: (promptId = id) };
    }
    at = end + 1;
  }
}

/** Where the line of an answer has the message up to its content, with all that was used, and the request's id. */
interface AnswerHead {
  readonly begin: number;
  readonly end: number;
  readonly requestId: string;
}

// Looked for in the line alone: where one of them is missing, as the request's id behind a gateway, the rest of the window
// would be searched for each line.
function answerHead(line: Buffer, lineBegin: number, usage: number): AnswerHead | undefined {
  const begin = line.indexOf(MESSAGE);
  const content = line.indexOf(CONTENT, usage - lineBegin);
  // Early clients put the content first.
  if (begin < 0 || begin > usage - lineBegin || content < 0) return undefined;
  const request = line.indexOf(REQUEST);
  const requestId = request < 0 ? "" : idAt(line, request + REQUEST.length);
  return { begin: lineBegin + begin, end: lineBegin + content, requestId };
}

// An answer has a line for each of its blocks, all with the same usage. To parse one of them is enough.
function isRepeated(
  window: Buffer,
  last: AnswerHead | undefined,
  head: AnswerHead | undefined,
): boolean {
  if (last === undefined || head === undefined || last.requestId !== head.requestId) return false;
  return window.compare(window, last.begin, last.end, head.begin, head.end) === 0;
}

function find(window: Buffer, wanted: Buffer, from: number): number {
  const at = window.indexOf(wanted, from);
  return at < 0 ? Infinity : at;
}

function idAt(window: Buffer, begin: number): string {
  const end = window.indexOf(QUOTE, begin);
  return end < 0 || end - begin > MAX_ID_BYTES ? "" : window.toString("latin1", begin, end);
}
