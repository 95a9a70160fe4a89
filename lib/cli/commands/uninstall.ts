// `claude-session uninstall`: takes the hooks out of Claude Code's settings.
import { paths } from "../../environment";
import { defineCommand, DONE } from "../command";
import { wrap } from "../render/text";
import { register, unregister } from "../settings/registrations";
import {
  dropBackup,
  ownCommands,
  readBackup,
  readSettings,
  removeSettings,
  settingsPath,
  sweepLeftovers,
  writeSettings,
  type SettingsFile,
} from "../settings/settings-file";
import { SETTINGS_ARGS, showDiff } from "./install";

export default defineCommand({
  description: "Takes the hooks out of Claude Code's settings again",
  args: SETTINGS_ARGS,
  examples: [
    ["uninstall", "out of your own settings; the log stays"],
    ["uninstall --dry-run", "only show what would change"],
  ],
  run({ scope, settings, "dry-run": isDryRun }, terminal) {
    const file = readSettings(settingsPath(scope, settings));
    const ours = ownCommands(file);
    if (isDryRun !== true) sweepLeftovers(file);
    if (file.text === undefined || ours.size === 0) {
      terminal.print(`There are no hooks of ours in ${file.path}.`);
      return DONE;
    }
    const original = originalText(file, ours);
    const text = original === undefined ? unregister(file.text).text : original.text;
    if (isDryRun) {
      terminal.print(showDiff(file.path, file.text, text, terminal));
      return DONE;
    }
    if (text === undefined) removeSettings(file);
    else writeSettings(file, text);
    if (original !== undefined) dropBackup(file);
    const { green, bold } = terminal.colors;
    terminal.print(
      [
        `${green("Uninstalled")} from ${bold(file.path)}`,
        `  removed  ${wrap(Array.from(ours.keys()).join(", "), terminal.columns, " ".repeat(11))}`,
        original === undefined
          ? "  Other changes that were made since stay."
          : "  It is again what it was before, byte for byte.",
        `  What was recorded stays in ${paths.state} until you remove it.`,
      ].join("\n"),
    );
    return DONE;
  },
});

/** What the settings were before, if install alone has changed them since. */
function originalText(
  file: SettingsFile,
  ours: ReadonlyMap<string, string>,
): { text: string | undefined } | undefined {
  const before = readBackup(file);
  try {
    return register(before ?? "", ours).text === file.text ? { text: before } : undefined;
  } catch {
    return undefined; // A backup that is no settings is none of ours.
  }
}
