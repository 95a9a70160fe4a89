// `hook-errors.log`: what a hook could not do. A hook says nothing where Claude Code listens, so
// this is the one place where a person can find out.
import { paths } from "../environment";
import { faultCode } from "../os/fault";
import { appendLine } from "../os/file";
import { ensurePrivateFolder } from "../os/folder";
import { system } from "../os/system";

// With the file that it replaces, 1 MiB.
const MAX_BYTES = 524_288;
const MAX_MESSAGE = 500;

/**
 * Writes a line for each fault: time, program, fault, parted by tabs. Where that is not possible either,
 * because the disk is full or the folder is not ours, there is nothing left to tell, and nobody.
 *
 * @param faults what failed, without any of the payload: this log is not redacted
 */
export function reportFaults(
  program: string,
  faults: readonly string[],
  path: string = paths.errorLog,
): void {
  if (faults.length === 0) return;
  try {
    ensurePrivateFolder(path.slice(0, path.lastIndexOf("/")));
    const time = new Date().toISOString();
    const line = faults.map((fault) => `${time}\t${program}\t${oneLine(fault)}`).join("\n");
    // Two programs that do this at once lose the older half; the bound holds.
    if (appendLine(path, line) > MAX_BYTES) system.rename(path, `${path}.old`);
  } catch (error) {
    faultCode(error);
  }
}

function oneLine(fault: string): string {
  // Control characters, line separators, and what turns the direction of writing.
  // oxlint-disable-next-line no-control-regex -- they are what must go
  const unfit = /[\u0000-\u001F\u007F-\u009F\u2028-\u202E\u2066-\u2069]+/g;
  return fault.replace(unfit, " ").slice(0, MAX_MESSAGE);
}
