// What the neighbor can plant at a path where our programs expect a file or a folder of the user.
import { expect } from "bun:test";
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  existsSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { faultCode } from "../../lib/os/fault";
import { run } from "../../scripts/harness/system-commands";
import { NEIGHBOR, USER } from "../support/users";
import type { TwoUsers } from "./two-users";

/** Plants something and returns a check that it is still as it was planted. */
export type Plant = (path: string, machine: TwoUsers, content: string) => () => void;

export const PLANTS: Readonly<Record<string, Plant>> = {
  "a link to a file of the user": (path, { precious }) => {
    symlinkSync(precious, path);
    lchownSync(path, NEIGHBOR, NEIGHBOR);
    return () => {};
  },
  "a link to a folder of the user": (path, { sandbox }) => {
    const folder = `${sandbox.home}/papers`;
    mkdirSync(folder, { mode: 0o700 });
    chownSync(folder, USER, USER);
    symlinkSync(folder, path);
    lchownSync(path, NEIGHBOR, NEIGHBOR);
    return () => expect(readdirSync(folder)).toEqual([]);
  },
  "a link to nothing": (path, { sandbox }) => {
    const missing = `${sandbox.home}/missing`;
    symlinkSync(missing, path);
    lchownSync(path, NEIGHBOR, NEIGHBOR);
    return () => expect(existsSync(missing)).toBe(false);
  },
  "a hard link to a file of the user": (path, { precious }) => {
    linkSync(precious, path);
    return () => {};
  },
  "a FIFO with a reader": (path) => {
    makeFifo(path);
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return () => {
      expect(bytesIn(reader)).toBe(0);
      closeSync(reader);
    };
  },
  "a FIFO without a reader": (path) => {
    makeFifo(path);
    return () => {};
  },
  "a private folder of the neighbor": (path) => {
    makeFolder(path, 0o700);
    return () => {
      if (!isOfNeighbor(path)) return;
      expect(readdirSync(path)).toEqual([]);
      expect(lstatSync(path).mode & 0o777).toBe(0o700);
    };
  },
  "a world-writable folder of the neighbor": (path) => {
    makeFolder(path, 0o777);
    return () => {
      if (isOfNeighbor(path)) expect(readdirSync(path)).toEqual([]);
    };
  },
  "a world-writable file of the neighbor": (path, _machine, content) => {
    writeFileSync(path, content);
    chmodSync(path, 0o666);
    chownSync(path, NEIGHBOR, NEIGHBOR);
    return () => {
      if (isOfNeighbor(path)) expect(readFileSync(path, "utf8")).toBe(content);
    };
  },
};

function makeFifo(path: string): void {
  run("mkfifo", "-m", "666", path);
  chownSync(path, NEIGHBOR, NEIGHBOR);
}

function makeFolder(path: string, mode: number): void {
  mkdirSync(path);
  chmodSync(path, mode);
  chownSync(path, NEIGHBOR, NEIGHBOR);
}

/** A program may have replaced what was planted with a file of the user: that does no harm. */
function isOfNeighbor(path: string): boolean {
  return existsSync(path) && lstatSync(path).uid === NEIGHBOR;
}

function bytesIn(reader: number): number {
  try {
    return readSync(reader, new Uint8Array(1));
  } catch (error) {
    if (faultCode(error) !== "EAGAIN") throw error;
    return 0;
  }
}
