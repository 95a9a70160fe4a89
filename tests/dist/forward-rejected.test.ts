// What a server refused, and takes after all once something was mended.
import { expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { runCli } from "../../scripts/harness/programs";
import { Sandbox } from "../../scripts/harness/sandbox";
import { Collector, type Behaviour } from "../support/collector";
import { recordedSession } from "../support/recorded-session";
import { writeRecords } from "../support/written-log";

const records = await recordedSession();
const ids = records.map(({ id }) => id);

function configure(sandbox: Sandbox, type: string, url: string): void {
  mkdirSync(sandbox.state, { recursive: true, mode: 0o700 });
  const config = { destinations: [{ name: "team", type, url }] };
  writeFileSync(`${sandbox.state}/config.json`, JSON.stringify(config), { mode: 0o600 });
}

test.each(["observability", "http"])(
  "%s: what was refused is tried again, and what is refused again stays aside",
  async (type) => {
    using sandbox = new Sandbox();
    await using collector = new Collector();
    configure(sandbox, type, collector.url);
    writeRecords(sandbox, records);
    const refusing =
      (...bad: string[]): Behaviour =>
      ({ arrivals }) =>
        arrivals.some(({ id }) => bad.includes(id)) ? 400 : "healthy";
    const [one = "", two = "", three = ""] = ids;
    collector.behaviour = refusing(one, two, three);
    const first = await runCli(sandbox, "forward --once");
    expect(first).toMatchObject({
      code: 0,
      stdout: "team: 34 events delivered, 3 events set aside\n",
    });
    collector.behaviour = refusing(two);
    const again = await runCli(sandbox, "forward --once --refused");
    expect(again).toMatchObject({ code: 0, stdout: "team: 2 events delivered\n" });
    expect(collector.ids.toSorted()).toEqual(ids.filter((id) => id !== two).toSorted());
    const aside = readFileSync(`${sandbox.state}/forward/team/rejected.jsonl`, "utf8");
    expect(JSON.parse(aside)).toMatchObject({ status: 400, record: records[1] });
    collector.behaviour = 500;
    expect(await runCli(sandbox, "forward --once --refused")).toMatchObject({ code: 1 });
    expect(readFileSync(`${sandbox.state}/forward/team/rejected.jsonl`, "utf8")).toBe(aside);
    collector.behaviour = "healthy";
    expect(await runCli(sandbox, "forward --once --refused")).toMatchObject({ code: 0 });
    expect(collector.ids.toSorted()).toEqual(ids.toSorted());
    expect(collector.arrivals).toHaveLength(ids.length);
  },
);
