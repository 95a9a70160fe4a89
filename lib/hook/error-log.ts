// Writes `hook-errors.log`, the hooks' faults. A hook prints nothing, because Claude Code reads its output, so
// this log is the only place where a person can see them.
import { paths } from "../environment";
import { faultCode } from "../os/fault";
import { appendLine } from "../os/file";
import { ensureOwnFolder } from "../os/folder";
import { system } from "../os/choose-syscalls";

// With the previous file, `.old`, that makes 1 MiB.
const MAX_BYTES = 524_288;
// Room for a path and a reason; a line of this log is read in a terminal.
const MAX_FAULT_LENGTH = 500;

/**
 * Writes a line for each fault: time, program, fault, separated by tabs. If that fails too, because the disk
 * is full or the folder is not ours, the faults are lost.
 *
 * @param faults what failed, without anything from the payload: this log is not redacted
 */
export function reportFaults(
  program: string,
  faults: readonly string[],
  path: string = paths.errorLog,
): void {
  if (faults.length === 0) return;
  try {
    ensureOwnFolder(path.slice(0, path.lastIndexOf("/")));
    const time = new Date().toISOString();
    const line = faults.map((fault) => `${time}\t${program}\t${oneLine(fault)}`).join("\n");
    // Two programs that do this at the same time lose the older half; the size limit still holds.
    if (appendLine(path, line) > MAX_BYTES) system.rename(path, `${path}.old`);
  } catch (error) {
    faultCode(error);
  }
}

function oneLine(fault: string): string {
  // Control characters, line separators, and characters that change the direction of text.
  // oxlint-disable-next-line no-control-regex -- they are what is replaced
  const unsafe = /[\u0000-\u001F\u007F-\u009F\u2028-\u202E\u2066-\u2069]+/g;
  return fault.replace(unsafe, " ").slice(0, MAX_FAULT_LENGTH);
}
