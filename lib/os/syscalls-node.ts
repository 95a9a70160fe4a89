// System calls by way of `node:fs`: the way of macOS and Windows.
import type { Stats } from "node:fs";
import { Fault, faultCode } from "./fault";
import type { OpenMode, RareCall, Status, System } from "./syscalls";

/** `node:fs`, loaded only by those who ask: it costs a process 0.7 ms (Bun 1.4.5, Linux x64). */
export function nodeFs(): typeof import("node:fs") {
  return require("node:fs") as typeof import("node:fs");
}

/** Makes the calls; the errors are those of Node, which have a `code`. */
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
    statusOf: (fd) => toStatus(fs.fstatSync(fd)),
    statusAt(path) {
      try {
        return toStatus(fs.lstatSync(withoutNul(path)));
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

/** The calls that both ways make by `node:fs`, which is loaded when the first is made. */
export const rareCalls: Pick<System, RareCall> = {
  setMode: (fd, mode) => nodeFs().fchmodSync(fd, mode),
  setFolderMode: (path, mode) => nodeFs().chmodSync(withoutNul(path), mode),
  makeFolder: (path, mode) => void nodeFs().mkdirSync(withoutNul(path), { recursive: true, mode }),
  link: (from, to) => nodeFs().linkSync(withoutNul(from), withoutNul(to)),
  statusThroughLink: (path) => toStatus(nodeFs().statSync(withoutNul(path))),
};

// Node has a code of its own for it, and throws it as if the bug were ours.
function withoutNul(path: string): string {
  if (path.includes("\0")) throw new Fault("EINVAL", "a path with a NUL");
  return path;
}

/** The status of a file, from what Node says of it. */
export function toStatus(stats: Stats): Status {
  const { mode, uid, nlink, size, mtimeMs, ino } = stats;
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
  };
}
