// Loads the C library, where it is faster than the runtime's own modules.
//
// A hook is a fresh process of 5 ms, of which loading `node:fs` would take 0.7, for two hundred functions
// when it needs a dozen. Loading those from the C library takes 0.3 ms (Bun 1.4.5, Linux x64). On a system
// where the library or one of the functions is missing, it is `undefined`, and callers use `node:fs`.
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

/** The function for local time, on Linux and macOS. */
export type TimeLibrary = Library<typeof TIME>["symbols"];

/** Also those for files, on Linux, whose constants and structures we know. */
export type FileLibrary = Library<typeof FILES>["symbols"];

/** The file functions of this system's C library. */
export const fileLibrary: FileLibrary | undefined =
  process.platform === "linux" && (process.arch === "x64" || process.arch === "arm64")
    ? (load("libc.so.6", FILES) ?? load("libc.so", FILES))
    : undefined;

/** The time function of this system's C library. */
export const timeLibrary: TimeLibrary | undefined =
  fileLibrary ?? (process.platform === "darwin" ? load("libSystem.B.dylib", TIME) : undefined);

function load<T extends typeof TIME>(
  name: string,
  functions: T,
): Library<T>["symbols"] | undefined {
  try {
    return dlopen(name, functions).symbols;
  } catch {
    // This system has another name for it, or lacks one of the functions.
    return undefined;
  }
}
