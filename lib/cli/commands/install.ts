// `claude-session install`: registers the hooks in Claude Code's settings.
import { environment, paths } from "../../environment";
import {
  coreEvents,
  HOOK_PROGRAMS,
  observableEvents,
  programFor,
  whyNeverRegistered,
} from "../../events";
import { siblingProgram } from "../../os/paths";
import { version } from "../../version";
import { CommandError, defineCommand, DONE, FAILED, UsageError, type ExitStatus } from "../command";
import { printByHand } from "../render/by-hand";
import { renderEdits } from "../render/install-diff";
import { escapeLine, plural, wrap } from "../render/text";
import {
  editConfig,
  editMachineConfig,
  restoreConfig,
  whyConfigProtected,
  writeConfig,
  type ConfigEdit,
  type Server,
} from "../settings/config-file";
import {
  diskFormOf,
  rememberSeparate,
  separatePrograms,
  shareRuntime,
  wantsSeparate,
  type FormResult,
} from "../settings/disk-form";
import { managedPaths, managedRegistration } from "../settings/managed";
import { installManaged, readOwnManaged } from "../settings/managed-install";
import { rememberPrograms } from "../settings/own-programs";
import { enabledPlugin, pluginFolder, pluginsAt } from "../settings/plugin";
import { placePrograms, USUAL_FOLDER } from "../settings/place-programs";
import { programToRegister } from "../settings/program-folder";
import { tryProgram } from "../settings/program-state";
import { register, unregister, type Change } from "../settings/registrations";
import { NotWritable } from "../settings/replace-text";
import { placeShellFiles } from "../settings/shell-files";
import {
  assertOwnFile,
  partOfRepository,
  SCOPE_ARGUMENTS,
  scopePath,
  settingsPath,
} from "../settings/scope";
import {
  assertNotSudo,
  backupPath,
  dropBackup,
  keepBackup,
  ownCommands,
  readBackup,
  readSettings,
  sharedEvents,
  sweepLeftovers,
  whyReadOnly,
  writeSettings,
  type SettingsFile,
} from "../settings/settings-file";
import type { Terminal } from "../terminal";

export default defineCommand({
  description: "Register the hooks in Claude Code's settings",
  arguments: {
    ...SCOPE_ARGUMENTS,
    events: {
      type: "string",
      description: "core (events that every client knows), all, or a comma-separated list",
      value: "core|all|LIST",
    },
    server: {
      type: "string",
      description: "Forward all events to this observability server",
      value: "URL",
    },
    insecure: {
      type: "boolean",
      description: "With --server: allow plain http to another machine",
    },
    copy: {
      type: "boolean",
      description: "First copy the programs to ~/.claude/hooks, and register the copies",
    },
    link: {
      type: "boolean",
      description:
        "Store the five hooks as one file, or as clones if the disk can, in a third of the disk space",
    },
    separate: { type: "boolean", description: "Keep each program as a separate file" },
    "no-register": {
      type: "boolean",
      description: "Do not change the settings; for --link and --separate",
    },
  },
  examples: [
    ["install", "the core events, in your own settings"],
    ["install --dry-run", "only show what would change"],
    ["install --events all", "the newer events as well"],
    ["install --scope local", "for this project, and only for you"],
    ["install --server http://127.0.0.1:4000", "forward all events as well"],
    ["install --link", "save 450 MB; the installer does this"],
    ["install --scope managed", "for all users of this machine, as root"],
  ],
  async run(
    {
      scope,
      settings,
      events,
      server,
      insecure,
      copy,
      link,
      separate,
      "no-register": isForDiskOnly,
      "dry-run": isDryRun,
    },
    terminal,
  ) {
    if (link && separate) throw new UsageError("--link and --separate cannot be combined");
    if (insecure && server === undefined) throw new UsageError("--insecure needs --server");
    if (scope === "managed") {
      assertOwnFile(settings);
      if (link || separate || isForDiskOnly)
        throw new UsageError(
          "--scope managed cannot be combined with --link, --separate or --no-register",
        );
      const own = readOwnManaged();
      const config = editMachineConfig(serverOf(server, insecure));
      if (!isDryRun) await checkPrograms();
      const wanted = Array.from(wantedCommands(events, ownCommands(own).keys()).keys());
      return installManaged(own, { events: wanted, config, isDryRun }, terminal);
    }
    if (copy) {
      const given = { scope, settings, events, server, insecure, separate };
      if (!isDryRun) return copyAndInstall(given, isForDiskOnly, terminal);
      terminal.print(
        `Would copy the programs to ${escapeLine(USUAL_FOLDER)}, then run install there.`,
      );
      return DONE;
    }
    if (isForDiskOnly) {
      await checkPrograms();
      return arrangePrograms(link, separate, terminal);
    }
    const config = editConfig(serverOf(server, insecure));
    const file = readSettings(settingsPath(scope, settings));
    const before = file.text ?? "";
    const wanted = wantedCommands(events, ownCommands(file).keys());
    const { text, changes } = register(before, wanted);
    if (isDryRun) {
      const diffs = renderEdits({ path: file.path, before, after: text }, config, terminal);
      terminal.print(diffs.length === 0 ? "Nothing would change." : diffs.join("\n\n"));
      return DONE;
    }
    assertNotSudo(file);
    assertNoPlugin(file);
    assertNotManaged();
    await checkPrograms();
    const readOnly = whyReadOnly(file);
    if (text !== before && readOnly !== undefined)
      return printByHand(file, text, readOnly, terminal);
    const configFault = whyConfigProtected(config);
    if (configFault !== undefined) return printConfigByHand(config, configFault, terminal);
    try {
      writeBoth(file, text, config, wanted.values());
    } catch (error) {
      if (!(error instanceof NotWritable)) throw error;
      return error.path === config.path
        ? printConfigByHand(config, error.reason, terminal)
        : printByHand(file, text, `it cannot be written: ${error.reason}`, terminal);
    }
    terminal.print(report(file, changes, config, terminal));
    const onlyIn = settings === undefined ? partOfRepository(scope, file.path) : undefined;
    if (onlyIn !== undefined)
      terminal.note(
        `\nOnly sessions that start in ${escapeLine(onlyIn)} read these settings, not all sessions in the repository.`,
      );
    if (readOnly !== undefined)
      terminal.note(`${escapeLine(file.path)} is managed elsewhere: ${readOnly}.`);
    return arrangePrograms(link, separate, terminal);
  },
});

/** Copies the programs, and lets the copy register itself: what is registered is what was started. */
async function copyAndInstall(
  given: Readonly<Record<string, string | boolean | undefined>>,
  isForDiskOnly: boolean,
  terminal: Terminal,
): Promise<ExitStatus> {
  const program = await placePrograms(siblingProgram("claude-session"));
  const failed = placeShellFiles(program);
  terminal.print(`Copied the programs of version ${version} to ${escapeLine(USUAL_FOLDER)}\n`);
  for (const path of failed) terminal.note(`Could not write ${escapeLine(path)}.`);
  const args = Object.entries({ ...given, "no-register": isForDiskOnly }).flatMap(
    ([name, value]) =>
      value === undefined || value === false
        ? []
        : [value === true ? `--${name}` : `--${name}=${value}`],
  );
  const stdio = { stdin: "ignore", stdout: "inherit", stderr: "inherit" } as const;
  const code = await Bun.spawn([program, "install", ...args], { env: { ...environment }, ...stdio })
    .exited;
  return code === 0 ? DONE : FAILED;
}

/** If a plugin and settings both registered the hooks, every event would be recorded twice. */
function assertNoPlugin(file: SettingsFile): void {
  const folder = pluginFolder();
  if (folder !== undefined)
    throw new CommandError(
      `this is the program of the plugin in ${folder}, which registers the hooks itself. To switch to hooks in the settings, disable the plugin and run the installer: see docs/install.md`,
    );
  const scopes = (["local", "project", "user"] as const).flatMap((scope) => scopePath(scope) ?? []);
  const files = new Set([...managedPaths(), file.path, ...scopes]);
  const plugin = enabledPlugin([...files].map(pluginsAt));
  if (plugin === undefined) return;
  throw new CommandError(
    `the plugin ${plugin} already registers the hooks, so every event would be recorded twice. Nothing was changed.\nTo switch to these programs, run claude plugin disable ${plugin}, then run this again.`,
  );
}

/** If an administrator and a user both registered the hooks, every event would be recorded twice. */
function assertNotManaged(): void {
  const path = managedRegistration();
  if (path === undefined) return;
  throw new CommandError(
    `the administrator has registered the hooks for all users in ${path}, so every event would be recorded twice. Nothing was changed.\nTo remove your own entries, run claude-session uninstall.`,
  );
}

function serverOf(url: string | undefined, isInsecure: boolean): Server | undefined {
  return url === undefined ? undefined : { url, isInsecure };
}

/** Writes `config.json` and the settings, or neither. */
function writeBoth(
  file: SettingsFile,
  text: string,
  config: ConfigEdit,
  programs: Iterable<string>,
): void {
  const isChanged = text !== file.text;
  const backup = readBackup(file);
  sweepLeftovers(file);
  rememberPrograms(programs);
  if (isChanged) saveOriginal(file);
  try {
    writeConfig(config);
    try {
      if (isChanged) replaceSettings(file, text);
    } catch (error) {
      restoreConfig(config);
      throw error;
    }
  } catch (error) {
    if (backup !== undefined) keepBackup(file, backup);
    else dropBackup(file);
    throw error;
  }
}

function printConfigByHand(
  { path, after = "" }: ConfigEdit,
  code: string,
  terminal: Terminal,
): ExitStatus {
  return printByHand(
    { path },
    after,
    `it cannot be written: ${code}`,
    terminal,
    ", then run this again",
  );
}

function replaceSettings(file: SettingsFile, text: string): void {
  if (readSettings(file.path).text !== file.text)
    throw new CommandError(`another program has just changed ${file.path}; run this again`);
  writeSettings(file, text);
}

// If the user names no events now, those registered earlier stay registered.
function wantedCommands(
  given: string | undefined,
  registered: Iterable<string>,
): Map<string, string> {
  const events = given === undefined ? [...coreEvents(), ...registered] : eventsOf(given);
  return new Map(events.map((event) => [event, programToRegister(programFor(event))]));
}

function eventsOf(given: string): readonly string[] {
  if (given === "core") return coreEvents();
  const observable: readonly string[] = observableEvents();
  if (given === "all") return observable;
  const events = given.split(",").map((event) => event.trim());
  for (const event of events) {
    const reason = whyNeverRegistered(event);
    if (reason !== undefined) throw new UsageError(`--events: ${event} is not allowed: ${reason}`);
    if (!observable.includes(event))
      throw new UsageError(`--events: unknown event "${event}"`, {
        given: event,
        known: observable,
      });
  }
  return events;
}

// All programs are checked, because one that is not needed now is needed once its event is added.
async function checkPrograms(): Promise<void> {
  const states = await Promise.all(HOOK_PROGRAMS.map((program) => tryProgram(program)));
  const reasons = states.flatMap((state) => {
    if (state.kind === "broken") return [`${state.path}: ${state.reason}`];
    return state.version === version
      ? []
      : [`${state.path}: is version ${state.version}, but this is ${version}`];
  });
  if (reasons.length === 0) return;
  const list = reasons.map((reason) => `\n  ${reason}`).join("");
  throw new CommandError(
    `nothing was registered, because these programs do not work:${list}\nPut all programs of the same version into one folder and run install from there.`,
  );
}

/** Saves the settings as they were without our entries, so that uninstall can restore every byte. */
function saveOriginal(file: SettingsFile): void {
  if (file.text === undefined) {
    dropBackup(file);
    return;
  }
  const ours = ownCommands(file);
  const backup = readBackup(file);
  // Only our own entries were added since: the older backup is closer to the original.
  if (ours.size > 0 && register(backup ?? "", ours).text === file.text) return;
  keepBackup(file, unregister(file.text).text);
}

/** Changes how the programs are stored on disk, if requested, and reports it. */
async function arrangePrograms(
  link: boolean,
  separate: boolean,
  terminal: Terminal,
): Promise<ExitStatus> {
  const before = diskFormOf();
  let result: FormResult;
  if (separate) {
    rememberSeparate(true);
    result = await separatePrograms();
  } else if (link) {
    rememberSeparate(false);
    result = await shareRuntime(true);
  } else {
    // Only in our own folder, and without a message, because this changes no program.
    const isOurFolder = siblingProgram("claude-session") === `${paths.claude}/hooks/claude-session`;
    if (isOurFolder && !wantsSeparate()) await shareRuntime(false);
    return DONE;
  }
  if (result.kind === "failed") {
    terminal.note(`claude-session: the programs were not changed: ${result.reason}`);
    return FAILED;
  }
  terminal.print(`\n${describeForm(result, before.bytes)}`);
  return DONE;
}

function describeForm(
  { form, isNew }: Extract<FormResult, { kind: "done" }>,
  before: number,
): string {
  const saved = `${((before - diskFormOf().bytes) / 1e6).toFixed(0)} MB`;
  switch (form) {
    case "cloned":
      return `The programs are clones of one file${isNew ? " now" : " already"} and share its disk space.`;
    case "linked":
      return isNew
        ? `The five hooks are one file now, which saves ${saved}.`
        : "The five hooks are one file already.";
    case "separate":
      return "Each program is a separate file now.";
  }
}

function report(
  file: SettingsFile,
  changes: readonly Change[],
  config: ConfigEdit,
  { columns, colors: { bold, green, dim } }: Terminal,
): string {
  const changed = (["added", "moved", "removed"] as const).flatMap((kind) => {
    const events = changes.filter((change) => change.kind === kind).map(({ event }) => event);
    return events.length === 0
      ? []
      : [`  ${kind.padEnd(8)} ${wrap(events.join(", "), columns, " ".repeat(11))}`];
  });
  const kept = changes.filter(({ kind }) => kind === "kept").length;
  const shared = sharedEvents(file);
  const unchanged =
    shared.length === 0
      ? []
      : [
          `  shared   ${shared.join(", ")}: the command also runs something else, so it stays as it is`,
        ];
  const isForwarding = config.after !== config.before;
  const forwarding = isForwarding ? [`  changed  ${escapeLine(paths.config)}`] : [];
  if (changed.length === 0)
    return [
      `${green("Already installed.")} Nothing changed in ${escapeLine(file.path)} (${plural(kept, "event")}).`,
      ...unchanged,
      ...forwarding,
    ].join("\n");
  const backup = file.text === undefined ? [] : [dim(`  backup   ${escapeLine(backupPath(file))}`)];
  return [
    `${green("Installed")} into ${bold(escapeLine(file.path))}`,
    ...changed,
    ...(kept > 0 ? [`  kept     ${plural(kept, "event")}`] : []),
    ...unchanged,
    ...backup,
    ...forwarding,
    "",
    bold("Next"),
    "  1. Restart Claude Code: a running session keeps its old hooks.",
    "  2. Work a little, then run `claude-session list` and `claude-session show`.",
    "  3. `claude-session doctor` checks that everything works.",
    ...(isForwarding ? ["  4. `claude-session forward --status` shows what was delivered."] : []),
  ].join("\n");
}
