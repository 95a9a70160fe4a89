// System calls through the C library, on Linux: saves loading `node:fs`.
import { Fault, faultCode } from "./fault";
import { errnoOf, loadNameLibrary, textAt, type FileLibrary } from "./libc";
import type { OpenMode, FileStatus, System } from "./syscalls";
import { nodeStatus, nodeSystem, rareCalls } from "./syscalls-node";

// <fcntl.h>: the same on x64 and arm64, except O_NOFOLLOW.
const O_RDWR = 0o2;
const O_CREAT = 0o100;
const O_EXCL = 0o200;
const O_APPEND = 0o2000;
const O_NONBLOCK = 0o4000;
const O_NOFOLLOW = process.arch === "arm64" ? 0o100000 : 0o400000;
const O_CLOEXEC = 0o2000000;
const SAFE = O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
const FLAGS: Readonly<Record<OpenMode, number>> = {
  read: SAFE,
  append: O_RDWR | O_APPEND | O_CREAT | SAFE,
  create: O_RDWR | O_CREAT | O_EXCL | SAFE,
  update: O_RDWR | SAFE,
};
const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_EMPTY_PATH = 0x1000;
const RENAME_EXCHANGE = 2;
const STATX_BASIC_STATS = 0x7ff;
// `struct statx` of <linux/stat.h> is the same on every machine; these are indexes of 32-bit units.
const STATX_UNITS = 64;
const NLINK = 4;
const UID = 5;
const MODE = 7;
const INODE = 8;
const SIZE = 10;
const MTIME = 28;
const MTIME_NS = 30;
const DEVICE_MAJOR = 34;
const DEVICE_MINOR = 35;
// <dirent.h>: the offset of the name, in both glibc and musl on 64 bits.
const D_NAME = 19;
// <asm-generic/errno-base.h>
const EINTR = 4;

/** The calls, each repeated if a signal interrupts it. */
export function librarySystem(library: FileLibrary): System {
  const errno = errnoOf(library);

  let loaded: NameCalls | undefined;
  const names = () => (loaded ??= nameCalls(attempt, errno));

  /** The result of a call, which is repeated as long as it is interrupted. */
  function attempt(path: string, call: () => number | bigint): number {
    for (;;) {
      const result = Number(call());
      if (result >= 0) return result;
      const number = errno();
      if (number !== EINTR) throw new Fault(errorName(number), path);
    }
  }

  function status(fd: number, path: string, flags: number): FileStatus {
    const units = new Uint32Array(STATX_UNITS);
    const name = cPath(path);
    try {
      attempt(path, () => library.statx(fd, name, flags, STATX_BASIC_STATS, units));
    } catch (error) {
      // No file answers so: a container with an old list of system calls does. `node:fs` has another way then.
      if (!(error instanceof Fault) || error.code !== "EPERM") throw error;
      return fd === AT_FDCWD ? nodeStatus.ofPath(path) : nodeStatus.ofFile(fd);
    }
    const at = (unit: number) => units[unit] ?? 0;
    return {
      kind: kindOf(at(MODE)),
      mode: at(MODE) & 0o7777,
      userId: at(UID),
      names: at(NLINK),
      size: at(SIZE) + at(SIZE + 1) * 2 ** 32,
      // Seconds are signed: a file may be older than 1970.
      modifiedMs: (at(MTIME) + (at(MTIME + 1) | 0) * 2 ** 32) * 1000 + at(MTIME_NS) / 1e6,
      inode: at(INODE) + at(INODE + 1) * 2 ** 32,
      device: deviceOf(at(DEVICE_MAJOR), at(DEVICE_MINOR)),
    };
  }

  return {
    open(path, mode) {
      const name = cPath(path);
      return attempt(path, () => library.open(name, FLAGS[mode], 0o600));
    },
    close(fd) {
      library.close(fd);
    },
    readAt: (fd, buffer, offset) =>
      buffer.length === 0
        ? 0
        : attempt("read", () => library.pread(fd, buffer, buffer.length, offset)),
    write: (fd, bytes) => attempt("write", () => library.write(fd, bytes, bytes.length)),
    statusOf: (fd) => status(fd, "", AT_EMPTY_PATH),
    statusAt(path) {
      try {
        return status(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW);
      } catch (error) {
        const code = faultCode(error);
        if (code === "ENOENT" || code === "ENOTDIR") return undefined;
        throw error;
      }
    },
    list: (folder) => names().list(folder),
    rename: (from, to) => names().rename(from, to),
    replace: (from, to) => names().replace(from, to),
    unlink: (path) => names().unlink(path),
    ...rareCalls,
  };
}

/** As makedev(3) puts it together, and so as `node:fs` has it. A major number has 12 bits, a minor number 20. */
function deviceOf(major: number, minor: number): number {
  return (minor >>> 8) * 2 ** 20 + major * 2 ** 8 + (minor & 0xff);
}

type NameCalls = Pick<System, "list" | "rename" | "replace" | "unlink">;

/** The calls for names, which most hooks never make. */
function nameCalls(
  attempt: (path: string, call: () => number) => number,
  errno: () => number,
): NameCalls {
  const loaded = loadNameLibrary();
  if (loaded === undefined) return nodeSystem();
  const library = loaded;

  function rename(from: string, to: string): void {
    const [source, target] = [cPath(from), cPath(to)];
    attempt(to, () => library.rename(source, target));
  }

  function unlink(path: string): void {
    const name = cPath(path);
    attempt(path, () => library.unlink(name));
  }

  /** Swaps two names, and returns whether it did: not if one is missing, nor on every file system. */
  function exchange(one: string, other: string): boolean {
    const [first, second] = [cPath(one), cPath(other)];
    const flags = RENAME_EXCHANGE;
    return library.renameat2(AT_FDCWD, first, AT_FDCWD, second, flags) === 0;
  }

  return {
    list(folder) {
      const name = cPath(folder);
      const stream = library.opendir(name);
      if (stream === null) throw new Fault(errorName(errno()), folder);
      const names: string[] = [];
      for (let entry; (entry = library.readdir(stream)) !== null;) {
        const found = textAt(entry, D_NAME);
        if (found !== "." && found !== "..") names.push(found);
      }
      library.closedir(stream);
      return names;
    },
    rename,
    // On ext4, a rename over a file makes the kernel write the new file to the disk first: 0.09 ms. Swapping
    // the names and removing the old file under its new name takes 0.007.
    replace(from, to) {
      if (!exchange(from, to)) return rename(from, to);
      try {
        unlink(from);
      } catch (error) {
        // The target was a folder, over which a rename would have failed as well.
        exchange(from, to);
        throw error;
      }
    },
    unlink,
  };
}

// To the system a path ends at its first NUL, so a NUL inside would name another file.
function cPath(path: string): Uint8Array {
  if (path.includes("\0")) throw new Fault("EINVAL", "a path with a NUL");
  return new TextEncoder().encode(`${path}\0`);
}

// <linux/stat.h>: S_IFMT and the kinds.
function kindOf(mode: number): FileStatus["kind"] {
  switch (mode & 0o170000) {
    case 0o100000:
      return "file";
    case 0o040000:
      return "folder";
    case 0o120000:
      return "link";
    default:
      return "other";
  }
}

// <asm-generic/errno.h>: the errors that calls on files can give.
function errorName(number: number): string {
  const names: Partial<Record<number, string>> = {
    1: "EPERM",
    2: "ENOENT",
    5: "EIO",
    6: "ENXIO",
    9: "EBADF",
    11: "EAGAIN",
    12: "ENOMEM",
    13: "EACCES",
    16: "EBUSY",
    17: "EEXIST",
    18: "EXDEV",
    20: "ENOTDIR",
    21: "EISDIR",
    22: "EINVAL",
    23: "ENFILE",
    24: "EMFILE",
    26: "ETXTBSY",
    27: "EFBIG",
    28: "ENOSPC",
    30: "EROFS",
    31: "EMLINK",
    32: "EPIPE",
    36: "ENAMETOOLONG",
    39: "ENOTEMPTY",
    40: "ELOOP",
    116: "ESTALE",
    122: "EDQUOT",
  };
  return names[number] ?? `errno ${number}`;
}
