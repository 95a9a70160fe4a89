// What `install.sh` makes of a system, of its arguments, and of itself if only a part of it arrives.
import { describe, expect, test } from "bun:test";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Sandbox } from "../../scripts/harness/sandbox";
import { PLATFORMS } from "../../scripts/release/platforms";
import { contentsOf, INSTALL_SH, runInstaller, toolbox } from "./installer";

/** What the tools of a system answer: a line of shell in place of each. */
type System = Readonly<Record<"uname" | "getconf" | "ldd" | "sysctl", string>>;

const GLIBC = "echo glibc 2.36";
const NONE = "exit 1";
const MUSL = "echo 'musl libc (x86_64)' >&2; exit 1";

function uname(system: string, machine: string): string {
  return `case $1 in -s) echo ${system} ;; -m) echo ${machine} ;; esac`;
}

describe("install.sh chooses the programs for", () => {
  test.each<[string, System]>([
    ["linux-x64", { uname: uname("Linux", "x86_64"), getconf: GLIBC, ldd: NONE, sysctl: NONE }],
    [
      "linux-x64",
      {
        uname: uname("Linux", "amd64"),
        getconf: NONE,
        ldd: "echo 'ldd (GNU libc) 2.40'",
        sysctl: NONE,
      },
    ],
    ["linux-arm64", { uname: uname("Linux", "aarch64"), getconf: GLIBC, ldd: NONE, sysctl: NONE }],
    ["linux-x64-musl", { uname: uname("Linux", "x86_64"), getconf: NONE, ldd: MUSL, sysctl: NONE }],
    [
      "linux-arm64-musl",
      { uname: uname("Linux", "aarch64"), getconf: NONE, ldd: MUSL, sysctl: NONE },
    ],
    ["darwin-arm64", { uname: uname("Darwin", "arm64"), getconf: NONE, ldd: NONE, sysctl: NONE }],
    [
      "darwin-x64",
      { uname: uname("Darwin", "x86_64"), getconf: NONE, ldd: NONE, sysctl: "echo 0" },
    ],
    [
      "darwin-arm64",
      { uname: uname("Darwin", "x86_64"), getconf: NONE, ldd: NONE, sysctl: "echo 1" },
    ],
  ])("%s", async (platform, system) => {
    using sandbox = new Sandbox();
    const end = await detect(sandbox, system);
    expect(end).toMatchObject({ code: 0, stderr: "" });
    expect(end.stdout).toContain(`Would install claude-session-hooks 1.2.3 for ${platform}\n`);
  });

  test.each([
    ["Windows", uname("MINGW64_NT-10.0", "x86_64"), "use install.ps1"],
    ["another system", uname("FreeBSD", "amd64"), "no release for this system: FreeBSD"],
    ["another processor", uname("Linux", "riscv64"), "no release for this processor: riscv64"],
  ])("no platform on %s", async (_, answer, message) => {
    using sandbox = new Sandbox();
    const end = await detect(sandbox, { uname: answer, getconf: GLIBC, ldd: NONE, sysctl: NONE });
    expect(end.code).toBe(1);
    expect(end.stderr).toContain(message);
  });
});

describe("install.sh rejects", () => {
  test.each([
    [["--from", "http://example.com/x"], 1, "plain http only works on this machine"],
    [["--from", "http://127.0.0.1.example.com/x"], 1, "plain http only works on this machine"],
    [["--from", "http://localhost@example.com/x"], 1, "not a release address"],
    [["--from", "http://127.0.0.1:80@example.com/x"], 1, "not a release address"],
    [["--from", "ftp://example.com"], 1, "not a release address"],
    [["--from", "nowhere"], 1, "not a release address"],
    [[], 1, "use --from URL"],
    [["--version", "1.0.0; rm"], 2, "not a version"],
    [["--prefix"], 2, "--prefix needs a value"],
    [["--prefix", ""], 2, "--prefix needs a value"],
    [["--frmo", "x"], 2, "unknown option --frmo"],
    [["install"], 2, "unknown option install"],
  ])("%p", async (args, code, message) => {
    using sandbox = new Sandbox();
    const end = await runInstaller(sandbox, args);
    expect(end.stderr).toContain(message);
    expect(end.code).toBe(code);
    expect(contentsOf(sandbox.home)).toEqual(new Map());
  });
});

test("without a home it asks for --prefix", async () => {
  using sandbox = new Sandbox();
  const end = await runInstaller(sandbox, ["--from", "/"], { env: { HOME: "" } });
  expect(end.stderr).toContain("use --prefix FOLDER");
});

test("--help lists every option", async () => {
  using sandbox = new Sandbox();
  const end = await runInstaller(sandbox, ["--help"]);
  expect(end).toMatchObject({ code: 0, stderr: "" });
  for (const option of "--from --version --prefix --no-register --dry-run --uninstall".split(" "))
    expect(end.stdout).toContain(`  ${option}`);
});

test("a script of which only a part arrives does nothing", async () => {
  using sandbox = new Sandbox();
  const before = contentsOf(sandbox.root);
  const PATH = toolbox(sandbox);
  const lines = readFileSync(INSTALL_SH, "utf8").split("\n");
  const last = lines.lastIndexOf('main "$@"');
  expect(last).toBeGreaterThan(300);
  let count = 0;
  const runParts = async () => {
    while (++count <= last) {
      const shell = Bun.spawn(["/bin/sh"], {
        env: { PATH, HOME: sandbox.home },
        cwd: sandbox.root,
        stdin: new TextEncoder().encode(lines.slice(0, count).join("\n")),
        stdout: "pipe",
        stderr: "ignore",
      });
      expect(await shell.stdout.text()).toBe("");
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, runParts));
  const after = contentsOf(sandbox.root);
  for (const path of after.keys()) if (path.startsWith(PATH)) after.delete(path);
  expect(after).toEqual(before);
}, 60_000);

/** A dry run on a system whose tools answer as given, with a release that is only a list of checksums. */
function detect(sandbox: Sandbox, system: System) {
  const sums = PLATFORMS.map(
    ({ name }) => `${"a".repeat(64)}  claude-session-hooks-1.2.3-${name}.tar.xz\n`,
  );
  writeFileSync(`${sandbox.root}/SHA256SUMS`, sums.join(""));
  const more = Object.fromEntries(
    Object.entries(system).map(([name, line]) => {
      const path = `${sandbox.root}/${name}`;
      writeFileSync(path, `#!/bin/sh\n${line}\n`);
      chmodSync(path, 0o755);
      return [name, path];
    }),
  );
  return runInstaller(sandbox, ["--dry-run", "--from", sandbox.root], {
    env: { PATH: toolbox(sandbox, { more }) },
  });
}
