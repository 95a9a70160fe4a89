// `status.json`: the last success and failure of a destination, for `forward --status` and doctor.
import { z } from "zod";
import { faultCode } from "../os/fault";
import { readOwnFile, replaceFile } from "../os/file";
import { parseJson } from "./parse-json";

const time = z.iso.datetime();

const statusFile = z.object({
  last_success_at: time.nullable(),
  last_error: z.object({ at: time, message: z.string() }).nullable(),
  /** When and why delivery last went back instead of going on from its cursor. */
  restarted: z.object({ at: time, reason: z.string() }).nullable(),
});

/** The content of the file. Times are ISO 8601 UTC. */
export type DeliveryStatus = z.infer<typeof statusFile>;

const UNKNOWN: DeliveryStatus = { last_success_at: null, last_error: null, restarted: null };
/** It holds one message of a few hundred characters. A larger file is not ours. */
const MAX_BYTES = 65_536;

/** Reads the status; everything is `null` if there is none, or one that another version wrote. */
export function readStatus(folder: string): DeliveryStatus {
  try {
    const { data } = statusFile.safeParse(
      parseJson(readOwnFile(statusPath(folder), MAX_BYTES) ?? ""),
    );
    if (data !== undefined) return data;
  } catch (error) {
    faultCode(error); // It is only shown, and the next change replaces it.
  }
  return { ...UNKNOWN };
}

/** Saves the status. On a full disk it is lost: there is no better place to say so. */
export function saveStatus(folder: string, status: DeliveryStatus): void {
  try {
    replaceFile(statusPath(folder), `${JSON.stringify(status)}\n`);
  } catch (error) {
    faultCode(error);
  }
}

/** Whether the last request failed. */
export function isFailing({
  last_success_at: successAt,
  last_error: error,
}: DeliveryStatus): boolean {
  return error !== null && (successAt === null || error.at > successAt);
}

function statusPath(folder: string): string {
  return `${folder}/status.json`;
}
