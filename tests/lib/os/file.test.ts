import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  linkSync,
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
  isTemporaryName,
  openOwn,
  readOwn,
  removeFile,
  removeIf,
  removeOlder,
  replaceFile,
} from "../../../lib/os/file";
import { ensurePrivateFolder, listOwn } from "../../../lib/os/folder";
import { fileLibrary } from "../../../lib/os/libc";
import type { System } from "../../../lib/os/syscalls";
import { librarySystem } from "../../../lib/os/syscalls-libc";
import { nodeSystem } from "../../../lib/os/syscalls-node";
import { run, withUmask } from "../../../scripts/harness/commands";
import { Sandbox } from "../../../scripts/harness/sandbox";

const NOBODY = 65534;
const isRoot = process.geteuid?.() === 0;
const systems: { name: string; by: System }[] = [{ name: "node:fs", by: nodeSystem() }];
if (fileLibrary !== undefined)
  systems.push({ name: "the C library", by: librarySystem(fileLibrary) });

/** What may lie at a path instead of a file of our own, why it is refused, and the code of each way. */
const planted: {
  what: string;
  plant: (path: string, sandbox: Sandbox) => void;
  code: string;
  appendCode?: string;
  needsRoot?: boolean;
}[] = [
  {
    what: "a link to somebody's file, which we would write for them",
    plant(path, sandbox) {
      writeFileSync(`${sandbox.root}/victim`, "precious");
      symlinkSync(`${sandbox.root}/victim`, path);
    },
    code: "ELOOP",
  },
  {
    what: "a dangling link, through which we would create a file elsewhere",
    plant: (path, sandbox) => symlinkSync(`${sandbox.root}/new`, path),
    code: "ELOOP",
  },
  {
    what: "a pipe, for whose reader we would wait",
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
    what: "a file with a second name, which may be somebody else's",
    plant(path, sandbox) {
      writeFileSync(`${sandbox.root}/victim`, "precious");
      linkSync(`${sandbox.root}/victim`, path);
    },
    code: "has a second name",
  },
  {
    what: "another user's file, who could read what we append (skipped unless root)",
    plant(path) {
      writeFileSync(path, "planted");
      chmodSync(path, 0o666);
      chownSync(path, NOBODY, NOBODY);
    },
    code: "another user's",
    needsRoot: true,
  },
];

describe.each(systems)("by $name", ({ by }) => {
  describe("replacing a file", () => {
    test("makes one where there was none, for its owner alone", () => {
      using sandbox = new Sandbox();
      const path = `${sandbox.root}/f`;
      withUmask(0, () => replaceFile(path, "new", by));
      expect(readFileSync(path, "utf8")).toBe("new");
      expect(statSync(path).mode & 0o777).toBe(0o600);
    });

    test("leaves no old byte, no old permission and no temp file", () => {
      using sandbox = new Sandbox();
      const path = `${sandbox.root}/f`;
      writeFileSync(path, "something much longer", { mode: 0o666 });
      replaceFile(path, "new", by);
      expect(readFileSync(path, "utf8")).toBe("new");
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(temporaries(sandbox.root)).toEqual([]);
    });

    test("leaves the file that a reader has open as it was", () => {
      using sandbox = new Sandbox();
      const path = `${sandbox.root}/f`;
      replaceFile(path, "old", by);
      const { fd, size } = openOwn(path, by);
      replaceFile(path, "new content", by);
      const buffer = new Uint8Array(size);
      by.readAt(fd, buffer, 0);
      by.close(fd);
      expect(new TextDecoder().decode(buffer)).toBe("old");
    });

    test.each(["folder", "folder with something in it"])("fails on a %s and leaves it", (kind) => {
      using sandbox = new Sandbox();
      const path = `${sandbox.root}/f`;
      mkdirSync(path);
      if (kind !== "folder") writeFileSync(`${path}/inside`, "kept");
      const before = readdirSync(path);
      expect(codeOf(() => replaceFile(path, "new", by))).toBe("EISDIR");
      expect(readdirSync(path)).toEqual(before);
      expect(temporaries(sandbox.root)).toEqual([]);
    });

    test.each(["write", "replace"] as const)("keeps the old content when the %s fails", (call) => {
      using sandbox = new Sandbox();
      const path = `${sandbox.root}/f`;
      replaceFile(path, "old", by);
      const full = { ...by, [call]: fails("ENOSPC") };
      expect(codeOf(() => replaceFile(path, "new", full))).toBe("ENOSPC");
      expect(readFileSync(path, "utf8")).toBe("old");
      expect(temporaries(sandbox.root)).toEqual([]);
    });

    test("goes on where a write took only a part", () => {
      using sandbox = new Sandbox();
      const short: System = { ...by, write: (fd, bytes) => by.write(fd, bytes.subarray(0, 3)) };
      replaceFile(`${sandbox.root}/f`, "añ日🙂 whole", short);
      expect(readFileSync(`${sandbox.root}/f`, "utf8")).toBe("añ日🙂 whole");
    });

    test("works for a name of 255 bytes, whose temp name could not be longer", () => {
      using sandbox = new Sandbox();
      const path = `${sandbox.root}/${"n".repeat(255)}`;
      replaceFile(path, "new", by);
      expect(readFileSync(path, "utf8")).toBe("new");
    });
  });

  describe("appending a line", () => {
    test("creates the file for its owner alone, and answers the size before", () => {
      using sandbox = new Sandbox();
      const path = `${sandbox.root}/log`;
      withUmask(0, () => expect(appendLine(path, "one", by)).toBe(0));
      expect(appendLine(path, "zwölf", by)).toBe(4);
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
      appendLine(path, "new", by);
      expect(readFileSync(path, "utf8")).toBe(after);
    });

    test("is one write, also where it mends a torn line", () => {
      using sandbox = new Sandbox();
      const path = `${sandbox.root}/log`;
      writeFileSync(path, "torn");
      let writes = 0;
      const counting: System = { ...by, write: (fd, bytes) => (writes++, by.write(fd, bytes)) };
      appendLine(path, "x".repeat(1_000_000), counting);
      expect(writes).toBe(1);
    });

    test("looks at the end of a file larger than four gigabytes", () => {
      using sandbox = new Sandbox();
      const path = `${sandbox.root}/log`;
      writeFileSync(path, "");
      truncateSync(path, 2 ** 32 + 1);
      expect(appendLine(path, "a", by)).toBe(2 ** 32 + 1);
      expect(appendLine(path, "b", by)).toBe(2 ** 32 + 4);
      expect(statSync(path).size).toBe(2 ** 32 + 6);
    });

    test("takes from others what they could do with our file", () => {
      using sandbox = new Sandbox();
      const path = `${sandbox.root}/log`;
      writeFileSync(path, "old\n");
      chmodSync(path, 0o666);
      appendLine(path, "new", by);
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(readFileSync(path, "utf8")).toBe("old\nnew\n");
    });

    test("tells that the disk is full", () => {
      using sandbox = new Sandbox();
      const full = { ...by, write: fails("ENOSPC") };
      expect(codeOf(() => appendLine(`${sandbox.root}/log`, "x", full))).toBe("ENOSPC");
    });
  });

  describe.each(planted)(
    "where there is $what",
    ({ plant, code, appendCode = code, needsRoot }) => {
      test.skipIf(needsRoot === true && !isRoot)("nothing is read and nothing written", () => {
        using sandbox = new Sandbox();
        const path = `${sandbox.root}/f`;
        plant(path, sandbox);
        const before = everythingIn(sandbox.root);
        expect(codeOf(() => readOwn(path, 100, by))).toBe(code);
        expect(codeOf(() => openOwn(path, by))).toBe(code);
        expect(codeOf(() => appendLine(path, "x", by))).toBe(appendCode);
        expect(codeOf(() => removeIf(path, 100, () => true, by))).toBe(code);
        expect(everythingIn(sandbox.root)).toEqual(before);
      });
    },
  );

  describe("reading", () => {
    test("gives nothing where there is nothing", () => {
      using sandbox = new Sandbox();
      expect(readOwn(`${sandbox.root}/f`, 100, by)).toBeUndefined();
      expect(readOwn(`${sandbox.root}/f/g`, 100, by)).toBeUndefined();
    });

    test.each([
      [99, "x".repeat(99)],
      [100, "x".repeat(100)],
      [101, "too large"],
    ])("takes at most so many bytes: %p of 100", (size, expected) => {
      using sandbox = new Sandbox();
      writeFileSync(`${sandbox.root}/f`, "x".repeat(size));
      let read: string | undefined;
      const code = codeOf(() => (read = readOwn(`${sandbox.root}/f`, 100, by)));
      expect(read ?? code).toBe(expected);
    });

    test("keeps no descriptor, whether it reads or refuses", () => {
      using sandbox = new Sandbox();
      writeFileSync(`${sandbox.root}/f`, "text");
      linkSync(`${sandbox.root}/f`, `${sandbox.root}/second`);
      writeFileSync(`${sandbox.root}/good`, "text");
      let open = 0;
      const counting: System = {
        ...by,
        open: (path, mode) => (open++, by.open(path, mode)),
        close: (fd) => (open--, by.close(fd)),
      };
      const act = [
        () => readOwn(`${sandbox.root}/good`, 100, counting),
        () => readOwn(`${sandbox.root}/good`, 1, counting),
        () => readOwn(`${sandbox.root}/f`, 100, counting),
        () => appendLine(`${sandbox.root}/f`, "x", counting),
        () => appendLine(`${sandbox.root}/good`, "x", counting),
        () => appendLine(`${sandbox.root}/good`, "x", { ...counting, write: fails("EIO") }),
        () => replaceFile(`${sandbox.root}/good`, "x", { ...counting, write: fails("EIO") }),
        () => openOwn(`${sandbox.root}/good`, { ...counting, statusOf: fails("EIO") }),
      ];
      for (const one of act) {
        codeOf(one);
        expect(open).toBe(0);
      }
    });
  });

  describe("removing a file if its content passes", () => {
    test("removes what passes and leaves what does not", () => {
      using sandbox = new Sandbox();
      const path = `${sandbox.root}/f`;
      writeFileSync(path, "no");
      expect(removeIf(path, 100, (text) => text === "yes", by)).toBe(false);
      expect(readFileSync(path, "utf8")).toBe("no");
      writeFileSync(path, "yes");
      expect(removeIf(path, 100, (text) => text === "yes", by)).toBe(true);
      expect(readdirSync(sandbox.root)).not.toContain("f");
      expect(removeIf(path, 100, () => true, by)).toBe(false);
      expect(temporaries(sandbox.root)).toEqual([]);
    });

    /** What another process may do between our look at the file and our taking it away. */
    const meanwhile: [string, (path: string, sandbox: Sandbox) => void, string | undefined][] = [
      ["stored another session", (path) => replaceFile(path, "newer", by), "newer"],
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
    test.each(meanwhile)("puts back what is there if another process %s", (_, act, left) => {
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
          by,
        );
      });
      expect(removed ?? false).toBe(false);
      expect(contentOf(path)).toBe(left);
      expect(temporaries(sandbox.root)).toEqual([]);
    });

    test("leaves the newest of two that came meanwhile", () => {
      using sandbox = new Sandbox();
      const path = `${sandbox.root}/f`;
      writeFileSync(path, "passes");
      let looks = 0;
      const passes = (text: string) => {
        replaceFile(path, looks++ === 0 ? "newer" : "newest", by);
        return text === "passes";
      };
      expect(removeIf(path, 100, passes, by)).toBe(false);
      expect(readFileSync(path, "utf8")).toBe("newest");
      expect(temporaries(sandbox.root)).toEqual([]);
    });

    test("is content if what it took aside was cleaned away", () => {
      using sandbox = new Sandbox();
      const path = `${sandbox.root}/f`;
      writeFileSync(path, "passes");
      const cleaning: System = {
        ...by,
        rename(from, to) {
          renameSync(from, to);
          rmSync(to);
        },
      };
      expect(removeIf(path, 100, (text) => text === "passes", cleaning)).toBe(false);
      expect(existsSync(path)).toBe(false);
    });

    test("answers whether it was there", () => {
      using sandbox = new Sandbox();
      writeFileSync(`${sandbox.root}/f`, "");
      expect(removeFile(`${sandbox.root}/f`, by)).toBe(true);
      expect(removeFile(`${sandbox.root}/f`, by)).toBe(false);
      expect(codeOf(() => removeFile(sandbox.project, by))).toBeOneOf(["EISDIR", "EPERM"]);
    });
  });

  describe("a private folder", () => {
    test("is made with its parents, for its owner alone, whatever the umask", () => {
      using sandbox = new Sandbox();
      withUmask(0, () => ensurePrivateFolder(`${sandbox.root}/a/b/c`, by));
      for (const path of ["a", "a/b", "a/b/c"])
        expect(statSync(`${sandbox.root}/${path}`).mode & 0o777).toBe(0o700);
    });

    test("is not touched where it is right", () => {
      using sandbox = new Sandbox();
      ensurePrivateFolder(`${sandbox.root}/a`, by);
      const { ctimeMs } = statSync(`${sandbox.root}/a`);
      ensurePrivateFolder(`${sandbox.root}/a`, by);
      expect(statSync(`${sandbox.root}/a`).ctimeMs).toBe(ctimeMs);
    });

    test.each([0o755, 0o777, 0o710, 0o701])("is tightened from %o", (mode) => {
      using sandbox = new Sandbox();
      mkdirSync(`${sandbox.root}/a`);
      chmodSync(`${sandbox.root}/a`, mode);
      ensurePrivateFolder(`${sandbox.root}/a`, by);
      expect(statSync(`${sandbox.root}/a`).mode & 0o777).toBe(0o700);
    });

    test("may be behind a link of our own, as in a dotfiles repository", () => {
      using sandbox = new Sandbox();
      chmodSync(sandbox.project, 0o755);
      symlinkSync(sandbox.project, `${sandbox.root}/a`);
      ensurePrivateFolder(`${sandbox.root}/a`, by);
      expect(statSync(sandbox.project).mode & 0o777).toBe(0o700);
    });

    test.each([
      ["a file", (path: string) => writeFileSync(path, ""), "not a folder"],
      ["a link to nothing", (path: string) => symlinkSync("nowhere", path), "ENOENT"],
      ["a link to itself", (path: string) => symlinkSync("a", path), "ELOOP"],
      ["a pipe", (path: string) => run("mkfifo", path), "not a folder"],
    ])("is not %s", (_, make, code) => {
      using sandbox = new Sandbox();
      make(`${sandbox.root}/a`);
      expect(codeOf(() => ensurePrivateFolder(`${sandbox.root}/a`, by))).toBe(code);
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
      expect(codeOf(() => ensurePrivateFolder(path, by))).toBe(code);
      expect(statSync(path).mode).toBe(mode);
    });
  });

  test("of a folder only our own regular files are listed", () => {
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
    const files = listOwn(folder, (name) => name.startsWith("a"), by);
    expect(files.map(({ name }) => name).toSorted()).toEqual(["a\n3", "a1", "a2"]);
    for (const { name, path } of files) expect(path).toBe(`${folder}/${name}`);
  });

  test("of files older than a moment only our own regular ones are removed", () => {
    using sandbox = new Sandbox();
    const folder = sandbox.pointers;
    const old = new Date(1_000_000_000_000);
    for (const name of ["old", "older", "young"]) writeFileSync(`${folder}/${name}`, "");
    for (const name of ["old", "older"]) utimesSync(`${folder}/${name}`, old, old);
    symlinkSync("old", `${folder}/link`);
    mkdirSync(`${folder}/folder`);
    utimesSync(`${folder}/folder`, old, old);
    const removes = (name: string) => removeOlder(`${folder}/${name}`, old.getTime() + 1, by);
    expect(["older", "young", "link", "folder", "missing"].map(removes)).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]);
    expect(readdirSync(folder).toSorted()).toEqual(["folder", "link", "old", "young"]);
    expect(removeOlder(`${folder}/old`, old.getTime(), by)).toBe(false);
  });

  test("an absent folder has no files, and one that cannot be read is a fault", () => {
    using sandbox = new Sandbox();
    writeFileSync(`${sandbox.root}/file`, "");
    expect(listOwn(`${sandbox.root}/none`, () => true, by)).toEqual([]);
    expect(codeOf(() => listOwn(`${sandbox.root}/file`, () => true, by))).toBe("ENOTDIR");
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
    const read = readOwn(path, 100_000) ?? "absent";
    if (!whole.has(read)) throw new Error(`a mix of ${new Set(read).size} writers`);
    seen.add(read);
  }
  expect(seen.size).toBeGreaterThan(1);
  expect(temporaries(sandbox.root)).toEqual([]);
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
    // A writer that looked while another was at it saw a line without its end, and ended it too.
    if (line === "") continue;
    const [at = "", n = "", text = ""] = line.split(" ");
    if (text !== String.fromCharCode(97 + Number(at)).repeat(bytes))
      throw new Error(`a line of ${line.length} bytes by ${at}`);
    seen.add(`${at} ${n}`);
  }
  expect(seen.size).toBe(20 * count);
});

test("a fault has the code of the system, and a bug is thrown on", () => {
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

function fails(code: string): () => never {
  return () => {
    throw new Fault(code, "made to fail");
  };
}

function contentOf(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  return statSync(path).isDirectory() ? "a folder" : readFileSync(path, "utf8");
}

function temporaries(folder: string): string[] {
  return readdirSync(folder).filter(isTemporaryName);
}

/** Names, kinds, sizes and permissions of everything, to see that nothing has changed. */
function everythingIn(folder: string): string {
  return run("find", folder, "-printf", "%P %y %s %m %u %T@\n");
}

/** Runs statements over `lib/os/file.ts` in a process of its own. */
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

/** What the writer of a number writes: larger than a page, and of a length of its own. */
function contentBy(writer: number): string {
  return `${String.fromCharCode(97 + writer).repeat(5000 + writer * 700)}\n`;
}
