// The programs for other processors, in an emulator: they pass their self-tests, and record.
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import manifest from "../../package.json" with { type: "json" };
import { programNames } from "../../scripts/build";
import { buildForeign, emulated } from "../../scripts/harness/qemu";
import { capturedPayload } from "../../scripts/harness/payloads";
import { runProgram } from "../../scripts/harness/run-program";
import { onlyRecordOf } from "../../scripts/harness/read-records";
import { Sandbox } from "../../scripts/harness/sandbox";
import { Tally } from "../support/tally";

setDefaultTimeout(120_000);

const tally = new Tally("other processors");
afterAll(() => tally.print());

const platforms = emulated();
if (platforms.length === 0) tally.skip("all: no emulator is installed");
const names = await programNames();

describe.each(platforms)("%s", (platform) => {
  test("passes its self-tests and records an event", async () => {
    const foreign = await buildForeign(platform);
    for (const name of names) {
      using sandbox = new Sandbox();
      const end = await runProgram(name, sandbox, "", { ...foreign, args: ["--self-test"] });
      expect(end).toMatchObject({ code: 0, stderr: "" });
      expect(end.stdout).toStartWith(`${name} ${manifest.version}\n`);
      tally.add("self-tests");
    }
    using sandbox = new Sandbox();
    const { text, payload } = await capturedPayload("PreToolUse");
    const end = await runProgram("pre-tool-use", sandbox, text, foreign);
    expect(end).toMatchObject({ code: 0, stdout: "", stderr: "" });
    expect(await onlyRecordOf(sandbox)).toMatchObject({
      event: "PreToolUse",
      session_id: String(payload["session_id"]),
      session_id_source: "payload",
    });
    tally.add("events recorded");
  });
});
