// `claude-session id`: the current session id, for scripts.
import { environment } from "../../environment";
import { faultCode } from "../../os/fault";
import { isAbsolute } from "../../os/paths";
import { findProject } from "../../project";
import { resolveSession } from "../../session";
import { UNKNOWN_SESSION } from "../../session-id";
import { defineCommand, DONE, FAILED } from "../command";

export default defineCommand({
  description: "Print the current session id, and nothing else",
  arguments: {
    project: {
      type: "string",
      description: "The project folder; without it, the session that runs this command",
      value: "FOLDER",
    },
  },
  examples: [
    ["id", "the session whose tool runs this, else the one this folder was last in"],
    ["id --project ~/shop", "the session that the project ~/shop was last in"],
  ],
  run({ project: folder }, terminal) {
    // With --project, the session that happens to run this command does not count.
    const { id } =
      folder === undefined
        ? resolveSession({}, environment, findProject(environment, undefined))
        : resolveSession({}, {}, findProject({}, absolute(folder)));
    terminal.print(id);
    return id === UNKNOWN_SESSION ? FAILED : DONE;
  },
});

function absolute(folder: string): string | undefined {
  // Loading `node:path` costs 0.5 ms (Bun 1.4.5), and most scripts give an absolute path.
  if (isAbsolute(folder, process.platform === "win32")) return folder;
  try {
    return (require("node:path") as typeof import("node:path")).resolve(folder);
  } catch (error) {
    faultCode(error); // The working folder was deleted: a relative path leads nowhere.
    return undefined;
  }
}
