// When a process started, which tells it apart from an earlier one that had the same number.
import { system } from "./choose-syscalls";
import { faultCode } from "./fault";

/** Longer than any line of these files. */
const MAX_BYTES = 4096;
/** USER_HZ, in which Linux tells times to programs, is 100 on every platform that Bun runs on. */
const TICK_MS = 10;

/**
 * When a process started, in milliseconds since 1970 UTC by the clock of now; `undefined` if it does not run any more.
 * Only for Linux: from `/proc/PID/stat`, whose third field is the state and whose 22nd is the start in ticks after the boot.
 */
export function processStartMs(pid: number): number | undefined {
  try {
    const status = readProc(`/proc/${pid}/stat`);
    // The second field is the program's name in brackets, and may hold anything.
    const fields = status.slice(status.lastIndexOf(")") + 2).split(" ");
    const [state] = fields;
    if (state === "Z" || state === "X") return undefined;
    const uptimeMs = Number(readProc("/proc/uptime").split(" ")[0]) * 1000;
    const startMs = Date.now() - uptimeMs + Number(fields[19]) * TICK_MS;
    return Number.isFinite(startMs) ? startMs : undefined;
  } catch (error) {
    faultCode(error); // What cannot be read does not run, or is not ours to know.
    return undefined;
  }
}

// These files have no size.
function readProc(path: string): string {
  const fd = system.open(path, "read");
  try {
    const buffer = new Uint8Array(MAX_BYTES);
    return new TextDecoder().decode(buffer.subarray(0, system.readAt(fd, buffer, 0)));
  } finally {
    system.close(fd);
  }
}
