import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { Fault, faultCode } from "../../../lib/os/fault";
import {
  appendLine,
  isTempFileName,
  openOwnFile,
  readOwnFile,
  removeFile,
  removeIf,
  removeOlder,
  replaceFile,
  replaceFileWithBun,
} from "../../../lib/os/file";
import { ensureOwnFolder, listOwnFiles } from "../../../lib/os/folder";
import { fileLibrary } from "../../../lib/os/libc";
import type { System } from "../../../lib/os/syscalls";
import { librarySystem } from "../../../lib/os/syscalls-libc";
import { nodeSystem } from "../../../lib/os/syscalls-node";
import { commandExists, run, withUmask } from "../../../scripts/harness/system-commands";
import { Sandbox } from "../../../scripts/harness/sandbox";

const NOBODY = 65534;
const isRoot = process.geteuid?.() === 0;
const systems: { name: string; sys: System }[] = [{ name: "node:fs", sys: nodeSystem() }];
if (fileLibrary !== undefined)
  systems.push({ name: "the C library", sys: librarySystem(fileLibrary) });

/** What may be at a path instead of one of our files, why it is rejected, and with which fault. */
const planted: {
  what: string;
  plant: (path: string, sandbox: Sandbox) => void;
  code: string;
  appendCode?: string;
  needsRoot?: boolean;
}[] = [
  {
    what: "a link to another file, which we would overwrite",
    plant(path, sandbox) {
      writeFileSync(`${sandbox.root}/victim`, "precious");
      symlinkSync(`${sandbox.root}/victim`, path);
    },
    code: "ELOOP",
  },
  {
    what: "a dangling link, whose target we would create",
    plant: (path, sandbox) => symlinkSync(`${sandbox.root}/new`, path),
    code: "ELOOP",
  },
  {
    what: "a pipe, whose reader we would wait for",
    plant: (path) => run("mkfifo", path),
    code: "not a regular file",
  },
  {
    what: "a folder",
    plant: (path) => mkdirSync(path),
    code: "not a regular file",
    appendCode: "EISDIR",
  },
  {
    what: "a file with a second name, which may be that of another file",
    plant(path, sandbox) {
      writeFileSync(`${sandbox.root}/victim`, "precious");
      linkSync(`${sandbox.root}/victim`, path);
    },
    code: "has a second name",
  },
  {
    what: "a file of another user, who could read what we append (skipped unless root)",
    plant(path) {
      writeFileSync(path, "planted");
      chmodSync(path, 0o666);
      chownSync(path, NOBODY, NOBODY);
    },
    code: "another user's",
    needsRoot: true,
  },
];

describe.each(systems)("through $name", ({ sys }) => {
  describe("replacing a file", () => {
    test("creates a missing file, private whatever the umask", () => {
      using sandbox = new Sandbox();
      const path = `${sandbox.root}/f`;
      withUmask(0, () => replaceFile(path, "new", sys));
      expect(readFileSync(path, "utf8")).toBe("new");
      expect(statSync(path).mode & 0o777).toBe(0o600);
    });

    test("keeps no old bytes, no old permissions and no temp file", () => {
      using sandbox = new Sandbox();
      const path = `${sandbox.root}/f`;
      writeFileSync(path, "something much longer", { mode: 0o666 });
      replaceFile(path, "new", sys);
      expect(readFileSync(path, "utf8")).toBe("new");
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(tempFilesIn(sandbox.root)).toEqual([]);
    });

    test("does not change the old file for a reader that has it open", () => {
      using sandbox = new Sandbox();
      const path = `${sandbox.root}/f`;
      replaceFile(path, "old", sys);
      const { fd, size } = openOwnFile(path, sys);
      replaceFile(path, "new content", sys);
      const buffer = new Uint8Array(size);
      sys.readAt(fd, buffer, 0);
      sys.close(fd);
      expect(new TextDecoder().decode(buffer)).toBe("old");
    });

    test.each(["folder", "folder with something in it"])("fails on a %s and leaves it", (kind) => {
      using sandbox = new Sandbox();
      const path = `${sandbox.root}/f`;
      mkdirSync(path);
      if (kind !== "folder") writeFileSync(`${path}/inside`, "kept");
      const before = readdirSync(path);
      expect(codeOf(() => replaceFile(path, "new", sys))).toBe("EISDIR");
      expect(readdirSync(path)).toEqual(before);
      expect(tempFilesIn(sandbox.root)).toEqual([]);
    });

    test.each(["write", "replace"] as const)("keeps the old content when the %s fails", (call) => {
      using sandbox = new Sandbox();
      const path = `${sandbox.root}/f`;
      replaceFile(path, "old", sys);
      const full = { ...sys, [call]: fails("ENOSPC") };
      expect(codeOf(() => replaceFile(path, "new", full))).toBe("ENOSPC");
      expect(readFileSync(path, "utf8")).toBe("old");
      expect(tempFilesIn(sandbox.root)).toEqual([]);
    });

    test("writes the rest if a write took only a part", () => {
      using sandbox = new Sandbox();
      const short: System = { ...sys, write: (fd, bytes) => sys.write(fd, bytes.subarray(0, 3)) };
      replaceFile(`${sandbox.root}/f`, "añ日🙂 whole", short);
      expect(readFileSync(`${sandbox.root}/f`, "utf8")).toBe("añ日🙂 whole");
    });

    test("works for a name of 255 bytes, the longest there is", () => {
      using sandbox = new Sandbox();
      const path = `${sandbox.root}/${"n".repeat(255)}`;
      replaceFile(path, "new", sys);
      expect(readFileSync(path, "utf8")).toBe("new");
    });
  });

  describe("replacing a file with Bun.write", () => {
    // Around a pointer's size, a page, and the 256 KiB from which Bun writes on another thread (1.4.5).
    const sizes = [0, 1, 62, 160, 4095, 4096, 65_536, 262_143, 262_144, 262_145, 1_048_577];

    test.each(sizes)("has written all of %p bytes at the moment of the rename", async (size) => {
      using sandbox = new Sandbox();
      const path = `${sandbox.root}/f`;
      const content = "a1b2".repeat(size / 4 + 1).slice(0, size);
      const renamed: string[] = [];
      const looking: System = {
        ...sys,
        replace(from, to) {
          renamed.push(readFileSync(from, "utf8"));
          sys.replace(from, to);
        },
      };
      await replaceFileWithBun(path, content, looking);
      expect(renamed).toEqual([content]);
      expect(readFileSync(path, "utf8")).toBe(content);
      expect(tempFilesIn(sandbox.root)).toEqual([]);
    });

    test("creates a private file, and keeps no old bytes", async () => {
      using sandbox = new Sandbox();
      const path = `${sandbox.root}/f`;
      writeFileSync(path, "something much longer", { mode: 0o666 });
      const before = process.umask(0);
      await replaceFileWithBun(path, "añ日🙂", sys);
      process.umask(before);
      expect(readFileSync(path, "utf8")).toBe("añ日🙂");
      expect(statSync(path).mode & 0o777).toBe(0o600);
    });

    test.each(["ENOSPC", "EBADF", "EISDIR"])("keeps the old content on %s", async (code) => {
      using sandbox = new Sandbox();
      const path = `${sandbox.root}/f`;
      writeFileSync(path, "old");
      // A descriptor on which Bun.write fails, and a rename that does.
      const openOther = (other: string, mode: "update" | "read") => () => sys.open(other, mode);
      const failing: Record<string, Partial<System>> = {
        ENOSPC: { open: openOther("/dev/full", "update") },
        EBADF: { open: openOther(path, "read") },
        EISDIR: { replace: fails("EISDIR") },
      };
      const descriptors = countDescriptors({ ...sys, ...failing[code] });
      const replacing = replaceFileWithBun(path, "new", descriptors.sys);
      expect(await replacing.catch(faultCode)).toBe(code);
      expect(descriptors.open()).toBe(0);
      expect(readFileSync(path, "utf8")).toBe("old");
      expect(tempFilesIn(sandbox.root)).toEqual([]);
    });
  });

  describe("appending a line", () => {
    test("creates a private file, and returns the size before", () => {
      using sandbox = new Sandbox();
      const path = `${sandbox.root}/log`;
      withUmask(0, () => expect(appendLine(path, "one", sys)).toBe(0));
      expect(appendLine(path, "zwölf", sys)).toBe(4);
      expect(readFileSync(path, "utf8")).toBe("one\nzwölf\n");
      expect(statSync(path).mode & 0o777).toBe(0o600);
    });

    test.each([
      ["half a li", "half a li\nnew\n", "a writer was killed"],
      ["whole\nhalf", "whole\nhalf\nnew\n", "the same, later"],
      ["whole\n", "whole\nnew\n", "nothing is torn"],
      ["\n", "\nnew\n", "an empty line is a line"],
      ["", "new\n", "an empty file has no line"],
    ])("after %j gives %j (%s)", (before, after) => {
      using sandbox = new Sandbox();
      const path = `${sandbox.root}/log`;
      writeFileSync(path, before, { mode: 0o600 });
      appendLine(path, "new", sys);
      expect(readFileSync(path, "utf8")).toBe(after);
    });

    test("is one write, even after a torn line", () => {
      using sandbox = new Sandbox();
      const path = `${sandbox.root}/log`;
      writeFileSync(path, "torn");
      let writes = 0;
      const counting: System = { ...sys, write: (fd, bytes) => (writes++, sys.write(fd, bytes)) };
      appendLine(path, "x".repeat(1_000_000), counting);
      expect(writes).toBe(1);
    });

    test("works on a file larger than four gigabytes", () => {
      using sandbox = new Sandbox();
      const path = `${sandbox.root}/log`;
      writeFileSync(path, "");
      truncateSync(path, 2 ** 32 + 1);
      expect(appendLine(path, "a", sys)).toBe(2 ** 32 + 1);
      expect(appendLine(path, "b", sys)).toBe(2 ** 32 + 4);
      expect(statSync(path).size).toBe(2 ** 32 + 6);
    });

    test("makes a file private that is not", () => {
      using sandbox = new Sandbox();
      const path = `${sandbox.root}/log`;
      writeFileSync(path, "old\n");
      chmodSync(path, 0o666);
      appendLine(path, "new", sys);
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(readFileSync(path, "utf8")).toBe("old\nnew\n");
    });

    test("throws if the disk is full", () => {
      using sandbox = new Sandbox();
      const full = { ...sys, write: fails("ENOSPC") };
      expect(codeOf(() => appendLine(`${sandbox.root}/log`, "x", full))).toBe("ENOSPC");
    });
  });

  describe.each(planted)("if there is $what", ({ plant, code, appendCode = code, needsRoot }) => {
    test.skipIf(needsRoot === true && !isRoot)("nothing is read or written", () => {
      using sandbox = new Sandbox();
      const path = `${sandbox.root}/f`;
      plant(path, sandbox);
      const before = everythingIn(sandbox.root);
      expect(codeOf(() => readOwnFile(path, 100, sys))).toBe(code);
      expect(codeOf(() => openOwnFile(path, sys))).toBe(code);
      expect(codeOf(() => appendLine(path, "x", sys))).toBe(appendCode);
      expect(codeOf(() => removeIf(path, 100, () => true, sys))).toBe(code);
      expect(everythingIn(sandbox.root)).toEqual(before);
    });
  });

  describe("reading", () => {
    test("returns undefined for a missing file", () => {
      using sandbox = new Sandbox();
      expect(readOwnFile(`${sandbox.root}/f`, 100, sys)).toBeUndefined();
      expect(readOwnFile(`${sandbox.root}/f/g`, 100, sys)).toBeUndefined();
    });

    test.each([
      [99, "x".repeat(99)],
      [100, "x".repeat(100)],
      [101, "too large"],
    ])("reads at most `maxBytes`: %p of 100", (size, expected) => {
      using sandbox = new Sandbox();
      writeFileSync(`${sandbox.root}/f`, "x".repeat(size));
      let read: string | undefined;
      const code = codeOf(() => (read = readOwnFile(`${sandbox.root}/f`, 100, sys)));
      expect(read ?? code).toBe(expected);
    });

    test("leaves no descriptor open, whether it succeeds or fails", () => {
      using sandbox = new Sandbox();
      writeFileSync(`${sandbox.root}/f`, "text");
      linkSync(`${sandbox.root}/f`, `${sandbox.root}/second`);
      writeFileSync(`${sandbox.root}/good`, "text");
      const { sys: counting, open } = countDescriptors(sys);
      const act = [
        () => readOwnFile(`${sandbox.root}/good`, 100, counting),
        () => readOwnFile(`${sandbox.root}/good`, 1, counting),
        () => readOwnFile(`${sandbox.root}/f`, 100, counting),
        () => appendLine(`${sandbox.root}/f`, "x", counting),
        () => appendLine(`${sandbox.root}/good`, "x", counting),
        () => appendLine(`${sandbox.root}/good`, "x", { ...counting, write: fails("EIO") }),
        () => replaceFile(`${sandbox.root}/good`, "x", { ...counting, write: fails("EIO") }),
        () => openOwnFile(`${sandbox.root}/good`, { ...counting, statusOf: fails("EIO") }),
      ];
      for (const one of act) {
        codeOf(one);
        expect(open()).toBe(0);
      }
    });
  });

  describe("removing a file if its content passes", () => {
    test("removes a file that passes, and no other", () => {
      using sandbox = new Sandbox();
      const path = `${sandbox.root}/f`;
      writeFileSync(path, "no");
      expect(removeIf(path, 100, (text) => text === "yes", sys)).toBe(false);
      expect(readFileSync(path, "utf8")).toBe("no");
      writeFileSync(path, "yes");
      expect(removeIf(path, 100, (text) => text === "yes", sys)).toBe(true);
      expect(readdirSync(sandbox.root)).not.toContain("f");
      expect(removeIf(path, 100, () => true, sys)).toBe(false);
      expect(tempFilesIn(sandbox.root)).toEqual([]);
    });

    /** What another process may do between the first test and the rename, and what must be left. */
    const interventions: [string, (path: string, sandbox: Sandbox) => void, string | undefined][] =
      [
        ["stored another session", (path) => replaceFile(path, "newer", sys), "newer"],
        ["removed it", (path) => rmSync(path), undefined],
        ["wrote far too much", (path) => writeFileSync(path, "x".repeat(200)), "x".repeat(200)],
        [
          "gave it a second name",
          (path, sandbox) => linkSync(path, `${sandbox.root}/second`),
          "passes",
        ],
        [
          "put a link there",
          (path, sandbox) => {
            writeFileSync(`${sandbox.root}/other`, "other");
            rmSync(path);
            symlinkSync(`${sandbox.root}/other`, path);
          },
          "other",
        ],
        [
          "put a folder there",
          (path) => {
            rmSync(path);
            mkdirSync(path);
          },
          "a folder",
        ],
      ];
    test.each(interventions)("leaves what is there if another process %s", (_, act, left) => {
      using sandbox = new Sandbox();
      const path = `${sandbox.root}/f`;
      writeFileSync(path, "passes");
      let looks = 0;
      let removed: boolean | undefined;
      codeOf(() => {
        removed = removeIf(
          path,
          100,
          (text) => {
            if (looks++ === 0) act(path, sandbox);
            return text === "passes";
          },
          sys,
        );
      });
      expect(removed ?? false).toBe(false);
      expect(contentOf(path)).toBe(left);
      expect(tempFilesIn(sandbox.root)).toEqual([]);
    });

    test("leaves the newest if two files arrive during the removal", () => {
      using sandbox = new Sandbox();
      const path = `${sandbox.root}/f`;
      writeFileSync(path, "passes");
      let looks = 0;
      const passes = (text: string) => {
        replaceFile(path, looks++ === 0 ? "newer" : "newest", sys);
        return text === "passes";
      };
      expect(removeIf(path, 100, passes, sys)).toBe(false);
      expect(readFileSync(path, "utf8")).toBe("newest");
      expect(tempFilesIn(sandbox.root)).toEqual([]);
    });

    test("does not fail if its temp file was cleaned up by another process", () => {
      using sandbox = new Sandbox();
      const path = `${sandbox.root}/f`;
      writeFileSync(path, "passes");
      const cleaning: System = {
        ...sys,
        rename(from, to) {
          renameSync(from, to);
          rmSync(to);
        },
      };
      expect(removeIf(path, 100, (text) => text === "passes", cleaning)).toBe(false);
      expect(existsSync(path)).toBe(false);
    });

    test("returns whether the file existed", () => {
      using sandbox = new Sandbox();
      writeFileSync(`${sandbox.root}/f`, "");
      expect(removeFile(`${sandbox.root}/f`, sys)).toBe(true);
      expect(removeFile(`${sandbox.root}/f`, sys)).toBe(false);
      expect(codeOf(() => removeFile(sandbox.project, sys))).toBeOneOf(["EISDIR", "EPERM"]);
    });
  });

  describe("one of our folders", () => {
    test("is created with its parents, private whatever the umask", () => {
      using sandbox = new Sandbox();
      withUmask(0, () => ensureOwnFolder(`${sandbox.root}/a/b/c`, sys));
      for (const path of ["a", "a/b", "a/b/c"])
        expect(statSync(`${sandbox.root}/${path}`).mode & 0o777).toBe(0o700);
    });

    test.each([0o700, 0o755, 0o777, 0o710])(
      "is not changed if it is there, with mode %o",
      (mode) => {
        using sandbox = new Sandbox();
        mkdirSync(`${sandbox.root}/a`);
        chmodSync(`${sandbox.root}/a`, mode);
        const { ctimeMs } = statSync(`${sandbox.root}/a`);
        ensureOwnFolder(`${sandbox.root}/a`, sys);
        expect(statSync(`${sandbox.root}/a`).ctimeMs).toBe(ctimeMs);
      },
    );

    test("may be the target of our link, as in a dotfiles repository", () => {
      using sandbox = new Sandbox();
      symlinkSync(sandbox.project, `${sandbox.root}/a`);
      ensureOwnFolder(`${sandbox.root}/a`, sys);
      expect(lstatSync(`${sandbox.root}/a`).isSymbolicLink()).toBe(true);
    });

    test.each([
      ["a file", (path: string) => writeFileSync(path, ""), "not a folder"],
      ["a link to nothing", (path: string) => symlinkSync("nowhere", path), "ENOENT"],
      ["a link to itself", (path: string) => symlinkSync("a", path), "ELOOP"],
      ["a pipe", (path: string) => run("mkfifo", path), "not a folder"],
    ])("is not %s", (_, make, code) => {
      using sandbox = new Sandbox();
      make(`${sandbox.root}/a`);
      expect(codeOf(() => ensureOwnFolder(`${sandbox.root}/a`, sys))).toBe(code);
    });

    const foreign: [string, (path: string, sandbox: Sandbox) => void, string][] = [
      [
        "another user's folder",
        (path) => {
          mkdirSync(path, { mode: 0o755 });
          chownSync(path, NOBODY, NOBODY);
        },
        "another user's",
      ],
      [
        "another user's link to our folder",
        (path, sandbox) => {
          symlinkSync(sandbox.project, path);
          lchownSync(path, NOBODY, NOBODY);
        },
        "not a folder",
      ],
      [
        "our link to another user's folder",
        (path, sandbox) => {
          chownSync(sandbox.project, NOBODY, NOBODY);
          symlinkSync(sandbox.project, path);
        },
        "another user's",
      ],
    ];
    test.skipIf(!isRoot).each(foreign)("is not %s (skipped unless root)", (_, make, code) => {
      using sandbox = new Sandbox();
      const path = `${sandbox.root}/a`;
      make(path, sandbox);
      const { mode } = statSync(path);
      expect(codeOf(() => ensureOwnFolder(path, sys))).toBe(code);
      expect(statSync(path).mode).toBe(mode);
    });
  });

  test("lists only our regular files in a folder", () => {
    using sandbox = new Sandbox();
    const folder = sandbox.pointers;
    for (const name of ["a1", "a2", "b1", "a\n3"]) writeFileSync(`${folder}/${name}`, "");
    mkdirSync(`${folder}/a-folder`);
    symlinkSync("a1", `${folder}/a-link`);
    run("mkfifo", `${folder}/a-pipe`);
    if (isRoot) {
      writeFileSync(`${folder}/a-foreign`, "");
      chownSync(`${folder}/a-foreign`, NOBODY, NOBODY);
    }
    const files = listOwnFiles(folder, (name) => name.startsWith("a"), sys);
    expect(files.map(({ name }) => name).toSorted()).toEqual(["a\n3", "a1", "a2"]);
    for (const { name, path } of files) expect(path).toBe(`${folder}/${name}`);
  });

  test("removes only our regular files that are older than an instant", () => {
    using sandbox = new Sandbox();
    const folder = sandbox.pointers;
    const old = new Date(1_000_000_000_000);
    for (const name of ["old", "older", "young"]) writeFileSync(`${folder}/${name}`, "");
    for (const name of ["old", "older"]) utimesSync(`${folder}/${name}`, old, old);
    symlinkSync("old", `${folder}/link`);
    mkdirSync(`${folder}/folder`);
    utimesSync(`${folder}/folder`, old, old);
    const removes = (name: string) => removeOlder(`${folder}/${name}`, old.getTime() + 1, sys);
    expect(["older", "young", "link", "folder", "missing"].map(removes)).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]);
    expect(readdirSync(folder).toSorted()).toEqual(["folder", "link", "old", "young"]);
    expect(removeOlder(`${folder}/old`, old.getTime(), sys)).toBe(false);
  });

  test("lists no files in a missing folder, and throws if a folder cannot be read", () => {
    using sandbox = new Sandbox();
    writeFileSync(`${sandbox.root}/file`, "");
    expect(listOwnFiles(`${sandbox.root}/none`, () => true, sys)).toEqual([]);
    expect(codeOf(() => listOwnFiles(`${sandbox.root}/file`, () => true, sys))).toBe("ENOTDIR");
  });
});

test("a reader never sees a mix while twenty processes replace a file", async () => {
  using sandbox = new Sandbox();
  const path = `${sandbox.root}/f`;
  replaceFile(path, contentBy(0));
  const writers = Array.from({ length: 20 }, (_, at) =>
    inProcess(
      sandbox,
      `for (let n = 0; n < 50; n++) replaceFile("${path}", ${JSON.stringify(contentBy(at))});`,
    ),
  );
  const isOver = Promise.all(writers).then(() => true);
  const whole = new Set(Array.from({ length: 20 }, (_, at) => contentBy(at)));
  const seen = new Set<string>();
  while (!(await Promise.race([isOver, nextTurn()]))) {
    const read = readOwnFile(path, 100_000) ?? "absent";
    if (!whole.has(read)) throw new Error(`a mix of ${new Set(read).size} writers`);
    seen.add(read);
  }
  expect(seen.size).toBeGreaterThan(1);
  expect(tempFilesIn(sandbox.root)).toEqual([]);
});

describe.skipIf(!commandExists("strace"))("Bun.write, as strace shows it,", () => {
  test.each([
    ["writes all before the rename", undefined, ["write", "renameat2"], "new"],
    [
      "repeats a write that a signal interrupted",
      "error=EINTR",
      ["write", "write", "renameat2"],
      "new",
    ],
    ["renames nothing if the disk is full", "error=ENOSPC", ["write"], "old, ENOSPC"],
    ["renames nothing if the disk fails", "error=EIO", ["write"], "old, EIO"],
    ["renames nothing if a write takes nothing", "retval=0", ["write"], "old, short write"],
  ])("%s", (_, injection, calls, left) => {
    using sandbox = new Sandbox();
    const path = `${sandbox.pointers}/f`;
    writeFileSync(path, "old");
    const { names, fault } = traceReplacing(sandbox, path, injection);
    // The last call removes the temp file, or the old file, which then has its name.
    expect(names).toEqual([...calls, "unlink"]);
    expect([readFileSync(path, "utf8"), ...fault].join(", ")).toBe(left);
    expect(readdirSync(sandbox.pointers)).toEqual(["f"]);
  });
});

test.each([
  [300, "a usual line"],
  [100_000, "larger than any pipe or page"],
])("lines of %p bytes from twenty processes never interleave (%s)", async (bytes) => {
  using sandbox = new Sandbox();
  const path = `${sandbox.root}/log`;
  const count = 20;
  await Promise.all(
    Array.from({ length: 20 }, (_, at) =>
      inProcess(
        sandbox,
        `for (let n = 0; n < ${count}; n++)
           appendLine("${path}", "${at} " + n + " " + "${String.fromCharCode(97 + at)}".repeat(${bytes}));`,
      ),
    ),
  );
  const seen = new Set<string>();
  for (const line of readFileSync(path, "utf8").split("\n")) {
    // A writer that checked the file during another's write saw an unended line, and ended it too.
    if (line === "") continue;
    const [at = "", n = "", text = ""] = line.split(" ");
    if (text !== String.fromCharCode(97 + Number(at)).repeat(bytes))
      throw new Error(`a line of ${line.length} bytes by ${at}`);
    seen.add(`${at} ${n}`);
  }
  expect(seen.size).toBe(20 * count);
});

test("a fault has a code, and anything else is thrown again as a bug", () => {
  expect(faultCode(new Fault("EIO", "/f"))).toBe("EIO");
  expect(faultCode(Object.assign(new Error("x"), { code: "ENOSPC" }))).toBe("ENOSPC");
  for (const bug of [new TypeError("bug"), "text", undefined, { code: "EIO" }])
    expect(() => faultCode(bug)).toThrow();
});

function codeOf(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return faultCode(error);
  }
}

/** A system that counts the descriptors left open. */
function countDescriptors(sys: System): { sys: System; open: () => number } {
  let open = 0;
  const counting: System = {
    ...sys,
    open(path, mode) {
      const fd = sys.open(path, mode);
      open++;
      return fd;
    },
    close(fd) {
      open--;
      sys.close(fd);
    },
  };
  return { sys: counting, open: () => open };
}

function fails(code: string): () => never {
  return () => {
    throw new Fault(code, "made to fail");
  };
}

function contentOf(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  return statSync(path).isDirectory() ? "a folder" : readFileSync(path, "utf8");
}

function tempFilesIn(folder: string): string[] {
  return readdirSync(folder).filter(isTempFileName);
}

/** Names, kinds, sizes and permissions of everything in a folder, to show that nothing changed. */
function everythingIn(folder: string): string {
  return run("find", folder, "-printf", "%P %y %s %m %u %T@\n");
}

/** Replaces a file with Bun.write in a traced process; returns its calls on the temp file, and its fault. */
function traceReplacing(sandbox: Sandbox, path: string, injection: string | undefined) {
  const trace = `${sandbox.root}/trace`;
  const lib = `${import.meta.dir}/../../../lib`;
  const script = `
    import { faultCode } from "${lib}/os/fault.ts";
    import { replaceFileWithBun } from "${lib}/os/file.ts";
    // A temp name that strace can be given.
    crypto.randomUUID = () => "known";
    await replaceFileWithBun("${path}", "new").catch((error) => console.log(faultCode(error)));`;
  const temp = path.replace(/[^/]*$/, ".claude_session_tmp_known");
  const options = ["-f", "-qq", "-P", temp, "-e", "trace=write,/^rename,/^unlink", "-o", trace];
  if (injection !== undefined) options.push("-e", `inject=write:${injection}:when=1`);
  const command = ["strace", ...options, process.execPath, "-e", script];
  const { stdout } = Bun.spawnSync(command, { env: sandbox.env(), cwd: "/" });
  return {
    // arm64 has only `unlinkat`.
    names: Array.from(readFileSync(trace, "utf8").matchAll(/^\d+ +(\w+)\(/gm), ([, name]) =>
      name === "unlinkat" ? "unlink" : name,
    ),
    fault: stdout.toString().split("\n").filter(Boolean),
  };
}

/** Runs statements over `lib/os/file.ts` in their own process. */
async function inProcess(sandbox: Sandbox, statements: string): Promise<void> {
  const script = `import { appendLine, replaceFile } from "${import.meta.dir}/../../../lib/os/file.ts";
    ${statements}`;
  const child = Bun.spawn([process.execPath, "-e", script], {
    env: sandbox.env(),
    cwd: "/",
    stdout: "ignore",
    stderr: "pipe",
  });
  const stderr = await child.stderr.text();
  if ((await child.exited) !== 0) throw new Error(stderr);
}

function nextTurn(): Promise<false> {
  return new Promise((resolve) => setImmediate(resolve, false));
}

/** What the writer of a number writes: more than a page, and each writer another length. */
function contentBy(writer: number): string {
  return `${String.fromCharCode(97 + writer).repeat(5000 + writer * 700)}\n`;
}
