// One forwarder per user, by a lock that the kernel releases when its process dies, however it dies. Where a disk has
// no such locks (Lustre, some FUSE), a file names the process, and counts only while that process lives.
import { dlopen, read } from "bun:ffi";
import { Fault, faultCode } from "../os/fault";
import { openOrCreate, readOwnFile, removeFile, writeAll } from "../os/file";
import { system } from "../os/choose-syscalls";
import { nodeFs } from "../os/syscalls-node";

/** The lock, held by this process. */
export interface Lock {
  /** Whether its file still has a name; if not, another process may lock a new file. */
  isNamed(): boolean;
  release(): void;
}

/**
 * Acquires the lock without waiting.
 *
 * @returns `undefined` if another process holds it
 * @throws {Fault} if the file is not ours, or the system has no such lock
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
    const isTaken = lastError() === WOULD_BLOCK;
    system.close(fd);
    return isTaken ? undefined : lockByName(`${path}.pid`);
  }
  return {
    isNamed: () => system.statusOf(fd).names > 0,
    release: () => system.close(fd),
  };
}

/** <errno.h> of macOS and of Linux. */
const WOULD_BLOCK = process.platform === "darwin" ? 35 : 11;

function lastError(): number {
  const name = process.platform === "darwin" ? "__error" : "__errno_location";
  const at = open(LIBRARIES, { [name]: { args: [], returns: "ptr" } } as const)[name]?.();
  return typeof at === "number" ? read.i32(at as Parameters<typeof read.i32>[0]) : 0;
}

const MAX_PID_FILE_BYTES = 256;

// If two processes find a dead process's file, the second may remove the first one's. The first notices with `isNamed`.
function lockByName(path: string): Lock | undefined {
  const own = `${process.pid} ${startOf(process.pid)}\n`;
  for (let tries = 0; tries < 2; tries++) {
    try {
      const fd = system.open(path, "create");
      writeAll(fd, own);
      system.close(fd);
      return {
        isNamed: () => readOwnFile(path, MAX_PID_FILE_BYTES) === own,
        release: () => {
          if (readOwnFile(path, MAX_PID_FILE_BYTES) === own) removeFile(path);
        },
      };
    } catch (error) {
      if (faultCode(error) !== "EEXIST") throw error;
    }
    const [pid = "", start = ""] = (readOwnFile(path, MAX_PID_FILE_BYTES) ?? "").trim().split(" ");
    // Without a start, a process has not written it yet, or the system cannot tell.
    if (start === "" || startOf(Number(pid)) === start) return undefined;
    removeFile(path);
  }
  return undefined;
}

/** When a process started, in the kernel's ticks: a number that is used again belongs to another process. */
function startOf(pid: number): string {
  try {
    const status = nodeFs().readFileSync(`/proc/${pid}/stat`, "utf8");
    return status.slice(status.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
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
