// Reads the programs into memory once after each boot, on Linux. Pages that came there one by one, as a program needed
// them, make each later start of it slower by a sixth to a third than pages that were read from end to end (Linux 6.18,
// ext4 and xfs; on btrfs there is no difference). It takes a tenth of a second, at the lowest priority, and nothing
// waits for it.
import { paths } from "../environment";
import { HOOK_PROGRAMS } from "../events";
import { faultCode } from "../os/fault";
import { overwriteFile, readOwnFile } from "../os/file";
import { siblingProgram } from "../os/paths";
import { system } from "../os/choose-syscalls";

/** Changes with each boot: random(4). */
const BOOT_ID = "/proc/sys/kernel/random/boot_id";
const UUID_LENGTH = 36;

// A separate process, because pages that a running program has mapped cannot be dropped. It waits a second, until the hook
// that started it has ended. If `dd` cannot drop pages, they stay.
const SCRIPT = `renice -n 19 -p $$; ionice -c 3 -p $$; sleep 1
for program do dd if="$program" iflag=nocache count=0; cat "$program"; done`;

/**
 * Reads the hook programs, if this is the first session since a boot.
 *
 * @returns its faults
 */
export function readProgramsAfterBoot(): readonly string[] {
  if (process.platform !== "linux") return [];
  try {
    const boot = bootId();
    const before = readOwnFile(paths.boot, UUID_LENGTH * 2)?.slice(0, UUID_LENGTH);
    if (boot === undefined || boot === before) return [];
    // A mix of two ids matches no boot, so the programs are only read once more.
    overwriteFile(paths.boot, boot);
    // The first session of all follows an installation, which has just written the programs.
    if (before !== undefined) startReading();
    return [];
  } catch (error) {
    return [`programs not read after boot: ${faultCode(error)}`];
  }
}

function bootId(): string | undefined {
  if (system.statusAt(BOOT_ID) === undefined) return undefined;
  const fd = system.open(BOOT_ID, "read");
  try {
    const bytes = new Uint8Array(UUID_LENGTH);
    return system.readAt(fd, bytes, 0) < UUID_LENGTH ? undefined : new TextDecoder().decode(bytes);
  } finally {
    system.close(fd);
  }
}

function startReading(): void {
  const files = new Map<number, string>();
  for (const name of HOOK_PROGRAMS) {
    const path = siblingProgram(name);
    const status = system.statusAt(path);
    // One file may have all five names.
    if (status !== undefined) files.set(status.inode, path);
  }
  Bun.spawn(["/bin/sh", "-c", SCRIPT, "sh", ...files.values()], {
    env: { PATH: "/usr/bin:/bin" },
    cwd: "/",
    detached: true,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
  }).unref();
}
