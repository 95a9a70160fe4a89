// Programs run as somebody else, where we are root and may.
import { commandExists } from "../../scripts/harness/commands";
import { programPath } from "../../scripts/harness/programs";

/** User ids that no account has. */
export const USER = 2001;
export const NEIGHBOUR = 2002;

/** What starts a command as a user, without any right of ours. */
export function as(userId: number): string[] {
  return ["setpriv", `--reuid=${userId}`, `--regid=${userId}`, "--clear-groups", "--no-new-privs"];
}

/** Why our programs cannot be run as another user here; `undefined` where they can. */
export function whyNotAnother(): string | undefined {
  if (process.geteuid?.() !== 0) return "only root can be another user";
  if (!commandExists("setpriv")) return "there is no setpriv here";
  const command = [...as(USER), programPath("session-start"), "--version"];
  if (Bun.spawnSync(command, { env: {} }).exitCode === 0) return undefined;
  return "another user cannot start the programs in this folder";
}
