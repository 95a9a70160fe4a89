// What the settings of Claude Code say that concerns us.
import { accessSync, constants, readdirSync, readFileSync, statSync } from "node:fs";
import { parse } from "jsonc-parser";
import { environment } from "../../../environment";
import { HOOK_PROGRAMS } from "../../../events";
import { fieldOf } from "../../../history/payload";
import { faultCode } from "../../../os/fault";
import { isAbsolute, programBeside } from "../../../os/paths";
import { CommandError } from "../../command";
import { registrations, SettingsError, type Registration } from "../../settings/registrations";
import { readSettings, settingsPath, type Scope } from "../../settings/settings-file";
import { dangerousIn, PLACES } from "./variables";

/** One settings file; an absent one says nothing. */
export interface SettingsFacts {
  /** Whose: `managed` ones are an administrator's. */
  readonly scope: Scope | "managed";
  readonly path: string;
  /** Why it cannot be read, in words or as a system error code. */
  readonly fault?: string;
  readonly registered: readonly RegisteredProgram[];
  readonly disableAllHooks: boolean | undefined;
  readonly allowManagedHooksOnly: boolean;
  /** Names of the variables it sets that change what hooks do. */
  readonly dangerous: readonly string[];
  /** Names of the variables by which it sends hooks to other places than those that we look at. */
  readonly moved: readonly string[];
}

/** One of our hooks in the settings, and what its command leads to. */
export interface RegisteredProgram extends Registration {
  /** `ours` is the program beside this one, `elsewhere` another one of that name. */
  readonly program: "ours" | "elsewhere" | "missing" | "not executable" | "no absolute path";
}

/** Looks at all settings that hold here; those that count most come first. */
export function readSettingsFacts(): SettingsFacts[] {
  const local = (["local", "project", "user"] as const).map(
    (scope) => [scope, settingsPath(scope, undefined)] as const,
  );
  // At home, the project's settings are the user's.
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
    return { scope, path, ...(text === undefined ? NOTHING : contentFacts(text)) };
  } catch (error) {
    const isSaid = error instanceof SettingsError || error instanceof CommandError;
    return { scope, path, ...NOTHING, fault: isSaid ? error.message : faultCode(error) };
  }
}

function contentFacts(text: string): typeof NOTHING {
  const registered = registrations(text).map(({ event, command }) => ({
    event,
    command,
    program: programAt(command),
  }));
  const settings: unknown = parse(text.replace(/^\uFEFF/, ""));
  const disableAllHooks = fieldOf(settings, "disableAllHooks");
  const env = fieldOf(settings, "env");
  const variables = Object.entries(typeof env === "object" ? (env ?? {}) : {}).map(
    ([name, value]) => [name, String(value)] as const,
  );
  return {
    registered,
    disableAllHooks: typeof disableAllHooks === "boolean" ? disableAllHooks : undefined,
    allowManagedHooksOnly: fieldOf(settings, "allowManagedHooksOnly") === true,
    dangerous: dangerousIn(Object.fromEntries(variables)),
    moved: variables.flatMap(([name, value]) =>
      PLACES.includes(name) && value !== environment[name] ? [name] : [],
    ),
  };
}

// It is looked at, never started: a project's settings may name anything.
function programAt(command: string): RegisteredProgram["program"] {
  if (!isAbsolute(command, process.platform === "win32")) return "no absolute path";
  if (HOOK_PROGRAMS.some((program) => programBeside(program) === command)) return "ours";
  try {
    accessSync(command, constants.X_OK);
    return statSync(command).isFile() ? "elsewhere" : "not executable";
  } catch (error) {
    return faultCode(error) === "ENOENT" ? "missing" : "not executable";
  }
}

// https://code.claude.com/docs/en/settings: one file, and a folder of more.
const MANAGED: Partial<Record<NodeJS.Platform, string>> = {
  linux: "/etc/claude-code",
  darwin: "/Library/Application Support/ClaudeCode",
  win32: "C:/Program Files/ClaudeCode",
};

function managedPaths(): string[] {
  const folder = MANAGED[process.platform];
  if (folder === undefined) return [];
  const more = `${folder}/managed-settings.d`;
  return [
    ...namesIn(more).flatMap((name) => (name.endsWith(".json") ? [`${more}/${name}`] : [])),
    `${folder}/managed-settings.json`,
  ];
}

// An administrator's file is not ours by its owner, may be a link, and is still the one that counts.
function readManaged(path: string): string | undefined {
  try {
    return statSync(path).isFile() ? readFileSync(path, "utf8") : undefined;
  } catch (error) {
    if (faultCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch (error) {
    faultCode(error); // Most computers have none.
    return [];
  }
}
