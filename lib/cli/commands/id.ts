// `claude-session id`: the current session id, for scripts.
import { environment } from "../../environment";
import { faultCode } from "../../os/fault";
import { isAbsolute } from "../../os/paths";
import { findProject } from "../../project";
import { resolveSession, UNKNOWN } from "../../session";
import { defineCommand, DONE, FAILED } from "../command";

export default defineCommand({
  description: "Prints the current session's id, and nothing else",
  args: {
    project: {
      type: "string",
      description: "Folder of the project; without it, the session that this was started in",
      valueHint: "DIR",
    },
  },
  examples: [
    ["id", "here, or in the session whose tool runs this"],
    ["id --project ~/shop", "the session that the project ~/shop was last in"],
  ],
  run({ project: folder }, terminal) {
    // A project that was named is asked for itself, not the session that happens to ask.
    const { id } =
      folder === undefined
        ? resolveSession({}, environment, findProject(environment, undefined))
        : resolveSession({}, {}, findProject({}, absolute(folder)));
    terminal.print(id);
    return id === UNKNOWN ? FAILED : DONE;
  },
});

function absolute(folder: string): string | undefined {
  // Loading `node:path` costs half a millisecond, and most scripts know the whole path.
  if (isAbsolute(folder, process.platform === "win32")) return folder;
  try {
    return (require("node:path") as typeof import("node:path")).resolve(folder);
  } catch (error) {
    faultCode(error); // From a folder that was deleted, no way leads anywhere.
    return undefined;
  }
}
