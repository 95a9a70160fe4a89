// Whether hooks can keep what they record, and keep it private.
import { utcDay } from "../../../log/log";
import { plural, formatSize } from "../../render/text";
import type { Facts } from "../collect";
import type { FolderFacts } from "../facts/folders";
import { fail, ok, warn, type Result } from "../finding";

const MEGABYTE = 1_000_000;
const LITTLE_SPACE_BYTES = 500 * MEGABYTE;
const NO_SPACE_BYTES = 20 * MEGABYTE;

const MANY_MAY_WRITE = 0o022;
const OTHERS_MAY = 0o077;
const STICKY = 0o1000;

/** Judges folders, files, `config.json` and the disk. */
export function* checkFiles(facts: Facts, nowMs: number): Generator<Result> {
  const { state, events, openFiles, log } = facts;
  yield judgePrivate(state, facts);
  if (state.status !== undefined) yield judgePrivate(events, facts);
  if (openFiles.length > 0)
    yield warn(
      `Others may read ${plural(openFiles.length, "file")}, such as ${openFiles[0]}`,
      `chmod -R go= ${quoted(state.path)}`,
    );
  for (const day of log.strangeDays) {
    const what = `${events.path}/${day}.jsonl is a link, no file, or another user's`;
    const fix = "Move it away.";
    yield day === utcDay(nowMs)
      ? fail(`${what}: today's events are lost`, fix)
      : warn(`${what}: nobody reads it`, fix);
  }
  yield judgePointers(facts);
  yield* judgeConfig(facts);
  yield* judgeSpace(facts);
}

function judgePrivate({ path, status, fault }: FolderFacts, { ownUserId }: Facts): Result {
  const elsewhere = "Move it away, or set CLAUDE_SESSION_HOME to a folder of your own.";
  if (status === undefined)
    return fault === undefined
      ? ok(`${path} is not there yet: the first event makes it`)
      : fail(`${path} cannot be made: ${fault}`, "Let its parent folder be yours to write to.");
  if (status.kind !== "folder" && fault === undefined)
    return fail(`${path} is no folder`, elsewhere);
  if (!isOwn(status.userId, ownUserId)) return fail(`${path} is another user's`, elsewhere);
  if (fault !== undefined)
    return fail(`${path} cannot be used: ${fault}`, `chmod 700 ${quoted(path)}`);
  if ((status.mode & STICKY) !== 0) return fail(`${path} is shared with others`, elsewhere);
  return (status.mode & OTHERS_MAY) !== 0 && ownUserId !== undefined
    ? warn(
        `Others may look into ${path}`,
        `chmod 700 ${quoted(path)}; the next event does it, too.`,
      )
    : ok(`${path} is yours alone`);
}

// Pointers are small files of our own, and a sticky folder keeps others from replacing them.
function judgePointers({ pointers: { path, status, fault }, ownUserId }: Facts): Result {
  const what = `Session pointers cannot be kept in ${path}`;
  const fix = "Set CLAUDE_SESSION_DIR to a folder of your own.";
  if (status === undefined) return fail(`${what}: ${fault ?? "it is not there"}`, fix);
  if (status.kind !== "folder") return fail(`${what}: ${fault ?? "it is no folder"}`, fix);
  if (fault !== undefined) return fail(`${what}: ${fault}`, fix);
  if (ownUserId !== undefined && (status.mode & STICKY) === 0) {
    if (!isOwn(status.userId, ownUserId)) return fail(`${what}: it is another user's`, fix);
    if ((status.mode & MANY_MAY_WRITE) !== 0)
      return warn(`Others may replace the session pointers in ${path}`, fix);
  }
  return ok(`Session pointers are kept in ${path}`);
}

function* judgeConfig({ config: { path, exists, faults } }: Facts): Generator<Result> {
  for (const fault of faults) {
    const isWhole = fault.startsWith("config.json: ");
    yield warn(isWhole ? `${fault}; using the defaults` : `config.json: ${fault}`, `Mend ${path}.`);
  }
  if (faults.length === 0)
    yield ok(exists ? "config.json has nothing wrong in it" : "No config.json: the defaults hold");
}

function* judgeSpace({ freeBytes }: Facts): Generator<Result> {
  if (freeBytes === undefined) return;
  const free = `${formatSize(freeBytes)} free on the log's disk`;
  if (freeBytes < NO_SPACE_BYTES) yield fail(free, "Make room, or events are lost.");
  else if (freeBytes < LITTLE_SPACE_BYTES)
    yield warn(free, "Make room, or run claude-session prune --older-than 7d.");
  else yield ok(free);
}

function isOwn(userId: number, ownUserId: number | undefined): boolean {
  return ownUserId === undefined || userId === ownUserId;
}

// To be pasted into a shell.
function quoted(path: string): string {
  return Bun.$.escape(path);
}
