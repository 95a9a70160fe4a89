// `claude-session uninstall`: removes the hooks from Claude Code's settings.
import { paths } from "../../environment";
import { defineCommand, DONE } from "../command";
import { printByHand } from "../render/by-hand";
import { renderDiff } from "../render/diff";
import { escapeLine, wrap } from "../render/text";
import { readOwnManaged, uninstallManaged } from "../settings/managed-install";
import { register, unregister } from "../settings/registrations";
import { assertOwnFile, SCOPE_ARGUMENTS, settingsPath } from "../settings/scope";
import {
  assertNotSudo,
  dropBackup,
  ownCommands,
  readBackup,
  readSettings,
  removeSettings,
  sharedEvents,
  sweepLeftovers,
  whyReadOnly,
  writeSettings,
  type SettingsFile,
} from "../settings/settings-file";

export default defineCommand({
  description: "Remove the hooks from Claude Code's settings",
  arguments: SCOPE_ARGUMENTS,
  examples: [
    ["uninstall", "from your own settings; the log stays"],
    ["uninstall --dry-run", "only show what would change"],
    ["uninstall --scope managed", "for all users of the machine, as root"],
  ],
  run({ scope, settings, "dry-run": isDryRun }, terminal) {
    if (scope === "managed") {
      assertOwnFile(settings);
      return uninstallManaged(readOwnManaged(), isDryRun, terminal);
    }
    const file = readSettings(settingsPath(scope, settings));
    const ours = ownCommands(file);
    if (!isDryRun) sweepLeftovers(file);
    if (file.text === undefined || ours.size === 0) {
      terminal.print(`None of our hooks is registered in ${escapeLine(file.path)}.`);
      return DONE;
    }
    const original = originalOf(file, ours);
    const text = original === undefined ? unregister(file.text).text : original.text;
    if (isDryRun) {
      terminal.print(renderDiff(file.path, file.text, text, terminal));
      return DONE;
    }
    assertNotSudo(file);
    const readOnly = whyReadOnly(file);
    if (readOnly !== undefined) return printByHand(file, text ?? "{}\n", readOnly, terminal);
    if (text === undefined) removeSettings(file);
    else writeSettings(file, text);
    if (original !== undefined) dropBackup(file);
    const { green, bold } = terminal.colors;
    const shared = sharedEvents(file);
    const removed = Array.from(ours.keys()).filter((event) => !shared.includes(event));
    terminal.print(
      [
        `${green("Uninstalled")} from ${bold(escapeLine(file.path))}`,
        `  removed  ${wrap(removed.join(", "), terminal.columns, " ".repeat(11))}`,
        ...(shared.length > 0
          ? [`  kept     ${shared.join(", ")}: the command also runs something else`]
          : []),
        original === undefined
          ? "  Other changes made since the installation stay."
          : "  The file is what it was before, byte for byte.",
        `  The log stays in ${escapeLine(paths.state)} until you remove it.`,
      ].join("\n"),
    );
    return DONE;
  },
});

/** The settings as they were before, if only install has changed them since. */
function originalOf(
  file: SettingsFile,
  ours: ReadonlyMap<string, string>,
): { text: string | undefined } | undefined {
  const before = readBackup(file);
  try {
    return register(before ?? "", ours).text === file.text ? { text: before } : undefined;
  } catch {
    return undefined; // The backup is not valid settings, so it cannot be the original.
  }
}
