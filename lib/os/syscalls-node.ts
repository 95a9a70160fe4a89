// System calls through `node:fs`, on macOS and Windows.
import type { Stats } from "node:fs";
import { Fault, faultCode } from "./fault";
import type { OpenMode, RareCall, FileStatus, System } from "./syscalls";

/** `node:fs`, loaded on the first call: it costs a process 0.7 ms (Bun 1.4.5, Linux x64). */
export function nodeFs(): typeof import("node:fs") {
  return process.getBuiltinModule("node:fs");
}

/** The calls; their errors are Node's, which have a `code`. */
export function nodeSystem(): System {
  const fs = nodeFs();
  const { O_RDONLY, O_WRONLY, O_RDWR, O_APPEND, O_CREAT, O_EXCL } = fs.constants;
  // Windows has neither; there the profile folder's access list protects us.
  const { O_NOFOLLOW = 0, O_NONBLOCK = 0 } = fs.constants as Partial<typeof fs.constants>;
  const flags: Readonly<Record<OpenMode, number>> = {
    read: O_RDONLY | O_NOFOLLOW | O_NONBLOCK,
    append: O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK,
    create: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
    update: O_RDWR | O_NOFOLLOW | O_NONBLOCK,
  };
  return {
    open: (path, mode) => fs.openSync(withoutNul(path), flags[mode], 0o600),
    close: (fd) => fs.closeSync(fd),
    readAt: (fd, buffer, offset) => fs.readSync(fd, buffer, 0, buffer.length, offset),
    write: (fd, bytes) => fs.writeSync(fd, bytes),
    statusOf: nodeStatus.ofFile,
    statusAt(path) {
      try {
        return nodeStatus.ofPath(path);
      } catch (error) {
        const code = faultCode(error);
        if (code === "ENOENT" || code === "ENOTDIR") return undefined;
        throw error;
      }
    },
    list: (folder) => fs.readdirSync(withoutNul(folder)),
    rename: (from, to) => fs.renameSync(withoutNul(from), withoutNul(to)),
    replace: (from, to) => fs.renameSync(withoutNul(from), withoutNul(to)),
    unlink: (path) => fs.unlinkSync(withoutNul(path)),
    ...rareCalls,
  };
}

/** The status of an open file, and of a path or of a link itself; it throws if nothing is there. */
export const nodeStatus = {
  ofFile: (fd: number): FileStatus => toStatus(nodeFs().fstatSync(fd)),
  ofPath: (path: string): FileStatus => toStatus(nodeFs().lstatSync(withoutNul(path))),
};

/** The calls that both implementations make through `node:fs`, which the first of them loads. */
export const rareCalls: Pick<System, RareCall> = {
  setMode: (fd, mode) => nodeFs().fchmodSync(fd, mode),
  makeFolder: (path, mode) => void nodeFs().mkdirSync(withoutNul(path), { recursive: true, mode }),
  link: (from, to) => nodeFs().linkSync(withoutNul(from), withoutNul(to)),
  statusThroughLink: (path) => toStatus(nodeFs().statSync(withoutNul(path))),
  targetOf: (path) => nodeFs().realpathSync(withoutNul(path)),
};

// Node reports a NUL with an error code of its own, as a bug of the caller.
function withoutNul(path: string): string {
  if (path.includes("\0")) throw new Fault("EINVAL", "a path with a NUL");
  return path;
}

/** Converts Node's status of a file. */
export function toStatus(stats: Stats): FileStatus {
  const { mode, uid, nlink, size, mtimeMs, ino, dev } = stats;
  const kind = stats.isFile()
    ? "file"
    : stats.isDirectory()
      ? "folder"
      : stats.isSymbolicLink()
        ? "link"
        : "other";
  return {
    kind,
    mode: mode & 0o7777,
    userId: uid,
    names: nlink,
    size,
    modifiedMs: mtimeMs,
    inode: ino,
    device: dev,
  };
}
