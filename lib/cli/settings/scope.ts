// Which settings file a command means.
import { resolve } from "node:path";
import { environment, paths } from "../../environment";
import { faultCode } from "../../os/fault";
import { isAbsolute } from "../../os/paths";
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
 * @throws {CommandError} for a project scope in a folder that is gone
 */
export function settingsPath(scope: Scope, file: string | undefined): string {
  if (file !== undefined) return resolve(file);
  if (scope === "user") return `${paths.claude}/settings.json`;
  return `${startFolder()}/.claude/${scope === "local" ? "settings.local.json" : "settings.json"}`;
}

function startFolder(): string {
  const given = environment["CLAUDE_PROJECT_DIR"];
  if (given !== undefined && isAbsolute(given, process.platform === "win32")) return given;
  try {
    return process.cwd();
  } catch (error) {
    faultCode(error);
    throw new CommandError("there is no project here: this folder is gone", { cause: error });
  }
}
