// Whether hooks can store what they record, and keep it private.
import { utcDay } from "../../../log/log";
import { plural, formatSize } from "../../render/text";
import { inConfigFile } from "../../render/config-fault";
import type { Facts, UnknownKey } from "../collect";
import type { FolderFacts } from "../facts/folders";
import { fail, ok, warn, type Result } from "../finding";

const ROOT = 0;
const MEGABYTE = 1_000_000;
const LITTLE_SPACE_BYTES = 500 * MEGABYTE;
// Some file systems have a fixed number of files.
const FEW_FILES = 100;
const NO_SPACE_BYTES = 20 * MEGABYTE;

const MANY_MAY_WRITE = 0o022;
const OTHERS_MAY = 0o077;
const STICKY = 0o1000;

/** Checks folders, files, `config.json` and the disk. */
export function* checkFiles(facts: Facts, nowMs: number): Generator<Result> {
  const { state, events, openFiles, log } = facts;
  if (facts.takenFolder !== undefined) {
    const { path, user } = facts.takenFolder;
    yield warn(
      `${path} belongs to ${user}, so events are recorded in ${state.path}`,
      facts.ownUserId === ROOT
        ? "To see theirs, run this as that user."
        : "Remove or chown that folder, or set CLAUDE_SESSION_HOME.",
    );
  }
  yield checkPrivateFolder(state, facts);
  if (state.status !== undefined) yield checkPrivateFolder(events, facts);
  if (openFiles.length > 0)
    yield warn(
      `Other users can read ${plural(openFiles.length, "file")}, such as ${openFiles[0]}`,
      `chmod -R go= ${quoted(state.path)}`,
    );
  for (const day of log.foreignDays) {
    const what = `${events.path}/${day}.jsonl is not a regular file of yours`;
    const fix = "Move it away.";
    yield day === utcDay(nowMs)
      ? fail(`${what}: today's events are lost`, fix)
      : warn(`${what}: it is not read`, fix);
  }
  yield checkPointerFolder(facts);
  yield* checkConfig(facts);
  yield* checkSpace(facts);
}

const READ_ONLY_DISK =
  "Its disk is read-only: make it writable, or set CLAUDE_SESSION_HOME to a folder on another disk.";

function checkPrivateFolder({ path, status, fault }: FolderFacts, { ownUserId }: Facts): Result {
  const elsewhere = "Move it, or set CLAUDE_SESSION_HOME to a folder of your own.";
  if (status === undefined)
    return fault === undefined
      ? ok(`${path} does not exist yet; the first event creates it`)
      : fail(
          `${path} cannot be created: ${fault}`,
          fault === "EROFS" ? READ_ONLY_DISK : "Make its parent folder writable for you.",
        );
  if (status.kind !== "folder" && fault === undefined)
    return fail(`${path} is not a folder`, elsewhere);
  if (!isOwn(status.userId, ownUserId)) return fail(`${path} belongs to another user`, elsewhere);
  if (fault !== undefined)
    return fail(
      `${path} cannot be used: ${fault}`,
      fault === "EROFS" ? READ_ONLY_DISK : `chmod 700 ${quoted(path)}`,
    );
  if ((status.mode & STICKY) !== 0) return fail(`${path} is shared with others`, elsewhere);
  if (ownUserId === undefined || (status.mode & OTHERS_MAY) === 0) return ok(`${path} is private`);
  return (status.mode & MANY_MAY_WRITE) === 0
    ? warn(`Other users can see which files are in ${path}`, `chmod 700 ${quoted(path)}`)
    : warn(`Other users can remove the files in ${path}`, `chmod 700 ${quoted(path)}`);
}

// In a sticky folder such as /tmp, other users cannot replace our files.
function checkPointerFolder({ pointers: { path, status, fault }, ownUserId }: Facts): Result {
  const what = `Session pointers cannot be kept in ${path}`;
  const fix = "Set CLAUDE_SESSION_DIR to a folder of your own.";
  if (status === undefined) return fail(`${what}: ${fault ?? "it does not exist"}`, fix);
  if (status.kind !== "folder") return fail(`${what}: ${fault ?? "it is not a folder"}`, fix);
  if (fault !== undefined) return fail(`${what}: ${fault}`, fix);
  if (ownUserId !== undefined && (status.mode & STICKY) === 0) {
    if (!isOwn(status.userId, ownUserId)) return fail(`${what}: it belongs to another user`, fix);
    if ((status.mode & MANY_MAY_WRITE) !== 0)
      return warn(`Other users can replace the session pointers in ${path}`, fix);
  }
  return ok(`Session pointers are kept in ${path}`);
}

function* checkConfig({ config }: Facts): Generator<Result> {
  const { path, exists, faults, unknownKeys, machine } = config;
  const isMachines = (fault: string) => machine !== undefined && fault.startsWith(machine.path);
  for (const fault of faults)
    yield warn(inConfigFile(fault), isMachines(fault) ? ASK : `Fix ${path}.`);
  for (const unknown of unknownKeys) yield unknownKey("config.json", path, unknown);
  if (faults.every(isMachines) && unknownKeys.length === 0)
    yield ok(
      exists
        ? "config.json is valid"
        : machine === undefined
          ? "No config.json: the defaults apply"
          : "No config.json of your own",
    );
  if (machine === undefined) return;
  for (const unknown of machine.unknownKeys) yield unknownKey(machine.path, machine.path, unknown);
  if (!faults.some(isMachines))
    yield ok(`${machine.path} applies to all users of this machine${describeKeys(machine)}`);
  for (const line of machine.overruled)
    yield warn(
      `config.json: ${line}, because of ${machine.path}`,
      `Remove it from ${path}: your file cannot weaken the machine's.`,
    );
}

const ASK = "Ask the administrator to fix it.";

function unknownKey(name: string, path: string, { key, meant }: UnknownKey): Result {
  return warn(
    `${name}: ${key} is not a key of this version`,
    meant === undefined ? `Remove it from ${path}.` : `Did you mean ${meant}?`,
  );
}

/** The keys without the sections that they are in. */
function describeKeys({ keys }: NonNullable<Facts["config"]["machine"]>): string {
  const innermost = keys.filter((key) => !keys.some((other) => other.startsWith(`${key}.`)));
  return innermost.length === 0 ? "" : `: ${innermost.join(", ")}`;
}

function* checkSpace({ free }: Facts): Generator<Result> {
  if (free === undefined) return;
  const what = `${formatSize(free.bytes)} free on the disk of the log`;
  if (free.bytes < NO_SPACE_BYTES) yield fail(what, "Free some space, or events will be lost.");
  else if (free.bytes < LITTLE_SPACE_BYTES)
    yield warn(what, "Free some space, or run claude-session prune --older-than 7d.");
  else yield ok(what);
  if (free.files !== undefined && free.files < FEW_FILES)
    yield fail(
      `The disk of the log has room for only ${plural(free.files, "more file")}`,
      "Remove some files, because each new day or session pointer needs a new one.",
    );
}

function isOwn(userId: number, ownUserId: number | undefined): boolean {
  return ownUserId === undefined || userId === ownUserId;
}

// For a shell.
function quoted(path: string): string {
  return Bun.$.escape(path);
}
