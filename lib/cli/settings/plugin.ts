// The plugin of these hooks: whether settings enable it, and whether this program is part of it. If both the plugin and the
// settings registered the hooks, every event would be recorded twice.
import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { parse } from "jsonc-parser";
import { fieldOf } from "../../history/payload";
import { faultCode } from "../../os/fault";

/** `session-hooks-linux-x64@MARKETPLACE`; a marketplace of one's own may call it without the platform. */
const PLUGIN_ID = /^session-hooks(?:-[a-z0-9-]+)?@./;

/** Our plugins that a settings file names, and whether it enables or disables them. */
export function pluginsIn(settings: unknown): ReadonlyMap<string, boolean> {
  const plugins = fieldOf(settings, "enabledPlugins");
  if (typeof plugins !== "object" || plugins === null) return new Map();
  return new Map(
    Object.entries(plugins)
      .filter(([id]) => PLUGIN_ID.test(id))
      .map(([id, value]) => [id, value !== false]),
  );
}

/** Reads the plugins of a settings file; none if it cannot be read, which others report. */
export function pluginsAt(path: string): ReadonlyMap<string, boolean> {
  try {
    return pluginsIn(parse(readFileSync(path, "utf8").replace(/^\uFEFF/, "")));
  } catch (error) {
    faultCode(error);
    return new Map();
  }
}

/** The plugin that is enabled, if one is; the first file that names one decides, so the highest precedence comes first. */
export function enabledPlugin(files: readonly ReadonlyMap<string, boolean>[]): string | undefined {
  const decided = new Map<string, boolean>();
  for (const plugins of files)
    for (const [id, isEnabled] of plugins) if (!decided.has(id)) decided.set(id, isEnabled);
  return Array.from(decided).find(([, isEnabled]) => isEnabled)?.[0];
}

/** The folder of the plugin that a program is a part of. */
export function pluginFolder(program: string = process.execPath): string | undefined {
  const folder = dirname(dirname(program));
  return existsSync(`${folder}/.claude-plugin/plugin.json`) ? folder : undefined;
}
