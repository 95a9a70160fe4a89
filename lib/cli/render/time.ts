// Moments and durations, as a person writes and reads them.
import ms, { type StringValue } from "ms";
import prettyMs from "pretty-ms";
import { utcDay } from "../../log/log";
import { UsageError } from "../command";

const LONGEST_MS = 100 * 365.25 * 86_400_000;

/** Reads `7d`, `12h`, `2 weeks`: milliseconds. A number without a unit is none: 7 of what? */
export function parseDuration(text: string, flag: string): number {
  const duration = /^\d[\d.]* ?[a-z]+$/i.test(text) ? ms(text as StringValue) : undefined;
  if (duration === undefined || !(duration <= LONGEST_MS))
    throw new UsageError(`${flag}: "${text}" is no duration; write for example 7d, 12h or 30min`);
  return duration;
}

/** Reads a duration back from now, or a date such as `2026-11-20`: milliseconds since 1970 UTC. */
export function parseSince(text: string, nowMs: number): number {
  const [day] = /^\d{4}-\d\d-\d\d/.exec(text) ?? [];
  const date = day !== undefined && isDay(day) ? Date.parse(dateOnly(text)) : NaN;
  if (!Number.isNaN(date)) return date;
  return nowMs - parseDuration(text, "--since");
}

// Of 31 February, `Date` makes 3 March.
function isDay(day: string): boolean {
  const atMs = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(atMs) && utcDay(atMs) === day;
}

// A date alone means midnight here, not in Greenwich.
function dateOnly(text: string): string {
  return text.length === 10 ? `${text}T00:00:00` : text;
}

/** A duration in short, e.g. `12ms`, `1.2s`, `3m 12s`, `4h 5m`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 1000) return `${Math.round(durationMs)}ms`;
  if (durationMs < 60_000) return prettyMs(durationMs, { secondsDecimalDigits: 1 });
  return prettyMs(Math.round(durationMs / 1000) * 1000, { unitCount: 2 });
}

/** How long ago, e.g. `3m ago`. */
export function formatAgo(epochMs: number, nowMs: number): string {
  const elapsedMs = nowMs - epochMs;
  if (elapsedMs < -60_000) return "ahead of the clock";
  return elapsedMs < 1000 ? "now" : `${prettyMs(elapsedMs, { compact: true })} ago`;
}

/** Local time of day, e.g. `10:58:01`. */
export function formatClock(epochMs: number): string {
  const date = new Date(epochMs);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(":");
}

/** Local day and time, e.g. `11-23 10:58`, with the year where it is another than now. */
export function formatDayAndTime(epochMs: number, nowMs: number): string {
  const date = new Date(epochMs);
  const year = date.getFullYear() === new Date(nowMs).getFullYear() ? "" : `${date.getFullYear()}-`;
  const day = `${year}${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())}`;
  return `${day} ${formatClock(epochMs).slice(0, 5)}`;
}

function twoDigits(number: number): string {
  return String(number).padStart(2, "0");
}
