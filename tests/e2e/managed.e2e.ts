// Hooks from managed settings in the real Claude Code, offline: a session on a machine of its own is recorded once, by
// what the machine's config.json allows.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { runCli } from "../../scripts/harness/run-program";
import { recordsOf } from "../../scripts/harness/read-records";
import { Machine, whyNoMachine } from "../support/machine";
import { skipped } from "../support/users";
import { findClient } from "./client";
import { ClientHome } from "./client-home";
import { SCRIPTS } from "./model-scripts";
import { writeMarketplace } from "./plugin-marketplace";

setDefaultTimeout(120_000);

const found = findClient();
const client = "path" in found ? found.path : "";
const whyNot = "reason" in found ? found.reason : whyNoMachine();
if (whyNot !== undefined) console.log(`skipped: ${whyNot}`);

describe.skipIf(whyNot !== undefined)(`managed settings${skipped(whyNot)}`, () => {
  test("that install wrote record a session once, without what the machine keeps out", async () => {
    await using home = await ClientHome.create(client, SCRIPTS, { ours: false });
    const machine = new Machine(home.sandbox);
    machine.configure({ capture: { prompts: false } });
    // The client makes its temp folder here, too.
    chmodSync(home.sandbox.root, 0o755);
    const installed = await runCli(home.sandbox, "install --scope managed --events all", {
      by: machine.by,
    });
    expect([installed.code, installed.stderr]).toEqual([0, ""]);

    const session = home.start(["play failing"], machine.by);
    await session.endInput();
    expect(await session.ended()).toEqual({ code: 0, stderr: "" });
    for (const { outcome, output } of session.hookReports)
      expect([outcome, output]).toEqual(["success", ""]);
    const records = await recordsOf(home.sandbox);
    // The observer is registered in the user's own settings, where a call that fails has one event and not two.
    expect(records.map(({ event }) => event).toSorted()).toEqual(
      home.observed.map((payload) => String(payload["hook_event_name"])).toSorted(),
    );
    expect(records.filter(({ event }) => event === "PostToolUseFailure")).toHaveLength(2);
    expect(new Set(records.map(({ session_id }) => session_id))).toEqual(
      new Set([session.sessionId]),
    );
    const prompt = records.find(({ event }) => event === "UserPromptSubmit");
    expect(prompt?.payload).toMatchObject({ prompt: "[not captured]" });

    // Gone with the settings.
    const removed = await runCli(home.sandbox, "uninstall --scope managed", { by: machine.by });
    expect([removed.code, removed.stderr]).toEqual([0, ""]);
    const later = home.start(["play single"], machine.by);
    await later.endInput();
    expect(await later.ended()).toEqual({ code: 0, stderr: "" });
    expect(await recordsOf(home.sandbox)).toHaveLength(records.length);
  });

  test("record where a user switched all hooks off, and doctor knows that", async () => {
    await using home = await ClientHome.create(client, SCRIPTS, { ours: false, other: "none" });
    const machine = new Machine(home.sandbox);
    chmodSync(home.sandbox.root, 0o755);
    const { by } = machine;
    expect((await runCli(home.sandbox, "install --scope managed", { by })).code).toBe(0);
    const settings = `${home.sandbox.home}/.claude/settings.json`;
    writeFileSync(settings, '{ "disableAllHooks": true }');

    const session = home.start(["play single"], by);
    await session.endInput();
    expect(await session.ended()).toEqual({ code: 0, stderr: "" });
    const events = (await recordsOf(home.sandbox)).map(({ event }) => event);
    expect(events).toEqual(expect.arrayContaining(["SessionStart", "PostToolUse", "SessionEnd"]));
    const folder = "/opt/claude-session-hooks/bin";
    const doctor = await runCli(home.sandbox, "doctor", { by, folder, env: { COLUMNS: "300" } });
    expect(doctor.stdout).toContain(`${settings} turns off all hooks except the administrator's`);
    expect(doctor.code).toBe(0);
  });

  test("that enable the plugin, as the page for teams has them, record a session once", async () => {
    await using home = await ClientHome.create(client, SCRIPTS, { ours: false });
    const machine = new Machine(home.sandbox);
    const market = `${home.sandbox.root}/market`;
    await writeMarketplace(market);
    chmodSync(home.sandbox.root, 0o755);
    const page = readFileSync(`${import.meta.dir}/../../docs/teams.md`, "utf8");
    const shown = /^```json\n(\{\n {2}"extraKnownMarketplaces".*?)^```/ms.exec(page)?.[1] ?? "";
    // The source of the page is on a server; the client takes no address on loopback.
    const text = shown.replace(
      /\{ "source": "url".*?\}/,
      JSON.stringify({ source: "directory", path: market }),
    );
    expect(text).toContain(market);
    mkdirSync(`${machine.etc}/claude-code/managed-settings.d`, { recursive: true });
    writeFileSync(`${machine.etc}/claude-code/managed-settings.d/50-session-hooks.json`, text);

    const session = home.start(["play single"], machine.by);
    await session.endInput();
    expect(await session.ended()).toEqual({ code: 0, stderr: "" });
    const events = (await recordsOf(home.sandbox)).map(({ event }) => event);
    expect(events.toSorted()).toEqual(
      home.observed.map((payload) => String(payload["hook_event_name"])).toSorted(),
    );
    expect(events.length).toBeGreaterThan(3);
    const refused = await runCli(home.sandbox, "install", { by: machine.by });
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("the plugin")]);
  });
});
