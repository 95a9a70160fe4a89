// `claude-session id`: the current session id, for scripts.
import { environment } from "../../environment";
import { faultCode } from "../../os/fault";
import { system } from "../../os/choose-syscalls";
import { absolutePath } from "../../os/working-folder";
import { findProject } from "../../project";
import { resolveSession } from "../../session";
import { UNKNOWN_SESSION } from "../../session-id";
import { defineCommand, DONE, FAILED } from "../command";

export default defineCommand({
  description: "Print the current session id and nothing else",
  arguments: {
    project: {
      type: "string",
      description: "The project folder; by default, use the session that runs this command",
      value: "FOLDER",
    },
  },
  examples: [
    ["id", "the session that runs this command, else the latest one in this folder"],
    ["id --project ~/shop", "the latest session of the project ~/shop"],
  ],
  run({ project: folder }, terminal) {
    // With --project, the session that happens to run this command does not count.
    const id =
      folder === undefined
        ? resolveSession({}, environment, findProject(environment, undefined)).id
        : idOfProject(absolutePath(folder));
    terminal.print(id);
    return id === UNKNOWN_SESSION ? FAILED : DONE;
  },
});

function idOfProject(folder: string | undefined): string {
  for (const form of formsOf(folder)) {
    const { id } = resolveSession({}, {}, findProject({}, form));
    if (id !== UNKNOWN_SESSION) return id;
  }
  return UNKNOWN_SESSION;
}

/** The ways to write a folder: as it was given, without links, and in both forms of Unicode. */
function* formsOf(folder: string | undefined): Generator<string | undefined> {
  yield folder;
  if (folder === undefined) return;
  let real = folder;
  try {
    real = system.targetOf(folder);
  } catch (error) {
    faultCode(error); // It is gone, but its pointer may not be.
  }
  // macOS shells complete names in NFD, and editors write NFC.
  for (const path of [real, folder])
    for (const form of [path, path.normalize("NFC"), path.normalize("NFD")]) yield form;
}
