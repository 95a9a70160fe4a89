// Standard input, read with a deadline. The only reader of it.
//
// Claude Code hands a hook a socket and has been seen never to close it, so a read must be able to
// give up. With the C library that is `poll` and `read`, without an event loop: 0.3 ms less than
// Bun's stream (1.4.5, Linux x64), which does it elsewhere.
import { read } from "bun:ffi";
import { fileLibrary, type FileLibrary } from "../os/libc";

/** Some bytes, or why there are no more. */
export type Chunk = Uint8Array | "end" | "late" | "unreadable";

/** A source of bytes. */
export interface Input {
  /** Waits for the next bytes, at most so long. */
  next(timeoutMs: number): Chunk | Promise<Chunk>;
}

/** Opens the standard input of this process. */
export function standardInput(): Input {
  return fileLibrary === undefined
    ? streamInput(() => Bun.stdin.stream())
    : polledInput(fileLibrary, 0);
}

// What a pipe holds on Linux, and more than all but a few events.
const CHUNK_BYTES = 65_536;
const POLLIN = 1;
const EINTR = 4;
const EAGAIN = 11;

/** Reads a descriptor by way of the C library. */
export function polledInput(library: FileLibrary, fd: number): Input {
  // `struct pollfd`: the descriptor, then two shorts: what to wait for, and what came.
  const request = new Int32Array([fd, POLLIN]);
  return {
    next(timeoutMs) {
      const deadlineMs = performance.now() + timeoutMs;
      for (;;) {
        const leftMs = Math.max(0, Math.ceil(deadlineMs - performance.now()));
        const ready = library.poll(request, 1, leftMs);
        if (ready === 0) return "late";
        const buffer = new Uint8Array(CHUNK_BYTES);
        const bytes = ready < 0 ? ready : Number(library.read(fd, buffer, CHUNK_BYTES));
        if (bytes > 0) return buffer.subarray(0, bytes);
        if (bytes === 0) return "end";
        // A signal came, or another reader of the same pipe was faster: neither ends the input.
        const errno = library.__errno_location();
        const code = errno === null ? 0 : read.i32(errno);
        if (code !== EINTR && code !== EAGAIN) return "unreadable";
      }
    },
  };
}

/** Reads a stream. That it cannot be opened is an outcome, too: seen under Wine, of a pipe from outside. */
export function streamInput(open: () => ReadableStream<Uint8Array>): Input {
  const start = () => open().getReader();
  let reader: ReturnType<typeof start> | undefined;
  // What was not waited for to the end is what the next call waits for.
  let reading: ReturnType<ReturnType<typeof start>["read"]> | undefined;
  return {
    async next(timeoutMs) {
      const late = new Promise<"late">((resolve) => setTimeout(resolve, timeoutMs, "late"));
      try {
        reader ??= start();
        reading ??= reader.read();
        const next = await Promise.race([reading, late]);
        if (next === "late") return next;
        reading = undefined;
        return next.done ? "end" : next.value;
      } catch {
        return "unreadable";
      }
    },
  };
}
