// `claude-session install`: registers the hooks in Claude Code's settings.
import { createTwoFilesPatch } from "diff";
import { paths } from "../../environment";
import {
  coreEvents,
  HOOK_PROGRAMS,
  neverBecause,
  observableEvents,
  programFor,
} from "../../events";
import { programBeside } from "../../os/paths";
import { version } from "../../version";
import {
  defineCommand,
  DONE,
  FAILED,
  CommandError,
  UsageError,
  type ExitCode,
  type Terminal,
} from "../command";
import { escapeControls, wrap } from "../render/text";
import { editConfig, writeConfig, type ConfigEdit } from "../settings/config-file";
import { linkPrograms, type Linking } from "../settings/link-programs";
import { tryProgram } from "../settings/programs";
import { register, unregister, type Change } from "../settings/registrations";
import {
  backupPath,
  dropBackup,
  keepBackup,
  ownCommands,
  readBackup,
  readSettings,
  settingsPath,
  sweepLeftovers,
  writeSettings,
  type Scope,
  type SettingsFile,
} from "../settings/settings-file";

/** Flags that say which settings are meant. */
export const SETTINGS_ARGS = {
  scope: {
    type: "enum",
    options: ["user", "project", "local"] as Scope[],
    default: "user",
    description: "Whose settings: yours, the project's, or yours for this project",
  },
  settings: { type: "string", description: "Another settings file", valueHint: "FILE" },
  "dry-run": { type: "boolean", description: "Show what would change, and change nothing" },
} as const;

export default defineCommand({
  description: "Registers the hooks in Claude Code's settings",
  args: {
    ...SETTINGS_ARGS,
    events: {
      type: "string",
      description: "core (what every client knows), all, or a list parted by commas",
      valueHint: "core|all|LIST",
    },
    server: {
      type: "string",
      description: "An observability server that is to get all events",
      valueHint: "URL",
    },
    insecure: {
      type: "boolean",
      description: "With --server: let events go in the clear to another machine",
    },
    link: {
      type: "boolean",
      description: "Keep the programs as one file with six names: a sixth of the disk space",
    },
  },
  examples: [
    ["install", "your own settings, the core events"],
    ["install --dry-run", "only show what would change"],
    ["install --events all", "the newer events too"],
    ["install --scope local", "for this project, and only for you"],
    ["install --server http://127.0.0.1:4000", "deliver all events there, too"],
    ["install --link", "save 550 MB; wanted again after an upgrade"],
  ],
  async run({ scope, settings, events, server, insecure, link, "dry-run": isDryRun }, terminal) {
    if (insecure === true && server === undefined)
      throw new UsageError("--insecure goes with --server");
    const config = editConfig(
      server === undefined ? undefined : { url: server, isInsecure: insecure === true },
    );
    const file = readSettings(settingsPath(scope, settings));
    const before = file.text ?? "";
    const wanted = wantedCommands(events, ownCommands(file).keys());
    const { text, changes } = register(before, wanted);
    if (isDryRun) {
      const diffs = [
        ...(text === before ? [] : [showDiff(file.path, before, text, terminal)]),
        ...(config.after === config.before
          ? []
          : [showDiff(paths.config, config.before, config.after, terminal)]),
      ];
      terminal.print(diffs.length === 0 ? "Nothing would change." : diffs.join("\n\n"));
      return DONE;
    }
    await checkPrograms();
    sweepLeftovers(file);
    writeConfig(config);
    if (text !== before) {
      keepWhatWas(file);
      if (readSettings(file.path).text !== file.text)
        throw new CommandError(`${file.path} was changed meanwhile; run this again`);
      writeSettings(file, text);
    }
    terminal.print(report(file, changes, config, terminal));
    return link === true ? tellLinking(await linkPrograms(), terminal) : DONE;
  },
});

/** The differences that an edit of settings makes, as `diff -u` shows them. */
export function showDiff(
  path: string,
  before = "",
  after = "",
  { colors }: Pick<Terminal, "colors">,
): string {
  const patch = createTwoFilesPatch(path, path, before, after, "now", "then", { context: 3 });
  return patch
    .split("\n")
    .filter((line) => !/^(===|Index: )/.test(line))
    .map((line) => escapeControls(line.replace(/\r$/, "")))
    .map((line) => {
      if (line.startsWith("+")) return colors.green(line);
      if (line.startsWith("-")) return colors.red(line);
      return line.startsWith("@@") ? colors.cyan(line) : line;
    })
    .join("\n")
    .trimEnd();
}

// Whoever once asked for more events, and does not say now, keeps them.
function wantedCommands(
  given: string | undefined,
  registered: Iterable<string>,
): Map<string, string> {
  const events = given === undefined ? [...coreEvents(), ...registered] : eventsOf(given);
  return new Map(events.map((event) => [event, programBeside(programFor(event))]));
}

function eventsOf(given: string): readonly string[] {
  if (given === "core") return coreEvents();
  if (given === "all") return observableEvents();
  const events = given.split(",").map((event) => event.trim());
  for (const event of events) {
    const harm = neverBecause(event);
    if (harm !== undefined) throw new UsageError(`--events: not ${event}: ${harm}`);
    if (!(observableEvents() as readonly string[]).includes(event))
      throw new UsageError(`--events: there is no event "${event}"`, {
        word: event,
        known: observableEvents(),
      });
  }
  return events;
}

// All of them: one that is not needed now would be missed when its event is added.
async function checkPrograms(): Promise<void> {
  const states = await Promise.all(HOOK_PROGRAMS.map((program) => tryProgram(program)));
  const faults = states.flatMap(({ path, fault, version: its }) => {
    if (fault !== undefined) return [`${path}: ${fault}`];
    return its === version ? [] : [`${path}: is version ${its}, and this is ${version}`];
  });
  if (faults.length === 0) return;
  const list = faults.map((fault) => `\n  ${fault}`).join("");
  throw new CommandError(
    `not registered, for these programs do not work:${list}\nPut all programs of one version into one folder, and run install from there.`,
  );
}

/** Keeps the settings as they were without us, so that uninstall can give back the same bytes. */
function keepWhatWas(file: SettingsFile): void {
  if (file.text === undefined) {
    dropBackup(file);
    return;
  }
  const ours = ownCommands(file);
  const kept = readBackup(file);
  // Nothing but our own entries was added since: the older backup is the truer one.
  if (ours.size > 0 && register(kept ?? "", ours).text === file.text) return;
  keepBackup(file, unregister(file.text).text);
}

function tellLinking(linking: Linking, terminal: Terminal): ExitCode {
  if ("fault" in linking) {
    terminal.note(`claude-session: the programs stay separate files: ${linking.fault}`);
    return FAILED;
  }
  const saved = (linking.savedBytes / 1e6).toFixed(0);
  const now = linking.savedBytes > 0 ? `now, which saves ${saved} MB` : "already";
  terminal.print(`\nThe six programs are one file ${now}.`);
  return DONE;
}

function report(
  file: SettingsFile,
  changes: readonly Change[],
  config: ConfigEdit,
  { columns, colors: { bold, green, dim } }: Terminal,
): string {
  const told = (["added", "moved", "removed"] as const).flatMap((kind) => {
    const events = changes.filter((change) => change.kind === kind).map(({ event }) => event);
    return events.length === 0
      ? []
      : [`  ${kind.padEnd(8)} ${wrap(events.join(", "), columns, " ".repeat(11))}`];
  });
  const kept = changes.filter(({ kind }) => kind === "kept").length;
  const isForwarding = config.after !== config.before;
  const forwarding = isForwarding ? [`  config   ${paths.config}`] : [];
  if (told.length === 0)
    return [
      `${green("Already installed.")} Nothing changed in ${file.path} (${kept} events).`,
      ...forwarding,
    ].join("\n");
  const backup =
    file.text === undefined ? [] : [dim(`  The settings as they were: ${backupPath(file)}`)];
  return [
    `${green("Installed")} into ${bold(file.path)}`,
    ...told,
    ...(kept > 0 ? [`  kept     ${kept} events as they were`] : []),
    ...backup,
    ...forwarding,
    "",
    bold("Next"),
    "  1. End Claude Code and start it anew: a running session keeps its old hooks.",
    "  2. Work a little. `claude-session list` lists the sessions, `claude-session show` tells one.",
    "  3. `claude-session doctor` says whether everything works.",
    ...(isForwarding
      ? ["  4. `claude-session forward --status` says what the server has got."]
      : []),
  ].join("\n");
}
