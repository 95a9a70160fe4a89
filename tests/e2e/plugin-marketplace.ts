// A marketplace in a folder, with the plugin of this machine's platform.
import { linkSync, mkdirSync } from "node:fs";
import { dist } from "../../scripts/build";
import { PLUGIN_PROGRAMS, pluginName, pluginTexts } from "../../scripts/release/plugin";
import { ownPlatform } from "../../scripts/release/platforms";

const platform = ownPlatform();
if (platform === undefined) throw new Error("this machine is not a platform of the release");

/** The plugin's name. */
export const NAME = pluginName(platform);
/** The plugin's version. */
export const VERSION = "7.8.9";

/** Writes the plugin, as its zip unpacks, and a marketplace that has it; returns the folder of the plugin. */
export async function writeMarketplace(folder: string): Promise<string> {
  const plugin = `${folder}/plugin`;
  if (platform === undefined) throw new Error("unreachable");
  for (const [name, text] of pluginTexts(platform, VERSION))
    await Bun.write(`${plugin}/${name}`, text);
  mkdirSync(`${plugin}/bin`);
  for (const name of PLUGIN_PROGRAMS) linkSync(`${dist}/${name}`, `${plugin}/bin/${name}`);
  await Bun.write(
    `${folder}/.claude-plugin/marketplace.json`,
    JSON.stringify({
      name: "claude-session-hooks",
      owner: { name: "tests" },
      description: "The plugin of the tests",
      plugins: [{ name: NAME, source: "./plugin", description: "The plugin of the tests" }],
    }),
  );
  return plugin;
}
