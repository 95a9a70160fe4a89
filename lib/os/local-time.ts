// Local date and time without a zone, as Python's `datetime.isoformat()` writes it.
//
// The C library converts, because the first local-time call on a JavaScript `Date` loads ICU's
// time zones, which doubles the life of a hook: 3.9 ms, against 0.04 for `localtime_r` (Bun 1.4.5).
// Where there is no such library, as on Windows, `Date` does it.
import { timeLibrary, type TimeLibrary } from "./libc";

/**
 * Formats an instant as local time, e.g. `2025-09-24T12:52:51.430`.
 *
 * @param epochMs milliseconds since 1970, UTC
 */
export function formatLocalTime(epochMs: number, offsetAt: OffsetAt = localOffset): string {
  return new Date(epochMs + offsetMs(epochMs, offsetAt)).toISOString().slice(0, -1);
}

/**
 * Reads what {@link formatLocalTime} or Python's `datetime.isoformat()` wrote: up to six decimals
 * or none, and no zone. Where a clock went back an hour it answers with either of the two instants.
 *
 * @returns milliseconds since 1970 UTC, or `undefined` where the text is no such time
 */
export function parseLocalTime(text: string, offsetAt: OffsetAt = localOffset): number | undefined {
  const [, seconds, fraction = ""] =
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?$/.exec(text) ?? [];
  if (seconds === undefined) return undefined;
  const asIfUtc = Date.parse(`${seconds}.${fraction.padEnd(3, "0").slice(0, 3)}Z`);
  // Of 30 February `Date.parse` makes 2 March; Python refuses it, and so do we.
  if (Number.isNaN(asIfUtc) || !new Date(asIfUtc).toISOString().startsWith(seconds))
    return undefined;
  // The offset is a function of the instant, which is what we look for: the second step corrects
  // the first where a change of clocks lies between the two.
  const estimate = asIfUtc - offsetMs(asIfUtc, offsetAt);
  return asIfUtc - offsetMs(estimate, offsetAt);
}

/** Seconds since 1970 to seconds east of UTC. */
export type OffsetAt = (epochSeconds: number) => number;

/** The offsets that the C library knows. */
export function offsetFromLibrary(library: TimeLibrary): OffsetAt {
  // A `time_t`, and a `struct tm`: 56 bytes that on every Unix begin with the ints below.
  const time = new Uint32Array(2);
  const tm = new Int32Array(16);
  return (epochSeconds) => {
    time[0] = epochSeconds;
    time[1] = Math.floor(epochSeconds / 2 ** 32);
    if (library.localtime_r(time, tm) === null) return 0;
    const at = (index: number) => tm[index] ?? 0;
    const [sec, min, hour, day, month, year] = [at(0), at(1), at(2), at(3), at(4), at(5) + 1900];
    return Date.UTC(year, month, day, hour, min, sec) / 1000 - epochSeconds;
  };
}

/** The offsets that `Date` knows. */
export function offsetFromDate(epochSeconds: number): number {
  return new Date(epochSeconds * 1000).getTimezoneOffset() * -60;
}

let fastest: OffsetAt | undefined;

function localOffset(epochSeconds: number): number {
  fastest ??= timeLibrary === undefined ? offsetFromDate : offsetFromLibrary(timeLibrary);
  return fastest(epochSeconds);
}

function offsetMs(epochMs: number, offsetAt: OffsetAt): number {
  return offsetAt(Math.floor(epochMs / 1000)) * 1000;
}
