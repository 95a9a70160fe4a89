// Files that apply to every user of the machine, and that only root can have written.
import { Fault, faultCode } from "./fault";
import type { FileStatus, System } from "./syscalls";
import { system } from "./choose-syscalls";

const ROOT = 0;
/** The permission of the group and of all others to write. */
const OTHERS_WRITE = 0o022;

/**
 * Reads a file whole, as text, if only root can change it: the file and every folder above it are root's, no one else
 * may write to them, and none is a link. Only root could change the result of a check afterwards, so the order of the
 * checks does not matter.
 *
 * Windows has neither user ids nor modes. There the path must be in a folder where only administrators can write.
 *
 * @returns `undefined` if there is no such file
 * @throws {Fault} if it is not a regular file, can be changed by others, or is larger than `maxBytes`
 */
export function readRootFile(
  path: string,
  maxBytes: number,
  sys: System = system,
  platform: string = process.platform,
): string | undefined {
  const fd = openIfThere(path, sys);
  if (fd === undefined) return undefined;
  try {
    const hasModes = platform !== "win32";
    if (hasModes)
      for (let at = path.lastIndexOf("/"); at >= 0; at = path.lastIndexOf("/", at - 1)) {
        const folder = path.slice(0, at) || "/";
        assertOnlyRoot(sys.statusAt(folder), "folder", folder);
        if (at === 0) break;
      }
    const status = sys.statusOf(fd);
    if (status.kind !== "file") throw new Fault("not a regular file", path);
    if (hasModes) assertOnlyRoot(status, "file", path);
    if (status.size > maxBytes) throw new Fault("too large", path);
    const buffer = new Uint8Array(status.size);
    return new TextDecoder().decode(buffer.subarray(0, sys.readAt(fd, buffer, 0)));
  } finally {
    sys.close(fd);
  }
}

// Not by `statusAt`, for which nothing is there either where a file has the place of the folder: `cp config.json
// /etc/claude-session-hooks` without that folder makes one, and would switch the machine's settings off.
function openIfThere(path: string, sys: System): number | undefined {
  try {
    return sys.open(path, "read");
  } catch (error) {
    const code = faultCode(error);
    if (code === "ENOENT") return undefined;
    throw code === "ELOOP" ? new Fault("not trusted: it is a link", path) : error;
  }
}

function assertOnlyRoot(
  status: FileStatus | undefined,
  kind: FileStatus["kind"],
  path: string,
): void {
  if (status?.kind !== kind) throw new Fault(`not trusted: ${path} is not a ${kind}`, path);
  if (status.userId !== ROOT) throw new Fault(`not trusted: ${path} does not belong to root`, path);
  if ((status.mode & OTHERS_WRITE) !== 0)
    throw new Fault(`not trusted: users other than root can write to ${path}`, path);
}
