// Reads standard input with a deadline. No other file reads it.
//
// Claude Code gives a hook a socket and sometimes never closes it, so a read must be able to give up. With the
// C library, `poll` and `read` do that without an event loop, 0.3 ms faster than Bun's stream (1.4.5, Linux
// x64), which is used if the library is missing.
import { errnoOf, fileLibrary, type FileLibrary } from "../os/libc";

/** The next bytes, or why there are none. */
export type Chunk = Uint8Array | "end" | "late" | "unreadable";

/** A source of bytes. */
export interface Input {
  /** Waits for the next bytes, for at most `timeoutMs`. */
  next(timeoutMs: number): Chunk | Promise<Chunk>;
}

/** Opens the standard input of this process. */
export function standardInput(): Input {
  return fileLibrary === undefined
    ? streamInput(() => Bun.stdin.stream())
    : polledInput(fileLibrary, 0);
}

// Few events are longer than the first. The second is the capacity of a pipe on Linux; its memory would cost each hook
// sixteen pages.
const FIRST_CHUNK_BYTES = 8192;
const CHUNK_BYTES = 65_536;
// <poll.h> and <asm-generic/errno-base.h>
const POLLIN = 1;
const EINTR = 4;
const EAGAIN = 11;

/** Reads a descriptor through the C library. */
export function polledInput(library: FileLibrary, fd: number): Input {
  // `struct pollfd`: the descriptor, then two shorts, the events to wait for and those that came.
  const request = new Int32Array([fd, POLLIN]);
  const errno = errnoOf(library);
  let size = FIRST_CHUNK_BYTES;
  return {
    next(timeoutMs) {
      const deadlineMs = performance.now() + timeoutMs;
      for (;;) {
        const leftMs = Math.max(0, Math.ceil(deadlineMs - performance.now()));
        const ready = library.poll(request, 1, leftMs);
        if (ready === 0) return "late";
        const buffer = new Uint8Array(size);
        const bytes = ready < 0 ? ready : Number(library.read(fd, buffer, size));
        size = CHUNK_BYTES;
        if (bytes > 0) return buffer.subarray(0, bytes);
        if (bytes === 0) return "end";
        // A signal, or another reader of the same pipe that was faster: the input goes on.
        const code = errno();
        if (code !== EINTR && code !== EAGAIN) return "unreadable";
      }
    },
  };
}

/** Reads a stream. One that cannot be opened is unreadable, as pipes from outside Wine are. */
export function streamInput(open: () => ReadableStream<Uint8Array>): Input {
  const start = () => open().getReader();
  let reader: ReturnType<typeof start> | undefined;
  // A read that was late, which the next call waits for.
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
