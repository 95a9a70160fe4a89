// Reads the lines of one log file, forward or backward, holding no more than a window of it in memory.
// Lines are bytes here; `reader.ts` parses them.
import { openOwnFile } from "../os/file";
import { system } from "../os/choose-syscalls";

// Twice the longest record (`limits.record_bytes` in `config.ts`): a longer line is not ours.
const LONGEST_LINE_BYTES = 262_144;
// Four of the longest lines. It must hold at least one; larger windows are not faster.
const WINDOW_BYTES = 1_048_576;
const NEWLINE = 0x0a;

/** A line, and its place in the file. */
export interface Line {
  /** Without its newline, valid until the next line is read; `undefined` if it is too long to be ours. */
  readonly bytes: Buffer | undefined;
  /** Offset of its first byte. */
  readonly begin: number;
  /** Offset of the byte after its newline. */
  readonly end: number;
  /** Whether the line has its newline. */
  readonly isWhole: boolean;
}

/** How to read a file. */
export interface LineOptions {
  /** Offset of the first byte wanted, which must begin a line. */
  readonly from?: number;
  /**
   * Only lines that contain this text, or a match of this pattern, which is global and knows only ASCII. Searching a
   * window at a time is far cheaper than checking each line.
   */
  readonly containing?: string | RegExp;
  /** Called with the number of bytes read, a window at a time; `false` ends the reading before them. */
  readonly onRead?: ((bytes: number) => boolean | void) | undefined;
}

/**
 * The lines of a file, first to last. The last may lack its newline, because it is still being written
 * or because its writer died.
 *
 * @throws {Fault} if the file is not ours or cannot be read
 */
export function* linesForward(path: string, options: LineOptions = {}): Generator<Line> {
  const { fd } = openOwnFile(path);
  try {
    const buffer = Buffer.allocUnsafe(WINDOW_BYTES);
    let position = options.from ?? 0;
    for (;;) {
      const bytes = system.readAt(fd, buffer, position);
      if (options.onRead?.(bytes) === false) return;
      const lastNewline = bytes === 0 ? -1 : buffer.lastIndexOf(NEWLINE, bytes - 1);
      if (lastNewline >= 0) {
        const window: Window = { buffer, position, size: lastNewline + 1 };
        const places = placesIn(window, options.containing);
        for (let at = 0; at < window.size;) {
          const found = nextLine(window, at, places);
          if (found === undefined) break;
          yield toLine(window, found.begin, found.newline);
          at = found.newline + 1;
        }
        position += window.size;
      } else if (bytes < WINDOW_BYTES) {
        // The end of the file: either nothing is left, or a line without its newline.
        if (bytes > 0) yield* unendedLine({ buffer, position, size: bytes }, options.containing);
        return;
      } else {
        const begin = position;
        const { end, isWhole } = endOfLongLine(fd, buffer, position + bytes, options);
        yield { bytes: undefined, begin, end, isWhole };
        position = end;
      }
    }
  } finally {
    system.close(fd);
  }
}

/**
 * The lines of a file, last to first.
 *
 * @throws {Fault} if the file is not ours or cannot be read
 */
export function* linesBackward(path: string, options: LineOptions = {}): Generator<Line> {
  const { fd, size } = openOwnFile(path);
  try {
    const buffer = Buffer.allocUnsafe(WINDOW_BYTES);
    const first = options.from ?? 0;
    let end = size;
    // First the last line, if it has no newline.
    const tail = Math.max(first, end - WINDOW_BYTES);
    const read = system.readAt(fd, buffer.subarray(0, end - tail), tail);
    const lastNewline = read === 0 ? -1 : buffer.lastIndexOf(NEWLINE, read - 1);
    if (lastNewline < 0 && tail > first) {
      options.onRead?.(read);
      const begin = beginOfLongLine(fd, buffer, tail, options);
      yield { bytes: undefined, begin, end, isWhole: false };
      end = begin;
    } else if (lastNewline + 1 < read) {
      const rest: Window = {
        buffer: buffer.subarray(lastNewline + 1),
        position: tail + lastNewline + 1,
        size: read - lastNewline - 1,
      };
      options.onRead?.(rest.size);
      yield* unendedLine(rest, options.containing);
      end = rest.position;
    }
    while (end > first) {
      const position = Math.max(first, end - WINDOW_BYTES);
      const bytes = system.readAt(fd, buffer.subarray(0, end - position), position);
      if (bytes < end - position) return; // The file was truncated after it was opened.
      if (options.onRead?.(bytes) === false) return;
      // What comes before the first newline belongs to a line that begins in the window before.
      const begin = position === first ? 0 : buffer.indexOf(NEWLINE) + 1;
      if (begin === bytes) {
        const lineEnd = end;
        end = beginOfLongLine(fd, buffer, position, options);
        yield { bytes: undefined, begin: end, end: lineEnd, isWhole: true };
        continue;
      }
      const window: Window = { buffer, position, size: bytes };
      const places = placesIn(window, options.containing);
      for (let at = bytes; at > begin;) {
        const found = previousLine(window, begin, at, places);
        if (found === undefined) break;
        yield toLine(window, found.begin, found.newline);
        at = found.begin;
      }
      end = position + begin;
    }
  } finally {
    system.close(fd);
  }
}

// Most lines are shorter than the first.
const LINE_STEPS = [16_384, LONGEST_LINE_BYTES + 1] as const;

/**
 * The line that begins at an offset, without its newline; `undefined` if there is none, or it is too long to be ours.
 *
 * @param fd a file opened for reading
 */
export function lineAt(fd: number, offset: number): Buffer | undefined {
  for (const size of LINE_STEPS) {
    const buffer = Buffer.allocUnsafe(size);
    const bytes = buffer.subarray(0, system.readAt(fd, buffer, offset));
    const newline = bytes.indexOf(NEWLINE);
    if (newline >= 0) return bytes.subarray(0, newline);
    if (bytes.length < size) return bytes.length === 0 ? undefined : bytes;
  }
  return undefined;
}

/** A part of a file in memory: the first `size` bytes of `buffer`, read from offset `position`. */
interface Window {
  readonly buffer: Buffer;
  readonly position: number;
  readonly size: number;
}

interface Found {
  readonly begin: number;
  readonly newline: number;
}

/** The places in a window that match. They can be read in one direction only. */
interface Places {
  /** The first one from an offset on; -1 if there is none. */
  from(offset: number): number;
  /** The last one before an offset; -1 if there is none. */
  before(offset: number): number;
}

function placesIn(
  { buffer, size }: Window,
  wanted: string | RegExp | undefined,
): Places | undefined {
  if (wanted === undefined) return undefined;
  if (typeof wanted === "string")
    return {
      from: (offset) => {
        const place = buffer.indexOf(wanted, offset);
        return place < size ? place : -1;
      },
      before: (offset) => buffer.lastIndexOf(wanted, offset - 1),
    };
  // A byte is a character here, so that a match is where it is in the file.
  const places = Array.from(
    buffer.toString("latin1", 0, size).matchAll(wanted),
    ({ index }) => index,
  );
  let first = 0;
  let end = places.length;
  return {
    from: (offset) => {
      while (first < places.length && (places[first] as number) < offset) first++;
      return places[first] ?? -1;
    },
    before: (offset) => {
      while (end > 0 && (places[end - 1] as number) >= offset) end--;
      return places[end - 1] ?? -1;
    },
  };
}

// The window ends in a newline, so there is one after every match in it.
function nextLine({ buffer }: Window, from: number, places: Places | undefined): Found | undefined {
  if (places === undefined) return { begin: from, newline: buffer.indexOf(NEWLINE, from) };
  const match = places.from(from);
  if (match < 0) return undefined;
  return { begin: beginOfLine(buffer, match, from), newline: buffer.indexOf(NEWLINE, match) };
}

function previousLine(
  { buffer }: Window,
  from: number,
  end: number,
  places: Places | undefined,
): Found | undefined {
  if (places === undefined) return { begin: beginOfLine(buffer, end - 1, from), newline: end - 1 };
  const match = places.before(end);
  if (match < from) return undefined;
  return { begin: beginOfLine(buffer, match, from), newline: buffer.indexOf(NEWLINE, match) };
}

function beginOfLine(buffer: Buffer, within: number, from: number): number {
  if (within <= from) return from;
  return Math.max(from, buffer.lastIndexOf(NEWLINE, within - 1) + 1);
}

function toLine({ buffer, position }: Window, begin: number, newline: number): Line {
  const isOurs = newline - begin <= LONGEST_LINE_BYTES;
  return {
    bytes: isOurs ? buffer.subarray(begin, newline) : undefined,
    begin: position + begin,
    end: position + newline + 1,
    isWhole: true,
  };
}

function* unendedLine(
  { buffer, position, size }: Window,
  wanted: string | RegExp | undefined,
): Generator<Line> {
  const bytes = size > LONGEST_LINE_BYTES ? undefined : buffer.subarray(0, size);
  const places = placesIn({ buffer, position, size }, wanted);
  if (places !== undefined && (bytes === undefined || places.from(0) < 0)) return;
  yield { bytes, begin: position, end: position + size, isWhole: false };
}

/** Where a line that fills the whole window before `start` ends, and whether it has its newline. */
function endOfLongLine(
  fd: number,
  buffer: Buffer,
  start: number,
  { onRead }: LineOptions,
): Pick<Line, "end" | "isWhole"> {
  for (let position = start; ;) {
    const bytes = system.readAt(fd, buffer, position);
    if (bytes === 0) return { end: position, isWhole: false };
    onRead?.(bytes);
    const newline = buffer.subarray(0, bytes).indexOf(NEWLINE);
    if (newline >= 0) return { end: position + newline + 1, isWhole: true };
    position += bytes;
  }
}

/** Where a line that fills the whole window from `position` on begins. */
function beginOfLongLine(
  fd: number,
  buffer: Buffer,
  position: number,
  { from: first = 0, onRead }: LineOptions,
): number {
  for (let end = position; end > first;) {
    const begin = Math.max(first, end - WINDOW_BYTES);
    const bytes = system.readAt(fd, buffer.subarray(0, end - begin), begin);
    onRead?.(bytes);
    const newline = buffer.subarray(0, bytes).lastIndexOf(NEWLINE);
    if (newline >= 0) return begin + newline + 1;
    end = begin;
  }
  return first;
}
