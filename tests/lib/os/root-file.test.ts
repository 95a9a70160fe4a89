// A file that only root can have written: every owner and mode that it and its folders may have.
import { describe, expect, test } from "bun:test";
import { Fault, faultCode } from "../../../lib/os/fault";
import { readRootFile } from "../../../lib/os/root-file";
import type { FileStatus, System } from "../../../lib/os/syscalls";

const PATH = "/etc/ours/config.json";
const TEXT = "{}";

const status = (more: Partial<FileStatus>): FileStatus => ({
  kind: "folder",
  mode: 0o755,
  userId: 0,
  names: 1,
  size: TEXT.length,
  modifiedMs: 0,
  inode: 1,
  device: 1,
  ...more,
});
const file = (more: Partial<FileStatus> = {}) => status({ kind: "file", mode: 0o644, ...more });

/** A disk of which only owners, kinds and modes matter; it counts its open files. */
function diskWith(entries: Record<string, FileStatus>) {
  const disk: Record<string, FileStatus> = {
    "/": status({}),
    "/etc": status({}),
    "/etc/ours": status({}),
    [PATH]: file(),
    ...entries,
  };
  const seen = { open: 0 };
  const entry = (path: string) => disk[path] ?? status({ kind: "other" });
  const system = {
    statusAt: (path: string) => disk[path],
    open(path: string) {
      const found = disk[path];
      if (found === undefined) throw new Fault("ENOENT", path);
      if (found.kind === "link") throw new Fault("ELOOP", path);
      return ++seen.open;
    },
    statusOf: () => entry(PATH),
    readAt: (_: number, buffer: Uint8Array) => new TextEncoder().encodeInto(TEXT, buffer).written,
    close: () => seen.open--,
  };
  return { system: system as unknown as System, seen };
}

function read(entries: Record<string, FileStatus>, platform = "linux"): string | undefined {
  const { system, seen } = diskWith(entries);
  try {
    return readRootFile(PATH, 64, system, platform);
  } catch (error) {
    return faultCode(error);
  } finally {
    expect(seen.open).toBe(0);
  }
}

describe("root's file", () => {
  test("is read where only root can change it", () => {
    expect(read({})).toBe(TEXT);
    // A second name gives nobody the right to write.
    expect(read({ [PATH]: file({ names: 2, mode: 0o444 }) })).toBe(TEXT);
  });

  const others = "not trusted: users other than root can write to";
  test.each([
    ["/", status({ mode: 0o777 }), `${others} /`],
    ["/etc", status({ mode: 0o775 }), `${others} /etc`],
    ["/etc", status({ mode: 0o1777 }), `${others} /etc`],
    ["/etc", status({ userId: 1000 }), "not trusted: /etc does not belong to root"],
    ["/etc/ours", status({ userId: 65_534 }), "not trusted: /etc/ours does not belong to root"],
    ["/etc/ours", status({ kind: "link" }), "not trusted: /etc/ours is not a folder"],
    [PATH, file({ userId: 1000 }), `not trusted: ${PATH} does not belong to root`],
    [PATH, file({ mode: 0o664 }), `${others} ${PATH}`],
    [PATH, file({ mode: 0o646 }), `${others} ${PATH}`],
    [PATH, file({ kind: "link" }), "not trusted: it is a link"],
    [PATH, file({ kind: "other" }), "not a regular file"],
    [PATH, status({ kind: "folder" }), "not a regular file"],
    [PATH, file({ size: 65 }), "too large"],
  ])("is not read if %s is %o: %s", (path, entry, reason) => {
    expect(read({ [path]: entry })).toBe(reason);
  });

  test("needs no owner and no mode on Windows, which has neither", () => {
    expect(read({ [PATH]: file({ userId: 1000, mode: 0o666 }) }, "win32")).toBe(TEXT);
  });
});
