// Claude Code's managed settings: an administrator's, for all users of a machine. Ours is a file of its own among them.
// https://code.claude.com/docs/en/settings
import { readdirSync, readFileSync, statSync } from "node:fs";
import { faultCode } from "../../os/fault";
import { registrations } from "./registrations";

const FOLDERS: Partial<Record<NodeJS.Platform, string>> = {
  linux: "/etc/claude-code",
  darwin: "/Library/Application Support/ClaudeCode",
  win32: "C:/Program Files/ClaudeCode",
};

/** Files of this folder are read in the order of their names. */
const MORE = "managed-settings.d";
const OWN_NAME = "50-session-hooks.json";

/** Our own managed settings file; `undefined` on a system for which Claude Code has none. */
export function managedPath(platform: NodeJS.Platform = process.platform): string | undefined {
  const folder = FOLDERS[platform];
  return folder && `${folder}/${MORE}/${OWN_NAME}`;
}

/** All managed settings files that there may be, ours or not. */
export function managedPaths(): string[] {
  const folder = FOLDERS[process.platform];
  if (folder === undefined) return [];
  const more = `${folder}/${MORE}`;
  return [
    ...namesIn(more).flatMap((name) => (name.endsWith(".json") ? [`${more}/${name}`] : [])),
    `${folder}/managed-settings.json`,
  ];
}

/**
 * Reads a managed settings file, which belongs to root and may be a link; it applies nevertheless.
 *
 * @returns `undefined` if there is no such file
 */
export function readManaged(path: string): string | undefined {
  try {
    return statSync(path).isFile() ? readFileSync(path, "utf8") : undefined;
  } catch (error) {
    if (faultCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** The managed settings file that registers our hooks, if one does. */
export function managedRegistration(): string | undefined {
  return managedPaths().find((path) => {
    try {
      return registrations(readManaged(path) ?? "").length > 0;
    } catch {
      return false; // It cannot be read, or is not settings: Claude Code does not register anything from it either.
    }
  });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch (error) {
    faultCode(error); // Most machines have none.
    return [];
  }
}
