// The first session after a boot reads the programs into memory, and no other does.
import { expect, test } from "bun:test";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { capturedPayload } from "../../scripts/harness/payloads";
import { runProgram } from "../../scripts/harness/run-program";
import { Sandbox } from "../../scripts/harness/sandbox";
import { dist } from "../../scripts/build";
import { until } from "../support/until";

const BOOT_ID = "/proc/sys/kernel/random/boot_id";
const EARLIER = "01234567-89ab-4cde-8f01-23456789abcd";

/** Starts a session with a program in a folder of its own; returns the ids of processes that read that program. */
async function startSession(sandbox: Sandbox): Promise<() => string[]> {
  const folder = `${sandbox.root}/programs`;
  const program = `${folder}/session-start`;
  if (!existsSync(program)) {
    await Bun.$`mkdir -p ${folder}`.quiet();
    copyFileSync(`${dist}/session-start`, program);
    chmodSync(program, 0o755);
  }
  const { text } = await capturedPayload("SessionStart");
  const ended = await runProgram("session-start", sandbox, text, { folder });
  expect(ended).toMatchObject({ code: 0, stdout: "", stderr: "" });
  expect(existsSync(`${sandbox.state}/hook-errors.log`)).toBeFalse();
  return () =>
    Array.from(new Bun.Glob("[0-9]*").scanSync({ cwd: "/proc", onlyFiles: false })).filter(
      (pid) => {
        try {
          const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
          return command[0] === "/bin/sh" && command.includes(program);
        } catch {
          return false; // It has just ended.
        }
      },
    );
}

test.skipIf(process.platform !== "linux")(
  "only the first session after a boot does it",
  async () => {
    using sandbox = new Sandbox();
    const boot = `${sandbox.state}/boot`;
    const now = readFileSync(BOOT_ID, "utf8").trim();
    // After an installation, which has just written the programs.
    expect((await startSession(sandbox))()).toEqual([]);
    expect(readFileSync(boot, "utf8")).toBe(now);
    expect(statSync(boot).mode & 0o777).toBe(0o600);

    writeFileSync(boot, EARLIER);
    const readers = await startSession(sandbox);
    const [reader = ""] = readers();
    expect(reader).not.toBe("");
    expect(readFileSync(boot, "utf8")).toBe(now);
    const fields = readFileSync(`/proc/${reader}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    // proc_pid_stat(5): in a session of its own, so that it outlives the hook, and nice.
    expect(fields[3]).toBe(reader);
    await until(
      () =>
        Number(readFileSync(`/proc/${reader}/stat`, "utf8").split(") ")[1]?.split(" ")[16]) === 19,
    );
    await until(() => readers().length === 0);

    expect((await startSession(sandbox))()).toEqual([]);
  },
);
