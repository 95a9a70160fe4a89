// The transcripts that Claude Code itself writes.
import { readdirSync, type Dirent } from "node:fs";
import { paths } from "../../../environment";
import { faultCode } from "../../../os/fault";
import { statusIfSeen } from "./folders";

/**
 * When Claude Code last wrote a transcript, in milliseconds since 1970 UTC. There is a file for each session
 * in a folder for each project; only their dates are read.
 */
export function newestTranscriptMs(): number | undefined {
  const root = `${paths.claude}/projects`;
  let newest: number | undefined;
  for (const project of entriesOf(root))
    for (const { name } of project.isDirectory() ? entriesOf(`${root}/${project.name}`) : [])
      if (name.endsWith(".jsonl")) {
        const writtenMs = modifiedMs(`${root}/${project.name}/${name}`);
        if (writtenMs !== undefined && writtenMs > (newest ?? 0)) newest = writtenMs;
      }
  return newest;
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    faultCode(error); // Nothing is there, or nothing that we may see: then we know nothing.
    return [];
  }
}

function modifiedMs(path: string): number | undefined {
  return statusIfSeen(path)?.modifiedMs;
}
