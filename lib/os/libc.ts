// Loads the C library, where it is faster than the runtime's own modules.
//
// A hook is a fresh process of 5 ms, of which loading `node:fs` would take 0.7, for two hundred functions
// when it needs a dozen. On a system where the library or one of the functions is missing, it is `undefined`, and
// callers use `node:fs`.
import type { dlopen, FFIFunction, FFIType, Library } from "bun:ffi";

/** What `bun:ffi` is made of. */
interface NativeFfi {
  readonly dlopen: typeof dlopen;
  readonly read: { i32(pointer: number | bigint): number };
  /** Reads a C string. */
  CString(pointer: number | bigint, offset: number): string;
}

// The module `bun:ffi` wraps this in JavaScript that we do not need, and importing it costs each process 0.4 ms (Bun
// 1.4.5). It is in no documentation: a runtime without it uses `node:fs`.
const ffi = (Bun as unknown as { readonly FFI?: NativeFfi }).FFI;

const I64_FAST = 15 as FFIType.i64_fast;

// What every event needs. Each function costs every process 25 µs, so the others are loaded when they are called.
const FILES = {
  __errno_location: { args: [], returns: "ptr" },
  poll: { args: ["buffer", "u64", "int"], returns: "int" },
  open: { args: ["buffer", "int", "int"], returns: "int" },
  close: { args: ["int"], returns: "int" },
  read: { args: ["int", "buffer", "u64"], returns: I64_FAST },
  pread: { args: ["int", "buffer", "u64", I64_FAST], returns: I64_FAST },
  write: { args: ["int", "buffer", "u64"], returns: I64_FAST },
  statx: { args: ["int", "buffer", "int", "u32", "buffer"], returns: "int" },
} as const;

const NAMES = {
  rename: { args: ["buffer", "buffer"], returns: "int" },
  renameat2: { args: ["int", "buffer", "int", "buffer", "u32"], returns: "int" },
  unlink: { args: ["buffer"], returns: "int" },
  opendir: { args: ["buffer"], returns: "ptr" },
  readdir: { args: ["ptr"], returns: "ptr" },
  closedir: { args: ["ptr"], returns: "int" },
} as const;

const TIME = { localtime_r: { args: ["buffer", "buffer"], returns: "ptr" } } as const;

type Functions = Readonly<Record<string, FFIFunction>>;
type Symbols<T extends Functions> = Library<T>["symbols"];

/** The functions for the content of files, on Linux, whose constants and structures we know. */
export type FileLibrary = Symbols<typeof FILES>;

/** The functions for the names of files, on Linux. */
export type NameLibrary = Symbols<typeof NAMES>;

/** The function for local time, on Linux and macOS. */
export type TimeLibrary = Symbols<typeof TIME>;

const MACOS_LIBRARY = "libSystem.B.dylib";
const isKnownLinux =
  process.platform === "linux" && (process.arch === "x64" || process.arch === "arm64");

/** The functions of this system's C library for the content of files. */
export const fileLibrary: FileLibrary | undefined = isKnownLinux ? loadOnLinux(FILES) : undefined;

/** Loads the functions of this system's C library for the names of files. */
export function loadNameLibrary(): NameLibrary | undefined {
  return isKnownLinux ? loadOnLinux(NAMES) : undefined;
}

/** Loads the function of this system's C library for local time. */
export function loadTimeLibrary(): TimeLibrary | undefined {
  if (isKnownLinux) return loadOnLinux(TIME);
  return process.platform === "darwin" ? load(MACOS_LIBRARY, TIME) : undefined;
}

const MACOS_POLL = { poll: { args: ["buffer", "u32", "int"], returns: "int" } } as const;

/** `poll` of <poll.h>. */
export type Poll = (request: Int32Array, count: number, timeoutMs: number) => number;

/** Loads `poll` on macOS. */
export function loadPoll(): Poll | undefined {
  return process.platform === "darwin" ? load(MACOS_LIBRARY, MACOS_POLL)?.poll : undefined;
}

function loadOnLinux<T extends Functions>(functions: T): Symbols<T> | undefined {
  return load("libc.so.6", functions) ?? load("libc.so", functions);
}

function load<T extends Functions>(name: string, functions: T): Symbols<T> | undefined {
  try {
    return ffi?.dlopen(name, functions).symbols;
  } catch {
    // This system has another name for it, or lacks one of the functions.
    return undefined;
  }
}

/**
 * Makes a function for the number of the last error of a call. It looks up the place of that number now: between a call and
 * the look, nothing must happen that could set another.
 */
export function errnoOf(library: Pick<FileLibrary, "__errno_location">): () => number {
  const at = library.__errno_location();
  return () => (at === null || ffi === undefined ? 0 : ffi.read.i32(at));
}

/** The C string at an offset from a pointer that a function returned. */
export function textAt(pointer: number | bigint, offset: number): string {
  return ffi?.CString(pointer, offset) ?? "";
}
