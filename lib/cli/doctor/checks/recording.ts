// Whether events are recorded, and whether a day without events was quiet or the installation is broken.
import type { EventName } from "../../../events";
import { utcDay } from "../../../log/log";
import { plural, formatSize } from "../../render/text";
import { formatAgo } from "../../render/time";
import type { Facts } from "../collect";
import { fail, ok, warn, type Result } from "../finding";
import { installInto, registeredEvents } from "./registration";

const DAY_MS = 86_400_000;
const RECENT_MS = 7 * DAY_MS;
/** Claude Code writes a transcript later than it sends the events. */
const TRANSCRIPT_LAG_MS = 10 * 60_000;
/** How many different faults are listed. */
const MAX_FAULTS = 3;

/**
 * An event that should have been recorded, because another was recorded this many times since. A tool call
 * has two events, and so has a turn. SessionEnd is not expected: a killed session has none.
 */
const EXPECTED = [
  { event: "PreToolUse", other: "PostToolUse", times: 3 },
  { event: "PostToolUse", other: "PreToolUse", times: 20 },
  { event: "PreToolUse", other: "UserPromptSubmit", times: 20 },
  { event: "UserPromptSubmit", other: "Stop", times: 10 },
  { event: "Stop", other: "UserPromptSubmit", times: 10 },
  { event: "SessionStart", other: "SessionEnd", times: 3 },
] as const satisfies readonly { event: EventName; other: EventName; times: number }[];

const RESTART = "Restart Claude Code: a running session keeps the hooks it started with.";

/** Checks what was recorded, and what was not. */
export function* checkRecording(facts: Facts, nowMs: number): Generator<Result> {
  yield* checkLastEvents(facts, nowMs);
  yield* checkMissingEvents(facts, nowMs);
  yield* checkSize(facts, nowMs);
  yield* checkDoubles(facts, nowMs);
  yield* checkSkippedLines(facts);
  yield* checkErrorLog(facts, nowMs);
}

function* checkLastEvents(
  { log, settings, transcriptMs }: Facts,
  nowMs: number,
): Generator<Result> {
  const newest = Array.from(log.kinds).toSorted(([, a], [, b]) => b.lastMs - a.lastMs);
  const lastMs = newest[0]?.[1].lastMs ?? 0;
  const worked =
    transcriptMs === undefined ? "" : `Claude Code was active ${formatAgo(transcriptMs, nowMs)}`;
  const isBehind = transcriptMs !== undefined && transcriptMs > lastMs + TRANSCRIPT_LAG_MS;
  if (newest.length === 0) {
    const isRegistered = registeredEvents(settings).size > 0;
    const what = `Nothing has been recorded yet${worked && `, although ${worked}`}`;
    yield warn(what, isRegistered ? `${RESTART} Then work a little.` : installInto("user"));
  } else {
    const list = newest.map(([event, kind]) => `${event} ${formatAgo(kind.lastMs, nowMs)}`);
    yield ok(`Last events: ${list.join(", ")}`);
    // Claude Code's own transcripts show whether there was anything to record.
    if (isBehind) yield warn(`${worked}, but that was not recorded`, RESTART);
  }
  if (log.session?.isRecorded === false)
    yield warn(`Nothing was recorded for ${log.session.id}, the session that runs doctor`, RESTART);
}

function* checkMissingEvents({ log, settings }: Facts, nowMs: number): Generator<Result> {
  const registered = registeredEvents(settings);
  for (const { event, other, times } of EXPECTED) {
    if (!registered.has(event)) continue; // Reported already, and the explanation.
    const since = log.newest.slice(log.newest.lastIndexOf(event) + 1);
    const count = since.filter((kind) => kind === other).length;
    if (count < times) continue;
    const last = log.kinds.get(event);
    yield warn(
      last === undefined
        ? `${event} was never recorded, but ${other} ${plural(count, "time")}`
        : `${event} was last recorded ${formatAgo(last.lastMs, nowMs)}, and ${other} ${plural(count, "time")} since`,
      "Run /hooks in Claude Code to see whether it is registered; claude-session install registers it again.",
    );
  }
}

function* checkSize({ log, config: { retentionDays } }: Facts, nowMs: number): Generator<Result> {
  const [oldest] = log.days;
  if (oldest === undefined) return;
  const removalMs = Date.parse(oldest) + (retentionDays + 1) * DAY_MS;
  const when = removalMs > nowMs ? `on ${utcDay(removalMs)}` : "when the next session starts";
  // The name of a file need not be a date: 2026-13-01.jsonl.
  const removal = Number.isNaN(removalMs) ? "" : `; the first is removed ${when}`;
  yield ok(
    `The log has ${plural(log.days.length, "day")} since ${oldest}, ${formatSize(log.bytes)}${removal} (retention_days ${retentionDays})`,
  );
}

function* checkDoubles({ log: { doubles } }: Facts, nowMs: number): Generator<Result> {
  const { count, lastMs } = doubles;
  if (count === 0) return;
  const what = `${plural(count, "event")} recorded twice, the last ${formatAgo(lastMs, nowMs)}; views show them once`;
  // Where two registrations are still there, their own finding comes before this one.
  yield nowMs - lastMs > RECENT_MS
    ? ok(what)
    : warn(what, `Register the hooks only once. ${RESTART}`);
}

function* checkSkippedLines({ log: { skipped } }: Facts): Generator<Result> {
  const torn = skipped.get("torn") ?? 0;
  const foreign = skipped.get("foreign") ?? 0;
  const unreadable = skipped.get("unreadable") ?? 0;
  if (torn > 0)
    yield warn(
      `${plural(torn, "line")} of the log cut short by a killed program or a full disk`,
      "No action is needed: all other lines are complete.",
    );
  if (foreign > 0)
    yield warn(
      `${plural(foreign, "line")} of the log not written by these hooks`,
      "Find out what else writes there.",
    );
  if (unreadable > 0)
    yield fail(
      `${plural(unreadable, "day")} of the log cannot be read`,
      "Check the owners and modes of the files, and the disk.",
    );
}

interface Repeated {
  count: number;
  lastMs: number;
}

function* checkErrorLog({ errors: { lines, fault } }: Facts, nowMs: number): Generator<Result> {
  if (fault !== undefined) {
    yield warn(`hook-errors.log cannot be read: ${fault}`, "Move it away.");
    return;
  }
  const different = new Map<string, Repeated>();
  for (const line of lines) {
    const [time = "", program = "", ...words] = line.split("\t");
    const said = `${program}: ${words.join(" ")}`;
    const { count, lastMs } = different.get(said) ?? { count: 0, lastMs: 0 };
    different.set(said, {
      count: count + 1,
      lastMs: Math.max(lastMs, Date.parse(time) || 0),
    });
  }
  const newest = Array.from(different).toSorted(([, a], [, b]) => b.lastMs - a.lastMs);
  const lastMs = newest[0]?.[1].lastMs ?? 0;
  if (nowMs - lastMs > RECENT_MS) {
    const old = lastMs === 0 ? "" : `; the last of ${lines.length} was ${formatAgo(lastMs, nowMs)}`;
    yield ok(`No hook reported a fault in ${RECENT_MS / DAY_MS} days${old}`);
    return;
  }
  for (const [said, repeated] of newest.slice(0, MAX_FAULTS)) {
    if (nowMs - repeated.lastMs > RECENT_MS) continue;
    const times = repeated.count === 1 ? "" : `${repeated.count} times, the last `;
    yield warn(
      `${said} (${times}${formatAgo(repeated.lastMs, nowMs)})`,
      "Fix the cause, then remove hook-errors.log.",
    );
  }
  if (newest.length > MAX_FAULTS)
    yield warn(
      `${newest.length - MAX_FAULTS} other faults in hook-errors.log, ${plural(lines.length, "line")} in total`,
      "Read it; the newest lines are last.",
    );
}
