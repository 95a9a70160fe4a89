// How a destination fares: `status.json` in its folder, for a person to be shown.
import { z } from "zod";
import { faultCode } from "../os/fault";
import { readOwn, replaceFile } from "../os/file";

const time = z.iso.datetime();

/** The file's content. */
const statusFile = z.object({
  last_success: time.nullable(),
  last_error: z.object({ at: time, message: z.string() }).nullable(),
  restarted: z.object({ at: time, reason: z.string() }).nullable(),
});

/** How a destination fares. Times are ISO 8601 UTC. */
export type Status = z.infer<typeof statusFile>;

const UNKNOWN: Status = { last_success: null, last_error: null, restarted: null };
const MAX_BYTES = 65_536;

/** Reads the last status; there is none yet, or none that can be read, where all is `null`. */
export function readStatus(folder: string): Status {
  try {
    const text = readOwn(statusPath(folder), MAX_BYTES);
    if (text !== undefined) return statusFile.parse(JSON.parse(text));
  } catch {
    // It is only told; the next change writes it anew.
  }
  return { ...UNKNOWN };
}

/** Keeps a status. Where the disk is full, there is nobody to tell. */
export function saveStatus(folder: string, status: Status): void {
  try {
    replaceFile(statusPath(folder), `${JSON.stringify(status)}\n`);
  } catch (error) {
    faultCode(error);
  }
}

/** Whether the last thing that happened was a failure. */
export function isFailing({ last_success: success, last_error: failure }: Status): boolean {
  return failure !== null && (success === null || failure.at > success);
}

function statusPath(folder: string): string {
  return `${folder}/status.json`;
}
