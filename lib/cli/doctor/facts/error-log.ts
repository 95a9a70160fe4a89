// What doctor reads of `hook-errors.log`.
import { paths } from "../../../environment";
import { faultCode } from "../../../os/fault";
import { readOwn } from "../../../os/file";

/** The faults that hooks wrote down. */
export interface ErrorFacts {
  /** The newest last: time, program and fault, parted by tabs. */
  readonly lines: readonly string[];
  /** Why there are none to read. */
  readonly fault?: string;
}

// Twice what it can grow to.
const MAX_ERROR_BYTES = 2_097_152;

/** Reads `hook-errors.log`. */
export function readErrorLog(): ErrorFacts {
  try {
    const text = readOwn(paths.errorLog, MAX_ERROR_BYTES) ?? "";
    return { lines: text.split("\n").filter((line) => line !== "") };
  } catch (error) {
    return { lines: [], fault: faultCode(error) };
  }
}
