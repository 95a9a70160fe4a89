// The C library, where it answers faster than the runtime's own modules.
//
// A hook is a fresh process, and loading `node:fs` is a seventh of its life: 0.7 of 5 ms, for some two
// hundred functions of which it needs a dozen. Taking those from the C library costs 0.3 ms (Bun
// 1.4.5, Linux x64). Where the library is not known, or has not all of them, there is `undefined`,
// and every caller has a slower way that does the same.
import { dlopen, FFIType, type Library } from "bun:ffi";

const TIME = { localtime_r: { args: ["buffer", "buffer"], returns: "ptr" } } as const;

const FILES = {
  ...TIME,
  __errno_location: { args: [], returns: "ptr" },
  poll: { args: ["buffer", "u64", "int"], returns: "int" },
  open: { args: ["buffer", "int", "int"], returns: "int" },
  close: { args: ["int"], returns: "int" },
  read: { args: ["int", "buffer", "u64"], returns: FFIType.i64_fast },
  pread: { args: ["int", "buffer", "u64", FFIType.i64_fast], returns: FFIType.i64_fast },
  write: { args: ["int", "buffer", "u64"], returns: FFIType.i64_fast },
  statx: { args: ["int", "buffer", "int", "u32", "buffer"], returns: "int" },
  rename: { args: ["buffer", "buffer"], returns: "int" },
  renameat2: { args: ["int", "buffer", "int", "buffer", "u32"], returns: "int" },
  unlink: { args: ["buffer"], returns: "int" },
  opendir: { args: ["buffer"], returns: "ptr" },
  readdir: { args: ["ptr"], returns: "ptr" },
  closedir: { args: ["ptr"], returns: "int" },
} as const;

/** What tells local time, on Linux and macOS. */
export type TimeLibrary = Library<typeof TIME>["symbols"];

/** What works on files besides, on Linux, whose constants and structures we know. */
export type FileLibrary = Library<typeof FILES>["symbols"];

export const fileLibrary: FileLibrary | undefined =
  process.platform === "linux" && (process.arch === "x64" || process.arch === "arm64")
    ? (load("libc.so.6", FILES) ?? load("libc.so", FILES))
    : undefined;

export const timeLibrary: TimeLibrary | undefined =
  fileLibrary ?? (process.platform === "darwin" ? load("libSystem.B.dylib", TIME) : undefined);

function load<T extends typeof TIME>(
  name: string,
  functions: T,
): Library<T>["symbols"] | undefined {
  try {
    return dlopen(name, functions).symbols;
  } catch {
    // Not this system's name for it, or not all of the functions.
    return undefined;
  }
}
