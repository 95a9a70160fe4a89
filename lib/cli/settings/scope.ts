// Which settings file a command means.
import { dirname } from "node:path";
import { environment, paths } from "../../environment";
import { isAbsolute } from "../../os/paths";
import { absolutePath, isWholePath, workingFolder } from "../../os/working-folder";
import { findProject } from "../../project";
import { CommandError, UsageError } from "../command";
import { managedPath } from "./managed";

/** Whose settings: the user's, the project's that are shared, the user's for this project, or all users' of the machine. */
export type Scope = "user" | "project" | "local" | "managed";

/** The options by which install and uninstall choose a settings file. */
export const SCOPE_ARGUMENTS = {
  scope: {
    type: "choice",
    choices: ["user", "project", "local", "managed"] as const satisfies Scope[],
    default: "user",
    description:
      "Your settings, the project's, yours for this project, or those for all users of this machine (root)",
  },
  settings: { type: "string", description: "Another settings file", value: "FILE" },
  "dry-run": { type: "boolean", description: "Show what would change, but change nothing" },
} as const;

/**
 * The settings file of a scope, or the one that was given. Claude Code reads project settings in the folder
 * where a session starts, which in a monorepo need not be the root of the repository.
 *
 * @throws {CommandError} for a folder that is gone, or whose name is not UTF-8
 */
export function settingsPath(scope: Scope, file: string | undefined): string {
  const path = file === undefined ? scopePath(scope) : absolutePath(file);
  if (path === undefined)
    throw new CommandError(
      "the working folder no longer exists, or its name is not UTF-8; change to another one, or give an absolute path",
    );
  if (!isWholePath(path))
    throw new CommandError(
      `${path}: the name is not UTF-8, which settings cannot contain; use another folder`,
    );
  return path;
}

/** Checks that no other file was given for all users, whose file is our own. @throws {UsageError} */
export function assertOwnFile(file: string | undefined): void {
  if (file !== undefined) throw new UsageError("--scope managed and --settings cannot be combined");
}

/**
 * The folder of project settings, if it is a part of a repository: Claude Code reads them only where a session starts
 * in that folder.
 */
export function partOfRepository(scope: Scope, path: string): string | undefined {
  if (scope !== "project" && scope !== "local") return undefined;
  const folder = dirname(dirname(path));
  return findProject({}, folder).folder === folder ? undefined : folder;
}

/** The settings file of a scope; `undefined` for a project scope in a folder that is gone, and where nothing is managed. */
export function scopePath(scope: Scope): string | undefined {
  if (scope === "user") return `${paths.claude}/settings.json`;
  if (scope === "managed") return managedPath();
  const given = environment["CLAUDE_PROJECT_DIR"];
  const isGiven = given !== undefined && isAbsolute(given, process.platform === "win32");
  const folder = isGiven ? given : workingFolder();
  return (
    folder && `${folder}/.claude/${scope === "local" ? "settings.local.json" : "settings.json"}`
  );
}
