// The system calls on files, as the rest of the code sees them: one interface with two implementations,
// `syscalls-libc.ts` and `syscalls-node.ts`, which the tests put through the same cases.

/** What the system says of a file. */
export interface Status {
  readonly kind: "file" | "folder" | "link" | "other";
  /** Permission bits. */
  readonly mode: number;
  readonly userId: number;
  /** How many names it has. */
  readonly names: number;
  readonly size: number;
  readonly modifiedMs: number;
  /** Which file of its disk it is; a later one may have the number of one that is gone. */
  readonly inode: number;
}

/** How a file is opened: never through a link, and never waiting for the other end of a pipe. */
export type OpenMode = "read" | "append" | "create" | "update";

/** Each call throws a {@link Fault} or an error with a `code` where the system refuses it. */
export interface System {
  /** `append` creates the file if there is none, `create` only then; both with mode 0600. */
  open(path: string, mode: OpenMode): number;
  close(fd: number): void;
  /** Reads once, from an offset, and answers how many bytes. */
  readAt(fd: number, buffer: Uint8Array, offset: number): number;
  /** Writes once, and answers how many bytes. */
  write(fd: number, bytes: Uint8Array): number;
  statusOf(fd: number): Status;
  /** Of what has this name, be it a link; `undefined` where nothing has. */
  statusAt(path: string): Status | undefined;
  /** The names in a folder, in no order. */
  list(folder: string): string[];
  rename(from: string, to: string): void;
  /** Puts a file in the place of another, which is gone then; at every moment one of them is there. */
  replace(from: string, to: string): void;
  unlink(path: string): void;
  /** Gives an open file its permission bits. */
  setMode(fd: number, mode: number): void;
  /** Gives a folder its permission bits. */
  setFolderMode(path: string, mode: number): void;
  /** Makes a folder, and its parents if need be. */
  makeFolder(path: string, mode: number): void;
  /** Gives a file a second name; unlike a rename, it fails where the name is taken. */
  link(from: string, to: string): void;
  /** The status of what a link leads to; throws where that is missing. */
  statusThroughLink(path: string): Status;
}

/** Calls that a hook makes seldom or never: `node:fs` makes them in both ways. */
export type RareCall = "setMode" | "setFolderMode" | "makeFolder" | "link" | "statusThroughLink";
