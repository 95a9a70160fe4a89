// Formats and parses local date and time without a zone, as Python's `datetime.isoformat()` does.
//
// The C library converts, because the first local-time call on a JavaScript `Date` loads ICU's time zones:
// 3.9 ms, which nearly doubles a hook's run time, against 0.04 for `localtime_r` (Bun 1.4.5). Without that
// library, as on Windows, `Date` converts.
import { loadTimeLibrary, type TimeLibrary } from "./libc";

/**
 * Formats an instant as local time, e.g. `2025-09-24T12:52:51.430`.
 *
 * @param epochMs milliseconds since 1970, UTC
 */
export function formatLocalTime(epochMs: number, offsetAt: OffsetAt = localOffset): string {
  return new Date(epochMs + offsetMs(epochMs, offsetAt)).toISOString().slice(0, -1);
}

/**
 * Parses what {@link formatLocalTime} or Python's `datetime.isoformat()` wrote: up to six decimals or none,
 * and no zone. A time that occurs twice, because clocks were set back, gives either instant.
 *
 * @returns milliseconds since 1970 UTC, or `undefined` if the text is not such a time
 */
export function parseLocalTime(text: string, offsetAt: OffsetAt = localOffset): number | undefined {
  const [, seconds, fraction = ""] =
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?$/.exec(text) ?? [];
  if (seconds === undefined) return undefined;
  const asIfUtc = Date.parse(`${seconds}.${fraction.padEnd(3, "0").slice(0, 3)}Z`);
  // `Date.parse` turns 30 February into 2 March; Python rejects it, and so do we.
  if (Number.isNaN(asIfUtc) || !new Date(asIfUtc).toISOString().startsWith(seconds))
    return undefined;
  // The offset depends on the instant, which is not known yet: the second step corrects the first if the
  // clocks change between the two.
  const estimate = asIfUtc - offsetMs(asIfUtc, offsetAt);
  return asIfUtc - offsetMs(estimate, offsetAt);
}

/** Takes seconds since 1970 UTC, and returns the local offset in seconds east of UTC. */
export type OffsetAt = (epochSeconds: number) => number;

/** Offsets as the C library gives them. */
export function offsetFromLibrary(library: TimeLibrary): OffsetAt {
  // A `time_t`, and a `struct tm`: 56 bytes, which on every Unix begin with the six integers below.
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

/** Offsets as `Date` gives them. */
export function offsetFromDate(epochSeconds: number): number {
  return new Date(epochSeconds * 1000).getTimezoneOffset() * -60;
}

let fastest: OffsetAt | undefined;

function localOffset(epochSeconds: number): number {
  fastest ??= fastestOffset();
  return fastest(epochSeconds);
}

function fastestOffset(): OffsetAt {
  const library = loadTimeLibrary();
  return library === undefined ? offsetFromDate : offsetFromLibrary(library);
}

function offsetMs(epochMs: number, offsetAt: OffsetAt): number {
  return offsetAt(Math.floor(epochMs / 1000)) * 1000;
}
