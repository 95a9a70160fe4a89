// The settings files of Claude Code, and what they say about our hooks.
import { accessSync, constants, statSync } from "node:fs";
import { parse } from "jsonc-parser";
import { environment } from "../../../environment";
import { HOOK_PROGRAMS, type HookProgramName } from "../../../events";
import { fieldOf } from "../../../history/payload";
import { faultCode } from "../../../os/fault";
import { isAbsolute, siblingProgram } from "../../../os/paths";
import { CommandError } from "../../command";
import { managedPaths, readManaged } from "../../settings/managed";
import { pluginsIn } from "../../settings/plugin";
import { programToRegister } from "../../settings/program-folder";
import { registrations, SettingsError, type Registration } from "../../settings/registrations";
import { partOfRepository, scopePath, type Scope } from "../../settings/scope";
import { readSettings } from "../../settings/settings-file";
import { dangerousIn, PLACES } from "./variables";

/** One settings file. One that is absent has no entries. */
export interface SettingsFacts {
  /** `managed` settings are an administrator's. */
  readonly scope: Scope;
  readonly path: string;
  /** Why it cannot be read, in words or as a system error code. */
  readonly fault?: string;
  readonly registered: readonly RegisteredProgram[];
  /** Our plugins that it names, and whether it enables them. */
  readonly plugins?: ReadonlyMap<string, boolean>;
  readonly disableAllHooks: boolean | undefined;
  readonly allowManagedHooksOnly: boolean;
  /** A part of a repository, if only sessions that start there read these settings. */
  readonly onlyIn?: string;
  /** Names of variables in its `env` that change what hooks do. */
  readonly dangerous: readonly string[];
  /** Names of variables in its `env` that move what hooks write away from where we look. */
  readonly moved: readonly string[];
}

/** One of our entries, and what its command points to. */
export interface RegisteredProgram extends Registration {
  /** `ours` is the program next to this one, `elsewhere` another of that name. */
  readonly program: "ours" | "elsewhere" | "missing" | "not executable" | "not an absolute path";
}

/** Reads all settings that apply here, the highest precedence first. */
export function readSettingsFacts(): SettingsFacts[] {
  const local = (["local", "project", "user"] as const).flatMap((scope) => {
    const path = scopePath(scope);
    return path === undefined ? [] : [[scope, path] as const];
  });
  // In the home folder, the project's settings are the user's.
  const distinct = local.filter(
    ([, path], i) => local.findLastIndex(([, same]) => same === path) === i,
  );
  return [...managedPaths().map((path) => ["managed", path] as const), ...distinct].map(
    ([scope, path]) => settingsFacts(scope, path),
  );
}

const NOTHING: Omit<SettingsFacts, "scope" | "path"> = {
  registered: [],
  disableAllHooks: undefined,
  allowManagedHooksOnly: false,
  dangerous: [],
  moved: [],
};

function settingsFacts(scope: SettingsFacts["scope"], path: string): SettingsFacts {
  try {
    const text = scope === "managed" ? readManaged(path) : readSettings(path).text;
    const onlyIn = partOfRepository(scope, path);
    return {
      scope,
      path,
      ...(onlyIn !== undefined && { onlyIn }),
      ...(text === undefined ? NOTHING : contentFacts(text)),
    };
  } catch (error) {
    const hasMessage = error instanceof SettingsError || error instanceof CommandError;
    return { scope, path, ...NOTHING, fault: hasMessage ? error.message : faultCode(error) };
  }
}

function contentFacts(text: string): typeof NOTHING {
  const registered = registrations(text).map((registration) => ({
    event: registration.event,
    command: registration.command,
    identity: registration.identity,
    isShared: registration.isShared,
    matcher: registration.matcher,
    program: programAt(registration.command),
  }));
  const settings: unknown = parse(text.replace(/^\uFEFF/, ""));
  const disableAllHooks = fieldOf(settings, "disableAllHooks");
  const env = fieldOf(settings, "env");
  const variables = Object.entries(typeof env === "object" ? (env ?? {}) : {}).map(
    ([name, value]) => [name, String(value)] as const,
  );
  return {
    registered,
    plugins: pluginsIn(settings),
    disableAllHooks: typeof disableAllHooks === "boolean" ? disableAllHooks : undefined,
    allowManagedHooksOnly: fieldOf(settings, "allowManagedHooksOnly") === true,
    dangerous: dangerousIn(Object.fromEntries(variables)),
    moved: variables.flatMap(([name, value]) =>
      PLACES.includes(name) && value !== environment[name] ? [name] : [],
    ),
  };
}

// It is never started: a project's settings may name any program.
function programAt(command: string): RegisteredProgram["program"] {
  if (!isAbsolute(command, process.platform === "win32")) return "not an absolute path";
  if (HOOK_PROGRAMS.some((program) => isSibling(program, command))) return "ours";
  try {
    accessSync(command, constants.X_OK);
    return statSync(command).isFile() ? "elsewhere" : "not executable";
  } catch (error) {
    return faultCode(error) === "ENOENT" ? "missing" : "not executable";
  }
}

function isSibling(program: HookProgramName, command: string): boolean {
  return siblingProgram(program) === command || programToRegister(program) === command;
}
