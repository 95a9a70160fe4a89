// Whether the reader of a pipe has gone. A program that waits for something to write would not notice.
import { dlopen } from "bun:ffi";
import { fileLibrary } from "./libc";

const POLLERR = 8;
const POLLHUP = 16;

type Poll = (request: Int32Array, count: number, timeoutMs: number) => number;

/** Whether what is written to a descriptor can reach nobody. On Windows it is never known before a write. */
export function isPipeClosed(fd: number): boolean {
  const poll = (fileLibrary?.poll as Poll | undefined) ?? systemPoll();
  // `struct pollfd`: the descriptor, then two shorts, of which the second is what happened.
  const request = new Int32Array([fd, 0]);
  if (poll === undefined || poll(request, 1, 0) <= 0) return false;
  return (((request[1] ?? 0) >>> 16) & (POLLERR | POLLHUP)) !== 0;
}

let loaded: Poll | undefined;

function systemPoll(): Poll | undefined {
  if (process.platform !== "darwin") return undefined;
  const functions = { poll: { args: ["buffer", "u32", "int"], returns: "int" } } as const;
  return (loaded ??= dlopen("libSystem.B.dylib", functions).symbols.poll as Poll);
}
