// How far a command has read the log.
import { paths } from "../../environment";
import { dayPath, listDays } from "../../log/log";
import type { Terminal } from "../terminal";

/** The size of the logs of some days in bytes. */
export function bytesOf(days: readonly string[]): number {
  return days.reduce((sum, day) => sum + Bun.file(dayPath(paths.events, day)).size, 0);
}

/** A callback for a reader's `onRead`, which shows how much of the log has been read. */
export function readingProgress(terminal: Terminal, since = ""): (bytes: number) => void {
  const days = listDays(paths.events).filter((day) => day >= since);
  const total = bytesOf(days);
  let read = 0;
  return (bytes) => {
    read += bytes;
    terminal.progress("Reading the log", Math.min(read / Math.max(total, 1), 1));
  };
}
