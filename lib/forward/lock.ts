// One forwarder for each user, held by a lock that the kernel takes back when its process dies,
// however it dies. A file with a process's number in it would outlive the process.
import { dlopen } from "bun:ffi";
import { Fault } from "../os/fault";
import { openToKeep } from "../os/file";
import { system } from "../os/system";

/** A lock that this process holds. */
export interface Lock {
  /** Whether its file is still there: another process may lock a new one of the same name. */
  isNamed(): boolean;
  release(): void;
}

/**
 * Takes the lock, without waiting.
 *
 * @returns `undefined` where another process has it
 * @throws {Fault} where the file is not ours, or this system has no such lock
 */
export function acquireLock(path: string): Lock | undefined {
  return process.platform === "win32" ? lockOnWindows(path) : lockByFlock(path);
}

const LOCK_EX = 2;
const LOCK_NB = 4;
const LIBRARIES = ["libc.so.6", "libc.so", "libSystem.B.dylib"];

function lockByFlock(path: string): Lock | undefined {
  const library = open(LIBRARIES, { flock: { args: ["int", "int"], returns: "int" } } as const);
  const fd = openToKeep(path);
  if (library.flock(fd, LOCK_EX | LOCK_NB) !== 0) {
    system.close(fd);
    return undefined;
  }
  return {
    isNamed: () => system.statusOf(fd).names > 0,
    release: () => system.close(fd),
  };
}

const GENERIC_WRITE = 0x4000_0000;
const OPEN_ALWAYS = 4;
const SHARED_WITH_NOBODY = 0;
const INVALID_HANDLE = -1n;

// A file that is opened to be shared with nobody is as good. (Not run: see the README.)
function lockOnWindows(path: string): Lock | undefined {
  const library = open(["kernel32.dll"], {
    CreateFileW: { args: ["buffer", "u32", "u32", "ptr", "u32", "u32", "ptr"], returns: "i64" },
    CloseHandle: { args: ["i64"], returns: "int" },
  } as const);
  const name = Buffer.from(`${path}\0`, "utf16le");
  const access = [GENERIC_WRITE, SHARED_WITH_NOBODY, null, OPEN_ALWAYS, 0, null] as const;
  const handle = library.CreateFileW(name, ...access);
  if (handle === INVALID_HANDLE) return undefined;
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
      // Not this system's name for it.
    }
  }
  throw new Fault("no lock on this system", names.join(", "));
}
