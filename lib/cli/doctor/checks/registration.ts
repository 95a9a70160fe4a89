// Whether Claude Code calls the hooks: which settings register which events, and what turns them off.
import { coreEvents, whyNeverRegistered } from "../../../events";
import { enabledPlugin } from "../../settings/plugin";
import { plural } from "../../render/text";
import type { Facts } from "../collect";
import type { SettingsFacts } from "../facts/settings";
import { fail, ok, warn, type Result } from "../finding";

/** Checks what the settings say. */
export function* checkRegistration({ settings }: Pick<Facts, "settings">): Generator<Result> {
  for (const { path, fault } of settings)
    if (fault !== undefined)
      // Some messages contain the path already.
      yield fail(
        fault.includes(path) ? fault : `${path}: ${fault}`,
        "Fix it and run doctor again.",
      );
  yield* checkSwitches(settings);
  const registering = settings.filter(({ registered }) => registered.length > 0);
  const [first] = registering;
  const plugin = enabledPlugin(settings.map(({ plugins = new Map() }) => plugins));
  if (plugin !== undefined) {
    yield ok(`The plugin ${plugin} registers every event`);
    if (first === undefined) return;
    yield warn(
      `Recorded twice, because the plugin ${plugin} and ${first.path} both register the hooks`,
      `To keep the plugin, run claude-session uninstall; to keep the settings, claude plugin disable ${plugin}.`,
    );
  }
  if (first === undefined) {
    // They may be registered in a file that cannot be read, and install could not write it either.
    if (settings.some(({ fault }) => fault !== undefined)) return;
    yield fail("The hooks are not registered with Claude Code", installInto("user"));
    return;
  }
  for (const file of registering) {
    const events = new Set(file.registered.map(({ event }) => event));
    const what = `${plural(events.size, "event")} registered in ${file.path}`;
    yield file.onlyIn === undefined
      ? ok(what)
      : warn(
          `${what}, which applies only to sessions that start in ${file.onlyIn}`,
          "To record every session, run claude-session install.",
        );
    yield* checkCommands(file);
  }
  const events = registeredEvents(settings);
  const missing = coreEvents().filter((event) => !events.has(event));
  if (missing.length > 0)
    yield warn(`Not registered: ${missing.join(", ")}`, installInto(first.scope));
  yield* checkDoubles(registering);
}

/** The events that any of the settings register. */
export function registeredEvents(settings: readonly SettingsFacts[]): Set<string> {
  return new Set(settings.flatMap(({ registered }) => registered.map(({ event }) => event)));
}

/** How to register the hooks in settings. */
export function installInto(scope: SettingsFacts["scope"]): string {
  if (scope === "managed") return "Ask the administrator to fix it.";
  const flags = scope === "user" ? "" : ` --scope ${scope}`;
  return `Run claude-session install${flags}, then restart Claude Code.`;
}

/**
 * Managed settings override local ones, these the project's, and those the user's. Only managed settings switch managed
 * hooks off (client 2.1.330).
 */
function* checkSwitches(settings: readonly SettingsFacts[]): Generator<Result> {
  const isManaged = settings.some(
    ({ scope, registered }) => scope === "managed" && registered.length > 0,
  );
  const deciding = settings.find(({ disableAllHooks }) => disableAllHooks !== undefined);
  for (const { path, scope, disableAllHooks } of settings)
    if (disableAllHooks !== true) continue;
    else if (path === deciding?.path && isManaged && scope !== "managed")
      yield warn(
        `${path} turns off all hooks except the administrator's, which still record`,
        "Remove disableAllHooks from it if other hooks should run.",
      );
    else if (path === deciding?.path)
      yield fail(`${path} turns off all hooks`, "Remove disableAllHooks from it.");
    else
      yield warn(
        `${path} turns off all hooks, but ${deciding?.path} overrides it`,
        "Remove disableAllHooks from it.",
      );
  for (const { path, scope, allowManagedHooksOnly } of settings)
    if (!allowManagedHooksOnly || isManaged) continue;
    else if (scope === "managed")
      yield fail(
        `${path} allows only the hooks of the administrator`,
        "Ask the administrator to register these hooks, or to remove allowManagedHooksOnly.",
      );
    else
      yield warn(
        `${path} sets allowManagedHooksOnly, which has no effect outside managed settings`,
        "Remove allowManagedHooksOnly from it.",
      );
}

function* checkCommands({ scope, path, registered }: SettingsFacts): Generator<Result> {
  const commandsThatAre = (state: (typeof registered)[number]["program"]) => [
    ...new Set(registered.filter(({ program }) => program === state).map(({ command }) => command)),
  ];
  for (const state of ["missing", "not executable", "not an absolute path"] as const) {
    const [command, ...others] = commandsThatAre(state);
    if (command !== undefined)
      yield fail(`${path} names ${command}${andOthers(others)}: ${state}`, installInto(scope));
  }
  const [elsewhere, ...others] = commandsThatAre("elsewhere");
  if (elsewhere !== undefined)
    yield warn(
      `${path} names ${elsewhere}${andOthers(others)}: not in the folder of this program, so not tested`,
      `Run the claude-session next to ${others.length === 0 ? "it" : "them"}${scope === "managed" ? "." : `, or here: ${installInto(scope)}`}`,
    );
  for (const { event, matcher } of registered)
    if (matcher !== undefined)
      yield warn(
        `${path} limits ${event} to ${matcher}: other calls are not recorded`,
        "Remove the matcher from this entry.",
      );
  const shared = new Set(registered.filter((one) => one.isShared).map(({ event }) => event));
  if (shared.size > 0)
    yield warn(
      `${path} starts our programs together with something else: ${[...shared].join(", ")}`,
      "install and uninstall leave these entries as they are; edit them yourself.",
    );
  for (const event of new Set(registered.map((one) => one.event))) {
    const reason = whyNeverRegistered(event);
    if (reason !== undefined)
      yield fail(`${path} registers ${event}: ${reason}`, `Remove ${event} from it.`);
  }
}

function andOthers(others: readonly string[]): string {
  return others.length === 0 ? "" : ` and ${others.length} more`;
}

// Claude Code runs a command once, however many settings files name it, but it compares commands as they are written.
function* checkDoubles(registering: readonly SettingsFacts[]): Generator<Result> {
  const doubles = new Map<string, { readonly files: SettingsFacts[]; readonly events: string[] }>();
  for (const event of registeredEvents(registering)) {
    const files = registering.filter(({ registered }) =>
      registered.some((one) => one.event === event),
    );
    const entries = files.flatMap(({ registered }) =>
      registered.filter((one) => one.event === event),
    );
    if (new Set(entries.map(({ identity }) => identity)).size < 2) continue;
    const programs = new Set(entries.map(({ command }) => command)).size;
    const places = files.map(({ path }) => path).join(" and ");
    const verb = files.length === 1 ? "registers" : "register";
    const what = programs > 1 ? "different programs" : "the same program by different commands";
    const reason = `${places} ${verb} ${what}`;
    const known = doubles.get(reason)?.events ?? [];
    doubles.set(reason, { files, events: [...known, event] });
  }
  for (const [reason, { files, events }] of doubles)
    yield warn(`Recorded twice, because ${reason}: ${events.join(", ")}`, keepOne(files));
}

function keepOne(files: readonly SettingsFacts[]): string {
  const [first, second] = files;
  if (first !== undefined && second === undefined)
    return first.registered.some(({ isShared }) => isShared)
      ? "Remove one of the entries."
      : installInto(first.scope);
  return files.some(({ scope }) => scope === "managed")
    ? "The administrator's entries stay; claude-session uninstall removes yours, or a project's with --scope."
    : "Keep one of them: claude-session uninstall removes your own entries, and uninstall --scope project or local removes a project's.";
}
