// Every system call of a delivery fails in every way, or kills it: the next delivery sends what is missing,
// and nothing counts as lost.
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { recordIn } from "../../lib/log/reader";
import { runCli } from "../../scripts/harness/run-program";
import type { Sandbox } from "../../scripts/harness/sandbox";
import { Collector } from "../support/collector";
import { configure } from "../support/forwarder";
import { Tally } from "../support/tally";
import { BUG_REPORT } from "../support/terminal-output";
import { expectToSurvive, whyNoFaults } from "./fail-each-call";
import { ageFile, prepareScene, tempFilesIn } from "./scene";

// Each system call of a delivery fails in eleven ways: minutes on a quiet machine, and many more on a busy one.
setDefaultTimeout(1_500_000);

const tally = new Tally("forwarder");
afterAll(() => tally.print());
const whyNot = whyNoFaults();
if (whyNot !== undefined) tally.skip(`everything: ${whyNot}`);

test.skipIf(whyNot !== undefined)(
  "any system call may fail, or kill the forwarder, in a delivery",
  async () => {
    await using collector = new Collector();
    const emitted: string[] = [];
    await expectToSurvive(
      {
        command: { program: "claude-session", args: ["forward", "--once"] },
        isSlow: true,
        prepare: async (sandbox) => {
          const { days } = await prepareScene(sandbox);
          configure(sandbox, { name: "lake", type: "http", url: `${collector.url}/lake` });
          return Array.from(days.values()).flatMap(idsIn);
        },
        violations: async (sandbox, ids, _fault, end) => {
          const found: string[] = [];
          const output = end.stdout + end.stderr;
          if (BUG_REPORT.test(output)) found.push(`it printed ${output}`);
          for (const path of tempFilesIn(sandbox)) ageFile(path);
          const { code, stderr } = await runCli(sandbox, "forward --once");
          if (code !== 0) found.push(`the next delivery ended with ${code}: ${stderr}`);
          const arrived = new Set(collector.ids);
          const missing = ids.filter((id) => !arrived.has(id));
          if (missing.length > 0) found.push(`${missing.length} events did not arrive`);
          const { lost, skipped } = cursorOf(sandbox);
          if (lost > 0 || skipped > 0)
            found.push(`${lost} events count as lost and ${skipped} lines as skipped`);
          if (tempFilesOfForwarder(sandbox).length > 0)
            found.push("temp files are left after an hour");
          emitted.push(...ids);
          return found;
        },
      },
      tally,
    );
    expect(collector.unreadable).toEqual([]);
    tally.add("events to deliver", emitted.length);
    tally.add("of them delivered", emitted.filter((id) => collector.ids.includes(id)).length);
  },
);

function idsIn(day: Buffer): string[] {
  return day
    .toString()
    .split("\n")
    .flatMap((line) => recordIn(line)?.id ?? []);
}

function cursorOf({ state }: Sandbox): { lost: number; skipped: number } {
  return JSON.parse(readFileSync(`${state}/forward/lake/cursor.json`, "utf8"));
}

/** Only those in the state folder: a hook cleans up the pointer folder. */
function tempFilesOfForwarder(sandbox: Sandbox): string[] {
  return tempFilesIn(sandbox).filter((path) => path.startsWith(sandbox.state));
}
