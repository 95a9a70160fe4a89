import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { faultCode } from "../../../lib/os/fault";
import { fileLibrary } from "../../../lib/os/libc";
import type { System } from "../../../lib/os/syscalls";
import { librarySystem } from "../../../lib/os/syscalls-libc";
import { nodeSystem, toStatus } from "../../../lib/os/syscalls-node";
import { run, withUmask } from "../../../scripts/harness/system-commands";
import { Sandbox } from "../../../scripts/harness/sandbox";
import { as, copyForAll, skipped, USER, whyNotAnother } from "../../support/users";

const systems: { name: string; system: System }[] = [{ name: "node:fs", system: nodeSystem() }];
if (fileLibrary !== undefined)
  systems.push({ name: "the C library", system: librarySystem(fileLibrary) });

const isRoot = process.geteuid?.() === 0;
const isPosix = process.platform !== "win32";

test("Linux has both implementations of the system calls", () => {
  if (process.platform === "linux") expect(systems).toHaveLength(2);
});

/** What a system does in an empty folder, and the result: a value, or the code of a fault. */
interface Case {
  name: string;
  act: (system: System, folder: string) => unknown;
  result: unknown;
}

const cases: Case[] = [
  {
    name: "reads from an offset",
    act(system, folder) {
      writeFileSync(`${folder}/f`, "0123456789");
      return read(system, `${folder}/f`, 4, 3);
    },
    result: "456",
  },
  {
    name: "reads only up to the end",
    act(system, folder) {
      writeFileSync(`${folder}/f`, "0123456789");
      return read(system, `${folder}/f`, 8, 100);
    },
    result: "89",
  },
  {
    name: "reads nothing after the end",
    act(system, folder) {
      writeFileSync(`${folder}/f`, "0123456789");
      return read(system, `${folder}/f`, 11, 100);
    },
    result: "",
  },
  {
    name: "reads nothing into an empty buffer",
    act(system, folder) {
      writeFileSync(`${folder}/f`, "0123456789");
      return read(system, `${folder}/f`, 0, 0);
    },
    result: "",
  },
  {
    name: "reads beyond four gigabytes",
    act(system, folder) {
      writeFileSync(`${folder}/f`, "");
      truncateSync(`${folder}/f`, 2 ** 32 + 7);
      const fd = system.open(`${folder}/f`, "append");
      system.write(fd, encode("end"));
      system.close(fd);
      return read(system, `${folder}/f`, 2 ** 32 + 7, 10);
    },
    result: "end",
  },
  {
    name: "appends after what other descriptors wrote",
    act(system, folder) {
      const path = `${folder}/f`;
      const fds = [system.open(path, "append"), system.open(path, "append")];
      for (const [at, text] of ["a", "b", "c"].entries())
        system.write(fds[at % 2] as number, encode(text));
      for (const fd of fds) system.close(fd);
      return readFileSync(path, "utf8");
    },
    result: "abc",
  },
  {
    name: "can read a file opened for appending",
    act(system, folder) {
      const fd = system.open(`${folder}/f`, "append");
      system.write(fd, encode("abc"));
      const buffer = new Uint8Array(2);
      system.readAt(fd, buffer, 1);
      system.close(fd);
      return decode(buffer);
    },
    result: "bc",
  },
  {
    name: "returns how many bytes it wrote",
    act: (system, folder) =>
      withOpen(system, `${folder}/f`, "create", (fd) => system.write(fd, encode("añ"))),
    result: 3,
  },
  {
    name: "creates a file only if it is missing",
    act(system, folder) {
      writeFileSync(`${folder}/f`, "");
      return system.open(`${folder}/f`, "create");
    },
    result: "EEXIST",
  },
  {
    name: "does not create a file through a dangling link",
    act(system, folder) {
      symlinkSync(`${folder}/victim`, `${folder}/f`);
      return system.open(`${folder}/f`, "create");
    },
    result: "EEXIST",
  },
  {
    name: "creates private files, whatever the umask",
    act: (system, folder) =>
      withUmask(0, () => {
        const modes: number[] = [];
        for (const mode of ["create", "append"] as const)
          withOpen(system, `${folder}/${mode}`, mode, (fd) => modes.push(system.statusOf(fd).mode));
        return modes;
      }),
    result: [0o600, 0o600],
  },
  {
    name: "does not append through a link",
    act(system, folder) {
      writeFileSync(`${folder}/victim`, "");
      symlinkSync(`${folder}/victim`, `${folder}/f`);
      return system.open(`${folder}/f`, "append");
    },
    result: "ELOOP",
  },
  {
    name: "does not append through a dangling link",
    act(system, folder) {
      symlinkSync(`${folder}/victim`, `${folder}/f`);
      const code = outcome(() => system.open(`${folder}/f`, "append"));
      return [code, existsSync(`${folder}/victim`)];
    },
    result: ["ELOOP", false],
  },
  {
    name: "does not read through a link",
    act(system, folder) {
      writeFileSync(`${folder}/victim`, "");
      symlinkSync(`${folder}/victim`, `${folder}/f`);
      return system.open(`${folder}/f`, "read");
    },
    result: "ELOOP",
  },
  {
    name: "opens a folder only for reading, and its status says that it is a folder",
    act(system, folder) {
      const kind = withOpen(system, folder, "read", (fd) => system.statusOf(fd).kind);
      return [kind, outcome(() => system.open(folder, "append"))];
    },
    result: ["folder", "EISDIR"],
  },
  {
    name: "does not read a folder's descriptor",
    act: (system, folder) =>
      withOpen(system, folder, "read", (fd) =>
        outcome(() => system.readAt(fd, new Uint8Array(9), 0)),
      ),
    result: "EISDIR",
  },
  {
    name: "reports a missing file",
    act: (system, folder) => [
      outcome(() => system.open(`${folder}/f`, "read")),
      outcome(() => system.open(`${folder}/f/g`, "append")),
      outcome(() => system.unlink(`${folder}/f`)),
      outcome(() => system.rename(`${folder}/f`, `${folder}/g`)),
      outcome(() => system.list(`${folder}/f`)),
      outcome(() => system.statusAt(`${folder}/f`)),
      outcome(() => system.statusAt(`${folder}/f/g`)),
    ],
    result: ["ENOENT", "ENOENT", "ENOENT", "ENOENT", "ENOENT", undefined, undefined],
  },
  {
    name: "reports a file that should be a folder",
    act(system, folder) {
      writeFileSync(`${folder}/f`, "");
      return [
        outcome(() => system.open(`${folder}/f/g`, "read")),
        outcome(() => system.open(`${folder}/f/g`, "create")),
        outcome(() => system.unlink(`${folder}/f/g`)),
        outcome(() => system.list(`${folder}/f`)),
        outcome(() => system.statusAt(`${folder}/f/g`)),
      ];
    },
    result: ["ENOTDIR", "ENOTDIR", "ENOTDIR", "ENOTDIR", undefined],
  },
  {
    name: "reports a name of 256 bytes",
    act(system, folder) {
      const path = `${folder}/${"n".repeat(256)}`;
      return [
        outcome(() => system.open(path, "read")),
        outcome(() => system.open(path, "append")),
        outcome(() => system.statusAt(path)),
        outcome(() => system.unlink(path)),
        outcome(() => system.list(path)),
        outcome(() => system.rename(path, `${folder}/x`)),
      ];
    },
    result: Array(6).fill("ENAMETOOLONG"),
  },
  {
    name: "rejects a NUL in a path, at which the system would end the name",
    act(system, folder) {
      writeFileSync(`${folder}/f`, "");
      const path = `${folder}/f\0g`;
      return [
        outcome(() => system.open(path, "read")),
        outcome(() => system.open(path, "append")),
        outcome(() => system.open(path, "create")),
        outcome(() => system.statusAt(path)),
        outcome(() => system.unlink(path)),
        outcome(() => system.list(path)),
        outcome(() => system.rename(path, `${folder}/x`)),
        outcome(() => system.rename(`${folder}/f`, path)),
      ];
    },
    result: Array(8).fill("EINVAL"),
  },
  {
    name: "reports a descriptor that is not open",
    act: (system) => [
      outcome(() => system.readAt(9999, new Uint8Array(1), 0)),
      outcome(() => system.write(9999, new Uint8Array(1))),
      outcome(() => system.statusOf(9999)),
    ],
    result: ["EBADF", "EBADF", "EBADF"],
  },
  {
    name: "lists every name unchanged, without `.` and `..`",
    act(system, folder) {
      for (const name of unusualNames) writeFileSync(`${folder}/${name}`, "");
      mkdirSync(`${folder}/folder`);
      symlinkSync("nowhere", `${folder}/link`);
      return system.list(folder).toSorted();
    },
    get result() {
      return [...unusualNames, "folder", "link"].toSorted();
    },
  },
  {
    name: "lists a folder of a thousand names",
    act(system, folder) {
      for (let at = 0; at < 1000; at++) writeFileSync(`${folder}/${at}`, "");
      return new Set(system.list(folder)).size;
    },
    result: 1000,
  },
  {
    name: "lists an empty folder",
    act: (system, folder) => system.list(folder),
    result: [],
  },
  {
    name: "opens, names and removes files with unusual names",
    act(system, folder) {
      for (const name of unusualNames) {
        withOpen(system, `${folder}/${name}`, "create", (fd) => system.write(fd, encode(name)));
        if (readFileSync(`${folder}/${name}`, "utf8") !== name) return name;
        system.unlink(`${folder}/${name}`);
      }
      return system.list(folder);
    },
    result: [],
  },
  ...(["rename", "replace"] as const).flatMap((call): Case[] => [
    {
      name: `${call}s a file that exists`,
      act(system, folder) {
        writeFileSync(`${folder}/old`, "old");
        writeFileSync(`${folder}/new`, "new");
        system[call](`${folder}/new`, `${folder}/old`);
        return [readFileSync(`${folder}/old`, "utf8"), system.list(folder)];
      },
      result: ["new", ["old"]],
    },
    {
      name: `${call}s a link itself, not its target`,
      act(system, folder) {
        writeFileSync(`${folder}/victim`, "victim");
        writeFileSync(`${folder}/new`, "new");
        symlinkSync(`${folder}/victim`, `${folder}/f`);
        system[call](`${folder}/new`, `${folder}/f`);
        return [readFileSync(`${folder}/victim`, "utf8"), system.statusAt(`${folder}/f`)?.kind];
      },
      result: ["victim", "file"],
    },
    {
      name: `does not ${call} a folder by a file`,
      act(system, folder) {
        mkdirSync(`${folder}/folder`);
        writeFileSync(`${folder}/f`, "");
        const code = outcome(() => system[call](`${folder}/f`, `${folder}/folder`));
        return [
          code,
          system.statusAt(`${folder}/folder`)?.kind,
          system.statusAt(`${folder}/f`)?.kind,
        ];
      },
      result: ["EISDIR", "folder", "file"],
    },
    {
      name: `${call}s a file that is missing`,
      act(system, folder) {
        writeFileSync(`${folder}/new`, "new");
        system[call](`${folder}/new`, `${folder}/f`);
        return [readFileSync(`${folder}/f`, "utf8"), system.list(folder)];
      },
      result: ["new", ["f"]],
    },
  ]),
  {
    name: "unlinks a link itself, not its target",
    act(system, folder) {
      writeFileSync(`${folder}/victim`, "");
      symlinkSync(`${folder}/victim`, `${folder}/f`);
      system.unlink(`${folder}/f`);
      return system.list(folder);
    },
    result: ["victim"],
  },
  {
    name: "gives the size of a file larger than four gigabytes",
    act(system, folder) {
      writeFileSync(`${folder}/f`, "");
      truncateSync(`${folder}/f`, 5 * 2 ** 30 + 3);
      return system.statusAt(`${folder}/f`)?.size;
    },
    result: 5 * 2 ** 30 + 3,
  },
  {
    name: "gives the disk that a file is on",
    act(system, folder) {
      return [folder, "/proc", "/dev"].filter(existsSync).map((path) => {
        return system.statusAt(path)?.device === lstatSync(path).dev;
      });
    },
    result: ["/", "/proc", "/dev"].filter(existsSync).map(() => true),
  },
  {
    name: "gives a time before 1970",
    act(system, folder) {
      touch(`${folder}/f`, "1969-12-30T23:59:59.250Z");
      return system.statusAt(`${folder}/f`)?.modifiedMs;
    },
    result: Date.parse("1969-12-30T23:59:59.250Z"),
  },
  {
    name: "gives a time after 2038, when 32 bits overflow",
    act(system, folder) {
      touch(`${folder}/f`, "2126-01-02T03:04:05.678Z");
      return system.statusAt(`${folder}/f`)?.modifiedMs;
    },
    result: Date.parse("2126-01-02T03:04:05.678Z"),
  },
  {
    name: "counts a file's names, and none after it is removed",
    act(system, folder) {
      const path = `${folder}/f`;
      const counts: number[] = [];
      withOpen(system, path, "create", (fd) => {
        counts.push(system.statusOf(fd).names);
        linkSync(path, `${folder}/second`);
        counts.push(system.statusOf(fd).names);
        system.unlink(path);
        system.unlink(`${folder}/second`);
        counts.push(system.statusOf(fd).names);
      });
      return counts;
    },
    result: [1, 2, 0],
  },
  {
    name: "gives all permission bits",
    act(system, folder) {
      writeFileSync(`${folder}/f`, "");
      chmodSync(`${folder}/f`, 0o4751);
      return system.statusAt(`${folder}/f`)?.mode;
    },
    result: 0o4751,
  },
];

const unusualNames = [
  "line\nbreak",
  "ñandú-日本-🙂",
  " ",
  "...",
  "-rf",
  "a'b\"c\\d",
  "\u0001\u001B[31m",
  `255-${"é".repeat(125)}x`,
];

describe.each(systems)("through $name", ({ system }) => {
  test.skipIf(!isPosix).each(cases)("$name", ({ act, result }) => {
    using sandbox = new Sandbox();
    const folder = `${sandbox.root}/empty`;
    mkdirSync(folder);
    expect(outcome(() => act(system, folder))).toEqual(result);
  });

  test.skipIf(!isPosix)("gives a path and a descriptor the same status as Node", () => {
    using sandbox = new Sandbox();
    writeFileSync(`${sandbox.root}/file`, "text");
    makeFifo(`${sandbox.root}/pipe`);
    for (const [name, kind] of [
      ["file", "file"],
      ["shop", "folder"],
      ["pipe", "other"],
    ] as const) {
      const path = `${sandbox.root}/${name}`;
      const status = system.statusAt(path);
      expect(status).toEqual(toStatus(lstatSync(path)));
      expect(status?.kind).toBe(kind);
      expect(withOpen(system, path, "read", (fd) => system.statusOf(fd))).toEqual(
        toStatus(lstatSync(path)),
      );
    }
  });

  test.skipIf(!isPosix)("gives the status of a link itself, dangling or not", () => {
    using sandbox = new Sandbox();
    for (const [name, target] of [
      ["to-folder", sandbox.project],
      ["dangling", "nowhere"],
      ["loop", "loop"],
    ] as const) {
      const path = `${sandbox.root}/${name}`;
      symlinkSync(target, path);
      expect(system.statusAt(path)).toEqual(toStatus(lstatSync(path)));
      expect(system.statusAt(path)?.kind).toBe("link");
    }
  });

  test.skipIf(!isRoot)("gives a file's owner (skipped unless root)", () => {
    using sandbox = new Sandbox();
    writeFileSync(`${sandbox.root}/f`, "");
    chownSync(`${sandbox.root}/f`, 4_000_000_000, 1);
    expect(system.statusAt(`${sandbox.root}/f`)?.userId).toBe(4_000_000_000);
  });
});

// In its own process, because waiting for the other end of a pipe never ends.
test.skipIf(!isPosix).each(["read", "append"])("opening a pipe to %s does not wait", (mode) => {
  using sandbox = new Sandbox();
  const path = `${sandbox.root}/pipe`;
  makeFifo(path);
  const child = runInSystems(
    sandbox,
    `(sys.close(sys.open(${JSON.stringify(path)}, "${mode}")), "opened")`,
  );
  expect(child).toEqual(systems.map(() => "opened"));
});

const whyNot = whyNotAnother();

test.skipIf(whyNot !== undefined)(`both report what the user may not do${skipped(whyNot)}`, () => {
  using sandbox = new Sandbox();
  const closed = `${sandbox.root}/closed`;
  mkdirSync(closed, { mode: 0o700 });
  writeFileSync(`${closed}/f`, "");
  const file = `${sandbox.root}/file`;
  writeFileSync(file, "", { mode: 0o600 });
  const asUser = {
    command: [...as(USER), copyForAll(sandbox, process.execPath)],
    lib: copyForAll(sandbox, LIB),
  };
  for (const [expression, code] of [
    [`sys.open("${closed}/f", "read")`, "EACCES"],
    [`sys.open("${closed}/new", "create")`, "EACCES"],
    [`sys.statusAt("${closed}/f")`, "EACCES"],
    [`sys.list("${closed}")`, "EACCES"],
    [`sys.unlink("${closed}/f")`, "EACCES"],
    [`sys.open("${file}", "append")`, "EACCES"],
    [`sys.rename("${file}", "${closed}/f")`, "EACCES"],
  ] as const)
    expect(runInSystems(sandbox, expression, asUser)).toEqual(systems.map(() => code));
});

const LIB = `${import.meta.dir}/../../../lib`;

/** The value of an expression over each system `sys`, in its own process. */
function runInSystems(
  sandbox: Sandbox,
  expression: string,
  { command = [process.execPath], lib = LIB } = {},
): unknown {
  const script = `
    const { fileLibrary } = await import("${lib}/os/libc.ts");
    const { nodeSystem } = await import("${lib}/os/syscalls-node.ts");
    const { librarySystem } = await import("${lib}/os/syscalls-libc.ts");
    const results = [];
    for (const sys of [nodeSystem(), ...(fileLibrary ? [librarySystem(fileLibrary)] : [])]) {
      try { results.push(${expression}); } catch (error) { results.push(error.code); }
    }
    console.log(JSON.stringify(results));`;
  const child = Bun.spawnSync([...command, "-e", script], {
    env: sandbox.env(),
    cwd: "/",
    timeout: 10_000,
  });
  return child.exitCode === 0
    ? JSON.parse(child.stdout.toString())
    : `exit ${child.exitCode ?? child.signalCode}: ${child.stderr}`;
}

function outcome(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return faultCode(error);
  }
}

function withOpen<T>(
  system: System,
  path: string,
  mode: "read" | "append" | "create",
  act: (fd: number) => T,
): T {
  const fd = system.open(path, mode);
  try {
    return act(fd);
  } finally {
    system.close(fd);
  }
}

function read(system: System, path: string, offset: number, length: number): string {
  const buffer = new Uint8Array(length);
  return withOpen(system, path, "read", (fd) =>
    decode(buffer.subarray(0, system.readAt(fd, buffer, offset))),
  );
}

function makeFifo(path: string): void {
  run("mkfifo", path);
}

// Bun's own `utimes` does not accept a time before 1970 (1.4.5).
function touch(path: string, time: string): void {
  run("touch", "-d", time, path);
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
