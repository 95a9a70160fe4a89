// Times and durations, as a person writes and reads them.
import ms, { type StringValue } from "ms";
import prettyMs from "pretty-ms";
import { utcDay } from "../../log/log";
import { UsageError } from "../command";

// A century: what is longer is a typing error, and would leave the range of `Date`.
const MAX_MS = 100 * 365.25 * 86_400_000;

/**
 * Parses `7d`, `12h` or `2 weeks`.
 *
 * @param option what the duration was given to, for the message
 * @returns milliseconds
 * @throws {UsageError} for anything else, a number without a unit included
 */
export function parseDuration(text: string, option: string): number {
  const duration = durationOf(text);
  if (duration === undefined)
    throw new UsageError(`${option}: "${text}" is not a duration, such as 7d, 12h or 30min`);
  return duration;
}

function durationOf(text: string): number | undefined {
  const duration = /^\d[\d.]* ?[a-z]+$/i.test(text) ? ms(text as StringValue) : undefined;
  return duration !== undefined && duration <= MAX_MS ? duration : undefined;
}

/**
 * Parses the value of `--since`: a duration back from now, or a date such as `2026-11-20`.
 *
 * @returns milliseconds since 1970 UTC
 * @throws {UsageError} for anything else
 */
export function parseSince(text: string, nowMs: number): number {
  const [day] = /^\d{4}-\d\d-\d\d/.exec(text) ?? [];
  const date = day !== undefined && isDay(day) ? Date.parse(dateOnly(text)) : NaN;
  if (!Number.isNaN(date)) return date;
  const duration = durationOf(text);
  if (duration === undefined)
    throw new UsageError(
      `--since: "${text}" is not a duration or a date, such as 7d, 12h or 2026-11-20`,
    );
  return nowMs - duration;
}

// `Date` turns 31 February into 3 March.
function isDay(day: string): boolean {
  const atMs = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(atMs) && utcDay(atMs) === day;
}

// A date without a time means local midnight; `Date` would take it as UTC.
function dateOnly(text: string): string {
  return text.length === 10 ? `${text}T00:00:00` : text;
}

/** A duration for a person: `12ms`, `1.2s`, `3m 12s`, `4h 5m`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 1000) return `${Math.round(durationMs)}ms`;
  if (durationMs < 60_000) return prettyMs(durationMs, { secondsDecimalDigits: 1 });
  return prettyMs(Math.round(durationMs / 1000) * 1000, { unitCount: 2 });
}

/** How long ago: `3m ago`, `just now`. */
export function formatAgo(epochMs: number, nowMs: number): string {
  const elapsedMs = nowMs - epochMs;
  if (elapsedMs < -60_000) return "in the future";
  return elapsedMs < 1000 ? "just now" : `${prettyMs(elapsedMs, { compact: true })} ago`;
}

/** Local time of day: `10:58:01`. */
export function formatClock(epochMs: number): string {
  const date = new Date(epochMs);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(":");
}

/** Local day and time: `11-23 10:58`, with the year if it is not the present one. */
export function formatDayAndTime(epochMs: number, nowMs: number): string {
  const date = new Date(epochMs);
  const year = date.getFullYear() === new Date(nowMs).getFullYear() ? "" : `${date.getFullYear()}-`;
  const day = `${year}${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())}`;
  return `${day} ${formatClock(epochMs).slice(0, CLOCK_LENGTH)}`;
}

/** Local time from one moment to another: `11-22 10:58 to 16:40`, with the day of the end if it differs. */
export function formatSpan(firstMs: number, lastMs: number, nowMs: number): string {
  const [first, last] = [formatDayAndTime(firstMs, nowMs), formatDayAndTime(lastMs, nowMs)];
  if (first === last) return first;
  const isSameDay = first.slice(0, -CLOCK_LENGTH) === last.slice(0, -CLOCK_LENGTH);
  return `${first} to ${isSameDay ? last.slice(-CLOCK_LENGTH) : last}`;
}

const CLOCK_LENGTH = "10:58".length;

function twoDigits(number: number): string {
  return String(number).padStart(2, "0");
}
