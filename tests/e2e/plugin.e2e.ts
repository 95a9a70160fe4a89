// The plugin in the real Claude Code, offline: validated, installed, a session recorded through it, and removed.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { placePrograms } from "../../scripts/build";
import { marketplace, pluginName } from "../../scripts/release/plugin";
import { PLATFORMS } from "../../scripts/release/platforms";
import { findClient } from "./client";
import { ClientHome } from "./client-home";
import { SCRIPTS } from "./model-scripts";
import { NAME, VERSION, writeMarketplace } from "./plugin-marketplace";

setDefaultTimeout(120_000);

const found = findClient();
const client = "path" in found ? found.path : "";
if ("reason" in found) console.log(`skipped: ${found.reason}`);
const ID = `${NAME}@claude-session-hooks`;

/** Runs a command of the client; the home is the sandbox's. */
function claude(home: ClientHome, ...args: readonly string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync([client, ...args], {
    env: home.env,
    cwd: home.sandbox.project,
    stdin: "ignore",
  });
  if (exitCode !== 0) throw new Error(`claude ${args.join(" ")}: ${stdout}${stderr}`);
  return stdout.toString();
}

describe.skipIf(client === "")("the plugin", () => {
  test("is installed, records a session through its one hook program, and is removed", async () => {
    await using home = await ClientHome.create(client, SCRIPTS, { ours: false });
    const settings = `${home.sandbox.home}/.claude/settings.json`;
    const before: unknown = JSON.parse(readFileSync(settings, "utf8"));
    const plugin = await writeMarketplace(`${home.sandbox.root}/market`);
    claude(home, "plugin", "validate", plugin, "--profile", "directory");
    claude(home, "plugin", "validate", `${home.sandbox.root}/market`);
    claude(home, "plugin", "marketplace", "add", `${home.sandbox.root}/market`);
    claude(home, "plugin", "install", ID);

    const session = await home.run("play single");
    const init = session.messages.find(({ subtype }) => subtype === "init");
    for (const skill of ["show", "doctor", "dashboard"])
      expect(init?.["slash_commands"]).toContain(`session-hooks:${skill}`);
    const { records } = await home.recorded();
    expect(records.map(({ event }) => event).toSorted()).toEqual(
      // `claude plugin` is a session for the hooks in the settings, too.
      home.observed
        .filter((payload) => payload["session_id"] === session.sessionId)
        .map((payload) => String(payload["hook_event_name"]))
        .toSorted(),
    );
    expect(new Set(records.map(({ session_id }) => session_id))).toEqual(
      new Set([session.sessionId]),
    );
    for (const { outcome, output } of session.hookReports)
      expect([outcome, output]).toEqual(["success", ""]);

    // The command line in it is the same, and knows where it is.
    const run = (program: string, ...args: string[]) => {
      const ended = Bun.spawnSync([program, ...args], {
        env: { ...home.env, COLUMNS: "250" },
        cwd: home.sandbox.project,
      });
      return { code: ended.exitCode, text: `${ended.stdout}${ended.stderr}` };
    };
    const own = `${plugin}/bin/claude-session`;
    expect(run(own, "show").text).toContain("play single");
    const healthy = run(own, "doctor");
    expect(healthy.text).toContain(`The plugin ${ID} registers every event`);
    expect(healthy.code).toBe(0);
    const refused = run(own, "install");
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.text).toContain("the program of the plugin");

    // Installed as well, from another folder: no event is registered twice.
    await placePrograms(home.hooks);
    const second = home.claudeSession("install");
    expect(second.code).toBe(1);
    expect(second.output).toContain(`claude plugin disable ${ID}`);
    claude(home, "plugin", "disable", ID);
    expect(home.claudeSession("install")).toMatchObject({ code: 0 });
    claude(home, "plugin", "enable", ID);
    const doubled = run(`${home.hooks}/claude-session`, "doctor");
    expect(doubled.text).toContain(`Recorded twice, because the plugin ${ID} and`);
    expect(home.claudeSession("uninstall")).toMatchObject({ code: 0 });

    claude(home, "plugin", "uninstall", ID);
    claude(home, "plugin", "marketplace", "remove", "claude-session-hooks");
    const after = JSON.parse(readFileSync(settings, "utf8")) as Record<string, unknown>;
    // The client leaves its own empty tables.
    for (const key of ["enabledPlugins", "extraKnownMarketplaces"])
      if (Bun.deepEquals(after[key], {})) delete after[key];
    expect(after).toEqual(before as Record<string, unknown>);
  });

  test("has a marketplace of every platform that the client accepts", async () => {
    await using home = await ClientHome.create(client, SCRIPTS, { ours: false, other: "none" });
    const file = { name: "plugin.zip", bytes: 1, sha256: "ab".repeat(32) };
    const text = marketplace(
      {
        name: "claude-session-hooks",
        version: VERSION,
        released: "2026-11-23",
        runtime: { name: "bun", version: Bun.version, revision: Bun.revision },
        platforms: PLATFORMS.map(({ name, runtime }) => ({
          platform: name,
          runtime,
          archives: [file],
          programs: [file],
          plugin: file,
          unpacked_bytes: 1,
        })),
      },
      "https://example.com/releases",
    );
    const path = `${home.sandbox.root}/market/.claude-plugin/marketplace.json`;
    await Bun.write(path, text);
    const report = claude(home, "plugin", "validate", `${home.sandbox.root}/market`);
    expect(report).toContain("Validation passed");
    for (const one of PLATFORMS) expect(text).toContain(`"${pluginName(one)}"`);
  });
});
