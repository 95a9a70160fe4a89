// What doctor reads of `hook-errors.log`.
import { paths } from "../../../environment";
import { faultCode } from "../../../os/fault";
import { readOwnFile } from "../../../os/file";

/** The faults that hooks reported. */
export interface ErrorFacts {
  /** Time, program and fault, separated by tabs; the newest line last. */
  readonly lines: readonly string[];
  /** Why the file cannot be read. */
  readonly fault?: string;
}

// Twice its maximum size.
const MAX_ERROR_BYTES = 2_097_152;

/** Reads `hook-errors.log`. */
export function readErrorLog(): ErrorFacts {
  try {
    const text = readOwnFile(paths.errorLog, MAX_ERROR_BYTES) ?? "";
    return { lines: text.split("\n").filter((line) => line !== "") };
  } catch (error) {
    return { lines: [], fault: faultCode(error) };
  }
}
