// The plugin in the real Claude Code, offline: validated, installed from a folder and from its archive over https, a session
// recorded through it, and removed.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { placePrograms } from "../../scripts/build";
import { marketplace, PLUGIN_PROGRAMS, pluginName } from "../../scripts/release/plugin";
import { ownPlatform, PLATFORMS } from "../../scripts/release/platforms";
import { makeArchives } from "../../scripts/release/release";
import { findClient } from "./client";
import { ClientHome } from "./client-home";
import { SCRIPTS } from "./model-scripts";
import { NAME, VERSION, writeMarketplace } from "./plugin-marketplace";
import { RELEASES, visitHost, whyNoHost } from "./release-host";

setDefaultTimeout(300_000);

const found = findClient();
const client = "path" in found ? found.path : "";
if ("reason" in found) console.log(`skipped: ${found.reason}`);
const ID = `${NAME}@claude-session-hooks`;
const platform = ownPlatform();

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

/** Removes the plugin and its marketplace. */
function remove(home: ClientHome): void {
  claude(home, "plugin", "uninstall", ID);
  claude(home, "plugin", "marketplace", "remove", "claude-session-hooks");
}

/** What the user's settings say, without the empty tables that the client leaves. */
function settingsOf(home: ClientHome): Record<string, unknown> {
  const text = readFileSync(`${home.sandbox.home}/.claude/settings.json`, "utf8");
  const settings = JSON.parse(text) as Record<string, unknown>;
  for (const key of ["enabledPlugins", "extraKnownMarketplaces"])
    if (Bun.deepEquals(settings[key], {})) delete settings[key];
  return settings;
}

/** The programs of the plugin below the client's folders. */
function programsIn({ sandbox }: ClientHome): string[] {
  const folder = `${sandbox.home}/.claude/plugins`;
  return Array.from(new Bun.Glob("**/bin/*").scanSync({ cwd: folder, absolute: true }));
}

const whyNot = client === "" ? "no client" : whyNoHost();
if (whyNot !== undefined) console.log(`skipped, the plugin over https: ${whyNot}`);

describe.skipIf(client === "")("the plugin", () => {
  test("is installed, records a session through its one hook program, and is removed", async () => {
    await using home = await ClientHome.create(client, SCRIPTS, { ours: false });
    const before = settingsOf(home);
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

    remove(home);
    expect(settingsOf(home)).toEqual(before);
  });

  test.skipIf(whyNot !== undefined)(
    "is installed by its address from the release that npm run release makes",
    async () => {
      await using home = await ClientHome.create(client, SCRIPTS, { ours: false });
      const before = settingsOf(home);
      if (platform === undefined) throw new Error("unreachable");
      const folder = `${home.sandbox.root}/release`;
      const options = { folder, version: VERSION, releases: RELEASES, isQuick: true };
      const released = await makeArchives([platform], options);
      const zip = released.platforms[0]?.plugin?.name ?? "";
      const market = `${RELEASES}/latest/download/marketplace.json`;
      const visit = await visitHost(
        folder,
        [
          [client, "plugin", "marketplace", "add", market],
          [client, "plugin", "install", ID],
        ],
        home.env,
        home.sandbox.project,
      );
      for (const { code, output } of visit.commands) expect([code, output]).toEqual([0, output]);
      expect(visit.requests).toEqual([
        "/releases/latest/download/marketplace.json",
        `/releases/download/v${VERSION}/${zip}`,
      ]);

      // Without the host: the programs are in the client's folders, and can be executed.
      const session = await home.run("play single");
      for (const { outcome, output } of session.hookReports)
        expect([outcome, output]).toEqual(["success", ""]);
      const { records } = await home.recorded();
      const sent = home.observed.filter((payload) => payload["session_id"] === session.sessionId);
      expect(records.map(({ event }) => event).toSorted()).toEqual(
        sent.map((payload) => String(payload["hook_event_name"])).toSorted(),
      );
      const installed = programsIn(home);
      expect(installed.map((path) => path.split("/").at(-1)).toSorted()).toEqual(
        PLUGIN_PROGRAMS.toSorted(),
      );
      const own = installed.find((path) => path.endsWith("/claude-session")) ?? "";
      const shown = Bun.spawnSync([own, "show"], { env: home.env, cwd: home.sandbox.project });
      expect(shown.stdout.toString()).toContain("play single");

      remove(home);
      expect(settingsOf(home)).toEqual(before);
    },
  );

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
