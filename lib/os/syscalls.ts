// The system calls on files: one interface with two implementations, `syscalls-libc.ts` and
// `syscalls-node.ts`, which pass the same tests.

/** What the system knows about a file. */
export interface FileStatus {
  readonly kind: "file" | "folder" | "link" | "other";
  /** Permission bits. */
  readonly mode: number;
  readonly userId: number;
  /** How many names (hard links) it has. */
  readonly names: number;
  /** In bytes. */
  readonly size: number;
  /** Milliseconds since 1970 UTC. */
  readonly modifiedMs: number;
  /** The file's number on its disk; the number of a removed file can be used again. */
  readonly inode: number;
  /** The disk that it is on. */
  readonly device: number;
}

/** Whether a file is as it was, as far as its status shows. */
export function isUnchanged(before: FileStatus | undefined, now: FileStatus | undefined): boolean {
  return (
    before?.inode === now?.inode &&
    before?.size === now?.size &&
    before?.modifiedMs === now?.modifiedMs
  );
}

/** How a file is opened; never through a link, and never waiting for the other end of a pipe. */
export type OpenMode = "read" | "append" | "create" | "update";

/** Each call throws a {@link Fault} or an error with a `code` if the system reports one. */
export interface System {
  /** `append` creates a missing file, `create` fails unless it is missing; both create it with mode 0600. */
  open(path: string, mode: OpenMode): number;
  close(fd: number): void;
  /** Reads once, from an offset, and returns how many bytes. */
  readAt(fd: number, buffer: Uint8Array, offset: number): number;
  /** Writes once, and returns how many bytes. */
  write(fd: number, bytes: Uint8Array): number;
  statusOf(fd: number): FileStatus;
  /** The status of a path, or of a link itself; `undefined` if nothing is there. */
  statusAt(path: string): FileStatus | undefined;
  /** The names in a folder, in no order, without `.` and `..`. */
  list(folder: string): string[];
  rename(from: string, to: string): void;
  /** Puts a file in the place of another, which is then gone; at every moment one of the two is there. */
  replace(from: string, to: string): void;
  unlink(path: string): void;
  /** Sets an open file's permission bits. */
  setMode(fd: number, mode: number): void;
  /** Creates a folder, and its parents if they are missing. */
  makeFolder(path: string, mode: number): void;
  /** Gives a file a second name; unlike a rename, it fails if the name is taken. */
  link(from: string, to: string): void;
  /** The status of a link's target; throws if that is missing. */
  statusThroughLink(path: string): FileStatus;
  /** The path that a link leads to in the end; throws if that is missing. */
  targetOf(path: string): string;
}

/** Calls that a hook rarely makes; both implementations make them through `node:fs`. */
export type RareCall = "setMode" | "makeFolder" | "link" | "statusThroughLink" | "targetOf";
