// Removes one session's records from the log, and the copies of them that servers rejected.
import { paths } from "../../environment";
import { rejectedLines, rejectedPath } from "../../forward/rejected";
import { dayPath, indexPath } from "../../log/log";
import { readHeads, textInLines } from "../../log/reader";
import { openOwnFile, openToUpdate, removeFile } from "../../os/file";
import { namesIn } from "../../os/folder";
import { nodeFs } from "../../os/syscalls-node";
import { system } from "../../os/choose-syscalls";

/** Where a line is in its file: the offsets of its first byte and of the byte after its newline. */
export interface LinePlace {
  readonly begin: number;
  readonly end: number;
}

/** The lines of one session, by file. */
export interface SessionPlaces {
  readonly count: number;
  /** `YYYY-MM-DD` */
  readonly days: ReadonlyMap<string, readonly LinePlace[]>;
}

/** Finds the lines of a session, including those that were cut short or are not records. */
export function findPlaces(id: string, onRead: (bytes: number) => void): SessionPlaces {
  const days = new Map<string, LinePlace[]>();
  let count = 0;
  const containing = textInLines(id, true);
  for (const entry of readHeads(paths.events, { containing, onRead })) {
    const { day, begin, end } = entry;
    const belongs =
      entry.kind === "head"
        ? entry.head.session_id === id
        : end > begin && namesSession(id, dayPath(paths.events, day), entry);
    if (!belongs) continue;
    const places = days.get(day) ?? [];
    days.set(day, places);
    places.push({ begin, end });
    count++;
  }
  return { count, days };
}

/** Erases the lines that were found. */
export function erasePlaces({ days }: SessionPlaces): void {
  for (const [day, places] of days) {
    removeFile(indexPath(paths.events, day));
    erase(dayPath(paths.events, day), places);
  }
}

/** Erases a session's events from every `rejected.jsonl`. */
export function eraseRejected(id: string): void {
  for (const name of namesIn(paths.forward)) {
    const path = rejectedPath(`${paths.forward}/${name}`);
    const places = Array.from(rejectedLines(path)).filter(
      ({ rejected }) => rejected?.record.session_id === id,
    );
    if (places.length > 0) erase(path, places);
  }
}

// As much of a line as is looked at for a session id.
const MAX_LINE_BYTES = 1_048_576;

/** Whether a line that is not a record has this session id. No view could show it, so it is erased as well. */
function namesSession(id: string, path: string, { begin, end }: LinePlace): boolean {
  const { fd } = openOwnFile(path);
  try {
    const bytes = Buffer.alloc(Math.min(end - begin, MAX_LINE_BYTES));
    const text = bytes.toString("utf8", 0, system.readAt(fd, bytes, begin));
    return new RegExp(`"session_id"\\s*:\\s*"${RegExp.escape(id)}"`).test(text);
  } finally {
    system.close(fd);
  }
}

// In place, because hooks may be appending to the file and forwarders have offsets into it: nothing else
// moves, and every reader skips a blank line.
function erase(path: string, places: readonly LinePlace[]): void {
  const fs = nodeFs();
  const fd = openToUpdate(path);
  try {
    for (const { begin, end } of places) {
      const blank = Buffer.alloc(end - begin, " ");
      blank.write("\n", blank.length - 1);
      fs.writeSync(fd, blank, 0, blank.length, begin);
    }
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}
