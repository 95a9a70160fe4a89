// Which settings file a command means.
import { dirname } from "node:path";
import { environment, paths } from "../../environment";
import { isAbsolute } from "../../os/paths";
import { absolutePath, isWholePath, workingFolder } from "../../os/working-folder";
import { findProject } from "../../project";
import { CommandError } from "../command";

/** Whose settings: the user's, the project's that are shared, or the user's for this project. */
export type Scope = "user" | "project" | "local";

/** The options by which install and uninstall choose a settings file. */
export const SCOPE_ARGUMENTS = {
  scope: {
    type: "choice",
    choices: ["user", "project", "local"] as const satisfies Scope[],
    default: "user",
    description: "Your settings, the project's, or yours for this project",
  },
  settings: { type: "string", description: "Another settings file", value: "FILE" },
  "dry-run": { type: "boolean", description: "Show what would change, and change nothing" },
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
      "this folder is gone, or its name is not UTF-8: go to another one, or give an absolute path",
    );
  if (!isWholePath(path))
    throw new CommandError(
      `${path}: this name is not UTF-8, which we cannot write; use another folder`,
    );
  return path;
}

/**
 * The folder of project settings, if it is a part of a repository: Claude Code reads them only where a session starts
 * in that folder.
 */
export function partOfRepository(scope: Scope | "managed", path: string): string | undefined {
  if (scope !== "project" && scope !== "local") return undefined;
  const folder = dirname(dirname(path));
  return findProject({}, folder).folder === folder ? undefined : folder;
}

/** The settings file of a scope; `undefined` for a project scope in a folder that is gone. */
export function scopePath(scope: Scope): string | undefined {
  if (scope === "user") return `${paths.claude}/settings.json`;
  const given = environment["CLAUDE_PROJECT_DIR"];
  const isGiven = given !== undefined && isAbsolute(given, process.platform === "win32");
  const folder = isGiven ? given : workingFolder();
  return (
    folder && `${folder}/.claude/${scope === "local" ? "settings.local.json" : "settings.json"}`
  );
}
