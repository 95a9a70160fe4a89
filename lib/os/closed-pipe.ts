// Whether the reader of a pipe has gone. A program that waits for something to write would not notice.
import { fileLibrary, loadPoll, type Poll } from "./libc";

const POLLERR = 8;
const POLLHUP = 16;

let loaded: Poll | undefined;

/** Whether a descriptor has no reader any more. On Windows this is never known before a write. */
export function isPipeClosed(fd: number): boolean {
  const poll = fileLibrary?.poll ?? (loaded ??= loadPoll());
  // `struct pollfd`: the descriptor, then two shorts, of which the second is what happened.
  const request = new Int32Array([fd, 0]);
  if (poll === undefined || poll(request, 1, 0) <= 0) return false;
  return (((request[1] ?? 0) >>> 16) & (POLLERR | POLLHUP)) !== 0;
}
