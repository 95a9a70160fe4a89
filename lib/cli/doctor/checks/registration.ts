// Whether Claude Code calls the hooks: for which events, by which settings, and unless switched off.
import { coreEvents, neverBecause } from "../../../events";
import { plural } from "../../render/text";
import type { Facts } from "../collect";
import type { SettingsFacts } from "../facts/settings";
import { fail, ok, warn, type Result } from "../finding";

/** Judges what the settings say. */
export function* checkRegistration({ settings }: Pick<Facts, "settings">): Generator<Result> {
  for (const { path, fault } of settings)
    if (fault !== undefined)
      // The words of an editor's refusal name the path themselves.
      yield fail(fault.includes(path) ? fault : `${path}: ${fault}`, "Mend it, and look again.");
  yield* judgeSwitches(settings);
  const registering = settings.filter(({ registered }) => registered.length > 0);
  const [first] = registering;
  if (first === undefined) {
    yield fail("The hooks are not registered with Claude Code", installInto("user"));
    return;
  }
  for (const file of registering) {
    const events = new Set(file.registered.map(({ event }) => event));
    yield ok(`${plural(events.size, "event")} registered in ${file.path}`);
    yield* judgeCommands(file);
  }
  const events = registeredEvents(settings);
  const missing = coreEvents().filter((event) => !events.has(event));
  if (missing.length > 0)
    yield warn(`Not registered: ${missing.join(", ")}`, installInto(first.scope));
  yield* judgeDoubles(registering);
}

/** The events that any of the settings register. */
export function registeredEvents(settings: readonly SettingsFacts[]): Set<string> {
  return new Set(settings.flatMap(({ registered }) => registered.map(({ event }) => event)));
}

/** What to do where settings should register the hooks anew. */
export function installInto(scope: SettingsFacts["scope"]): string {
  if (scope === "managed") return "Ask the administrator to mend it.";
  const flags = scope === "user" ? "" : ` --scope ${scope}`;
  return `Run claude-session install${flags}, then start Claude Code anew.`;
}

/**
 * An administrator's settings count before local ones, these before the project's, and those before
 * the user's.
 */
function* judgeSwitches(settings: readonly SettingsFacts[]): Generator<Result> {
  const deciding = settings.find(({ disableAllHooks }) => disableAllHooks !== undefined);
  for (const { path, disableAllHooks } of settings)
    if (disableAllHooks !== true) continue;
    else if (path === deciding?.path)
      yield fail(`${path} switches all hooks off`, "Take disableAllHooks out of it.");
    else
      yield warn(
        `${path} switches all hooks off, though not here: ${deciding?.path} counts more`,
        "Take disableAllHooks out of it.",
      );
  const isManaged = settings.some(
    ({ scope, registered }) => scope === "managed" && registered.length > 0,
  );
  for (const { path, scope, allowManagedHooksOnly } of settings)
    if (!allowManagedHooksOnly || isManaged) continue;
    else if (scope === "managed")
      yield fail(
        `${path} allows only the administrator's own hooks`,
        "Ask the administrator to register these, or to take allowManagedHooksOnly out.",
      );
    else
      yield warn(
        `${path} says allowManagedHooksOnly, which counts in an administrator's settings only`,
        "Take allowManagedHooksOnly out of it.",
      );
}

function* judgeCommands({ scope, path, registered }: SettingsFacts): Generator<Result> {
  const commandsThatAre = (state: (typeof registered)[number]["program"]) => [
    ...new Set(registered.filter(({ program }) => program === state).map(({ command }) => command)),
  ];
  for (const state of ["missing", "not executable", "no absolute path"] as const) {
    const [command, ...others] = commandsThatAre(state);
    if (command !== undefined)
      yield fail(`${path} names ${command}${andOthers(others)}: ${state}`, installInto(scope));
  }
  const [elsewhere, ...others] = commandsThatAre("elsewhere");
  if (elsewhere !== undefined)
    yield warn(
      `${path} names ${elsewhere}${andOthers(others)}: not beside this program, so not looked at`,
      `Run the claude-session that lies beside ${others.length === 0 ? "it" : "them"}, or here: ${installInto(scope)}`,
    );
  for (const event of new Set(registered.map((one) => one.event))) {
    const harm = neverBecause(event);
    if (harm !== undefined)
      yield fail(`${path} registers ${event}: ${harm}`, `Take ${event} out of it.`);
  }
}

function andOthers(others: readonly string[]): string {
  return others.length === 0 ? "" : ` and ${others.length} more`;
}

// Of several settings that name one and the same command, Claude Code starts it once.
function* judgeDoubles(registering: readonly SettingsFacts[]): Generator<Result> {
  const doubles = new Map<string, string[]>();
  for (const event of registeredEvents(registering)) {
    const files = registering.filter(({ registered }) =>
      registered.some((one) => one.event === event),
    );
    const commands = new Set(
      files.flatMap(({ registered }) =>
        registered.filter((one) => one.event === event).map(({ command }) => command),
      ),
    );
    if (commands.size < 2) continue;
    const places = files.map(({ path }) => path).join(" and ");
    doubles.set(places, [...(doubles.get(places) ?? []), event]);
  }
  for (const [places, events] of doubles)
    yield warn(
      `Recorded twice, by different programs of ${places}: ${events.join(", ")}`,
      "Keep one of them: claude-session install puts them in order, uninstall --scope takes them out.",
    );
}
