// One forwarder per user, by a lock that the kernel releases when its process dies, however it dies. A file
// with the process's number in it would outlive the process.
import { dlopen } from "bun:ffi";
import { Fault } from "../os/fault";
import { openOrCreate } from "../os/file";
import { system } from "../os/system";

/** The lock, held by this process. */
export interface Lock {
  /** Whether its file still has a name; if not, another process may lock a new file. */
  isNamed(): boolean;
  release(): void;
}

/**
 * Acquires the lock without waiting.
 *
 * @returns `undefined` where another process holds it
 * @throws {Fault} where the file is not ours, or the system has no such lock
 */
export function acquireLock(path: string): Lock | undefined {
  return process.platform === "win32" ? lockOnWindows(path) : lockByFlock(path);
}

// flock(2); the numbers are the same on Linux and macOS.
const LOCK_EX = 2;
const LOCK_NB = 4;
/** glibc, musl, macOS. */
const LIBRARIES = ["libc.so.6", "libc.so", "libSystem.B.dylib"];

function lockByFlock(path: string): Lock | undefined {
  const library = open(LIBRARIES, { flock: { args: ["int", "int"], returns: "int" } } as const);
  const fd = openOrCreate(path);
  if (library.flock(fd, LOCK_EX | LOCK_NB) !== 0) {
    system.close(fd);
    return undefined;
  }
  return {
    isNamed: () => system.statusOf(fd).names > 0,
    release: () => system.close(fd),
  };
}

// fileapi.h and winnt.h.
const GENERIC_WRITE = 0x4000_0000;
const OPEN_ALWAYS = 4;
const FILE_SHARE_NONE = 0;
const INVALID_HANDLE_VALUE = -1n;

// A file that is open without sharing is locked as well. Not run on Windows yet.
function lockOnWindows(path: string): Lock | undefined {
  const library = open(["kernel32.dll"], {
    CreateFileW: { args: ["buffer", "u32", "u32", "ptr", "u32", "u32", "ptr"], returns: "i64" },
    CloseHandle: { args: ["i64"], returns: "int" },
  } as const);
  const name = Buffer.from(`${path}\0`, "utf16le");
  const access = [GENERIC_WRITE, FILE_SHARE_NONE, null, OPEN_ALWAYS, 0, null] as const;
  const handle = library.CreateFileW(name, ...access);
  if (handle === INVALID_HANDLE_VALUE) return undefined;
  return { isNamed: () => true, release: () => void library.CloseHandle(handle) };
}

function open<Functions extends Parameters<typeof dlopen>[1]>(
  names: readonly string[],
  functions: Functions,
) {
  for (const name of names) {
    try {
      return dlopen(name, functions).symbols;
    } catch {
      // Another system's name.
    }
  }
  throw new Fault("no lock on this system", names.join(", "));
}
