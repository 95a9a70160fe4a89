// Every system call of a delivery fails once in every way, or is the last one: the next delivery
// brings what is missing, and nothing is counted lost.
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { recordIn } from "../../lib/log/reader";
import { runCli } from "../../scripts/harness/programs";
import type { Sandbox } from "../../scripts/harness/sandbox";
import { Collector } from "../support/collector";
import { configure } from "../support/forwarder";
import { Tally } from "../support/tally";
import { makeOlder, setScene, temporariesIn } from "./aftermath";
import { expectToSurvive, obstacle } from "./every-call";

setDefaultTimeout(300_000);

const tally = new Tally("forwarder");
afterAll(() => tally.print());
const whyNot = obstacle();
if (whyNot !== undefined) tally.skip(`everything: ${whyNot}`);

test.skipIf(whyNot !== undefined)(
  "any system call may fail, or be the last, of a delivery",
  async () => {
    await using collector = new Collector();
    const emitted: string[] = [];
    await expectToSurvive(
      {
        command: { program: "claude-session", args: ["forward", "--once"] },
        prepare: async (sandbox) => {
          const { days } = await setScene(sandbox);
          configure(sandbox, { name: "lake", type: "http", url: `${collector.url}/lake` });
          return Array.from(days.values()).flatMap(idsIn);
        },
        judge: async (sandbox, ids, _fault, { stdout, stderr: said }) => {
          const amiss: string[] = [];
          if (/a bug of ours|at <anonymous>/.test(stdout + said))
            amiss.push(`it printed ${stdout}${said}`);
          for (const path of temporariesIn(sandbox)) makeOlder(path);
          const { code, stderr } = await runCli(sandbox, "forward --once");
          if (code !== 0) amiss.push(`the next delivery ended with ${code}: ${stderr}`);
          const arrived = new Set(collector.ids);
          const missing = ids.filter((id) => !arrived.has(id));
          if (missing.length > 0) amiss.push(`${missing.length} events did not arrive`);
          const { lost, skipped } = cursorOf(sandbox);
          if (lost > 0 || skipped > 0)
            amiss.push(`${lost} lost and ${skipped} skipped are counted`);
          if (forwardersTemporaries(sandbox).length > 0)
            amiss.push("temp files are left after an hour");
          emitted.push(...ids);
          return amiss;
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

/** A hook sweeps the pointers' folder. */
function forwardersTemporaries(sandbox: Sandbox): string[] {
  return temporariesIn(sandbox).filter((path) => path.startsWith(sandbox.state));
}
