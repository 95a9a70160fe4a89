// `claude-session uninstall`: removes the hooks from Claude Code's settings.
import { paths } from "../../environment";
import { CommandError, defineCommand, DONE, UsageError, type ExitStatus } from "../command";
import { printByHand } from "../render/by-hand";
import { renderDiff } from "../render/diff";
import { escapeLine, wrap } from "../render/text";
import { readOwnManaged, uninstallManaged } from "../settings/managed-install";
import { removePrograms, USUAL_FOLDER } from "../settings/place-programs";
import { register, unregister } from "../settings/registrations";
import { NotWritable } from "../settings/replace-text";
import { assertOwnFile, SCOPE_ARGUMENTS, settingsPath } from "../settings/scope";
import { removeShellFiles } from "../settings/shell-files";
import {
  assertNotSudo,
  dropBackup,
  EMPTY_SETTINGS,
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
import type { Terminal } from "../terminal";

export default defineCommand({
  description: "Remove the hooks from Claude Code's settings",
  arguments: {
    ...SCOPE_ARGUMENTS,
    programs: {
      type: "boolean",
      description:
        "Then also remove the programs in ~/.claude/hooks, the completions and the man page",
    },
  },
  examples: [
    ["uninstall", "from your own settings; the log stays"],
    ["uninstall --dry-run", "only show what would change"],
    ["uninstall --programs", "everything that npx claude-session-hooks install wrote"],
    ["uninstall --scope managed", "for all users of the machine, as root"],
  ],
  run({ scope, settings, programs, "dry-run": isDryRun }, terminal) {
    if (scope === "managed") {
      assertOwnFile(settings);
      if (programs)
        throw new UsageError(
          "--programs removes only your own programs, so it cannot be combined with --scope managed",
        );
      return uninstallManaged(readOwnManaged(), isDryRun, terminal);
    }
    if (programs && process.platform === "win32")
      throw new CommandError(
        "a running program cannot be removed on Windows; use install.ps1 -Uninstall",
      );
    const status = unregisterHooks(settingsPath(scope, settings), isDryRun, terminal);
    if (!programs || status !== DONE) return status;
    // Claude Code shows an error on every event whose program is missing.
    const shared = sharedEvents(readSettings(settingsPath(scope, settings)));
    if (shared.length > 0)
      throw new CommandError(
        `${shared.join(", ")} still start our programs together with something else, so the programs were not removed`,
      );
    if (isDryRun)
      terminal.print(
        `Would remove the programs in ${escapeLine(USUAL_FOLDER)} and the completions.`,
      );
    else {
      removePrograms();
      removeShellFiles();
      terminal.print(`Removed the programs in ${escapeLine(USUAL_FOLDER)} and the completions.`);
    }
    return DONE;
  },
});

function unregisterHooks(path: string, isDryRun: boolean, terminal: Terminal): ExitStatus {
  const file = readSettings(path);
  const ours = ownCommands(file);
  const shared = sharedEvents(file);
  // Each look at the entries reads what they start, so the last one comes before anything is changed.
  const without = unregister(file.text ?? EMPTY_SETTINGS);
  if (!isDryRun) sweepLeftovers(file);
  if (file.text === undefined || ours.size === 0) {
    terminal.print(`None of our hooks is registered in ${escapeLine(file.path)}.`);
    return DONE;
  }
  if (without.changes.length === 0) {
    terminal.print(
      [`Nothing was removed from ${escapeLine(file.path)}.`, ...keptLines(shared)].join("\n"),
    );
    return DONE;
  }
  const original = originalOf(file, ours);
  const text = original === undefined ? without.text : original.text;
  if (isDryRun) {
    terminal.print(renderDiff(file.path, file.text, text, terminal));
    return DONE;
  }
  assertNotSudo(file);
  const readOnly = whyReadOnly(file);
  const byHand = (reason: string) => printByHand(file, text ?? EMPTY_SETTINGS, reason, terminal);
  if (readOnly !== undefined) return byHand(readOnly);
  try {
    if (text === undefined) removeSettings(file);
    else writeSettings(file, text);
  } catch (error) {
    if (error instanceof NotWritable) return byHand(`it cannot be written: ${error.reason}`);
    throw error;
  }
  if (original !== undefined) dropBackup(file);
  const { green, bold } = terminal.colors;
  const removed = without.changes.map(({ event }) => event);
  terminal.print(
    [
      `${green("Uninstalled")} from ${bold(escapeLine(file.path))}`,
      `  removed  ${wrap(removed.join(", "), terminal.columns, " ".repeat(11))}`,
      ...keptLines(shared),
      original === undefined
        ? "  Other changes made since the installation stay."
        : "  The file was restored byte for byte.",
      `  The log stays in ${escapeLine(paths.state)} until you remove it.`,
    ].join("\n"),
  );
  return DONE;
}

function keptLines(shared: readonly string[]): string[] {
  return shared.length > 0
    ? [`  kept     ${shared.join(", ")}: the command also runs something else`]
    : [];
}

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
