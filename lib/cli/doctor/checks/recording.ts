// Whether events arrive, so that quiet and broken can be told apart.
import type { EventName } from "../../../events";
import { utcDay } from "../../../log/log";
import { plural, formatSize } from "../../render/text";
import { formatAgo } from "../../render/time";
import type { Facts } from "../collect";
import { fail, ok, warn, type Result } from "../finding";
import { installInto, registeredEvents } from "./registration";

const DAY_MS = 86_400_000;
const RECENT_MS = 7 * DAY_MS;
/** A transcript may be written a little later than the events that it tells of. */
const TRANSCRIPT_LAG_MS = 10 * 60_000;
/** Different faults that are told. */
const FAULTS_TOLD = 3;

/**
 * An event that should have come by now, when another has come so many times since. Where tools are
 * used there are two events for each, where a person writes there are two for each turn. Not here
 * are ends of sessions: one that is killed has none.
 */
const EXPECTED = [
  { event: "PreToolUse", other: "PostToolUse", times: 3 },
  { event: "PostToolUse", other: "PreToolUse", times: 20 },
  { event: "PreToolUse", other: "UserPromptSubmit", times: 20 },
  { event: "UserPromptSubmit", other: "Stop", times: 10 },
  { event: "Stop", other: "UserPromptSubmit", times: 10 },
  { event: "SessionStart", other: "SessionEnd", times: 3 },
] as const satisfies readonly { event: EventName; other: EventName; times: number }[];

const ANEW = "End Claude Code and start it anew: a running session keeps the hooks it began with.";

/** Judges what was recorded, and what was not. */
export function* checkRecording(facts: Facts, nowMs: number): Generator<Result> {
  yield* judgeLast(facts, nowMs);
  yield* judgeSilence(facts, nowMs);
  yield* judgeSize(facts, nowMs);
  yield* judgeSkipped(facts);
  yield* judgeErrors(facts, nowMs);
}

function* judgeLast({ log, settings, transcriptMs }: Facts, nowMs: number): Generator<Result> {
  const newest = Array.from(log.kinds).toSorted(([, a], [, b]) => b.lastMs - a.lastMs);
  const lastMs = newest[0]?.[1].lastMs ?? 0;
  const worked =
    transcriptMs === undefined ? "" : `Claude Code worked ${formatAgo(transcriptMs, nowMs)}`;
  const isBehind = transcriptMs !== undefined && transcriptMs > lastMs + TRANSCRIPT_LAG_MS;
  if (newest.length === 0) {
    const isRegistered = registeredEvents(settings).size > 0;
    const what = `Nothing is recorded yet${worked && `, though ${worked}`}`;
    yield warn(what, isRegistered ? `${ANEW} Then work a little.` : installInto("user"));
  } else {
    const list = newest.map(([event, kind]) => `${event} ${formatAgo(kind.lastMs, nowMs)}`);
    yield ok(`Last events: ${list.join(", ")}`);
    // Claude Code's own files tell whether it was quiet or we were deaf.
    if (isBehind) yield warn(`${worked}, and nothing of that is recorded`, ANEW);
  }
  if (log.session?.isRecorded === false)
    yield warn(`Nothing is recorded of ${log.session.id}, the session that this runs in`, ANEW);
}

function* judgeSilence({ log, settings }: Facts, nowMs: number): Generator<Result> {
  const registered = registeredEvents(settings);
  for (const { event, other, times } of EXPECTED) {
    if (!registered.has(event)) continue; // That is said already, and explains it.
    const since = log.newest.slice(log.newest.lastIndexOf(event) + 1);
    const count = since.filter((kind) => kind === other).length;
    if (count < times) continue;
    const last = log.kinds.get(event);
    yield warn(
      last === undefined
        ? `No ${event} was ever recorded, but ${plural(count, "time")} ${other}`
        : `No ${event} since ${formatAgo(last.lastMs, nowMs)}, but ${plural(count, "time")} ${other}`,
      "See in Claude Code, by /hooks, whether it calls it; claude-session install puts it back.",
    );
  }
}

function* judgeSize({ log, config: { retentionDays } }: Facts, nowMs: number): Generator<Result> {
  const [oldest] = log.days;
  if (oldest === undefined) return;
  const goesMs = Date.parse(oldest) + (retentionDays + 1) * DAY_MS;
  const goes =
    Number.isNaN(goesMs) || goesMs > nowMs
      ? `on ${Number.isNaN(goesMs) ? "no day" : utcDay(goesMs)}`
      : "when the next session starts";
  yield ok(
    `The log has ${plural(log.days.length, "day")} since ${oldest}, ${formatSize(log.bytes)}; the first goes ${goes} (retention_days ${retentionDays})`,
  );
}

function* judgeSkipped({ log: { skipped } }: Facts): Generator<Result> {
  const torn = skipped.get("torn") ?? 0;
  const foreign = skipped.get("foreign") ?? 0;
  const unreadable = skipped.get("unreadable") ?? 0;
  if (torn > 0)
    yield warn(
      `${plural(torn, "line")} of the log cut short, by a program that was killed or by a full disk`,
      "Nothing to do: all other lines are whole.",
    );
  if (foreign > 0)
    yield warn(
      `${plural(foreign, "line")} of the log not written by these hooks`,
      "Find out what else writes there.",
    );
  if (unreadable > 0)
    yield fail(
      `${plural(unreadable, "day")} of the log cannot be read`,
      "Look at the owners and modes of the files, and at the disk.",
    );
}

interface Repeated {
  count: number;
  lastMs: number;
}

function* judgeErrors({ errors: { lines, fault } }: Facts, nowMs: number): Generator<Result> {
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
  for (const [said, repeated] of newest.slice(0, FAULTS_TOLD)) {
    if (nowMs - repeated.lastMs > RECENT_MS) continue;
    const times = repeated.count === 1 ? "" : `${repeated.count} times, the last `;
    yield warn(
      `${said} (${times}${formatAgo(repeated.lastMs, nowMs)})`,
      "Mend what it names, then remove hook-errors.log.",
    );
  }
  if (newest.length > FAULTS_TOLD)
    yield warn(
      `${newest.length - FAULTS_TOLD} other faults in hook-errors.log, ${plural(lines.length, "line")} in all`,
      "Read it; the newest come last.",
    );
}
