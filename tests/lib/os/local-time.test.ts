import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { loadTimeLibrary } from "../../../lib/os/libc";
import { formatLocalTime, parseLocalTime } from "../../../lib/os/local-time";

const ways = ["offsetFromDate"];
if (loadTimeLibrary() !== undefined) ways.push("offsetFromLibrary(loadTimeLibrary())");

const zones: [string, string][] = [
  ["UTC", "no offset"],
  ["Europe/Berlin", "clocks change at night"],
  ["America/New_York", "behind UTC"],
  ["America/St_Johns", "an offset with half an hour"],
  ["Asia/Kathmandu", "an offset with three quarters"],
  ["Australia/Lord_Howe", "clocks change by half an hour, and summer is in January"],
  ["Pacific/Apia", "more than half a day ahead of UTC, and a day was skipped"],
  ["Asia/Tokyo", "clocks never change"],
];

describe.each(ways)("%s", (way) => {
  test.each(zones)("agrees with Date in %s, at every half hour of a year (%s)", (TZ) => {
    expect(
      inZone(
        TZ,
        way,
        `for (const at of instants())
          if (formatLocalTime(at, offsetAt) !== byDate(at))
            wrong.push([at, formatLocalTime(at, offsetAt), byDate(at)]);`,
      ),
    ).toEqual([]);
  });

  test.each(zones)("parses what it formats in %s (%s)", (TZ) => {
    // If an hour occurs twice, either instant is right, because both are formatted alike.
    expect(
      inZone(
        TZ,
        way,
        `for (const at of instants()) {
          const text = formatLocalTime(at, offsetAt);
          const back = parseLocalTime(text, offsetAt);
          const isOther = [-2, -1, 1, 2].some((n) => back === at + n * 1_800_000);
          if (back !== at && !(isOther && byDate(back) === text)) wrong.push([at, text, back]);
        }`,
      ),
    ).toEqual([]);
  });

  test.each([
    ["Europe/Berlin", "2026-03-29T02:30:00", 3_600_000],
    ["America/New_York", "2026-03-08T02:30:00", 3_600_000],
    ["Australia/Lord_Howe", "2026-10-04T02:15:00", 1_800_000],
  ])("parses in %s the skipped time %s as a time close to it", (TZ, text, withinMs) => {
    expect(
      inZone(
        TZ,
        way,
        `const at = parseLocalTime("${text}", offsetAt);
        if (!(Math.abs(at - new Date("${text}")) <= ${withinMs})) wrong.push(at);`,
      ),
    ).toEqual([]);
  });
});

test("any instant of this millennium is parsed as it was formatted", () => {
  const instant = fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2999, 0) });
  fc.assert(
    fc.property(instant, (at) => {
      const text = formatLocalTime(at);
      expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}$/);
      const back = parseLocalTime(text);
      expect(back === undefined ? undefined : formatLocalTime(back)).toBe(text);
    }),
  );
});

test.each([
  ["2025-09-24T12:52:51.430", 430, "as we write it"],
  ["2025-09-24T12:52:51", 0, "a whole second from Python"],
  ["2025-09-24T12:52:51.430999", 430, "microseconds from Python"],
  ["2025-09-24T12:52:51.4", 400, "fewer decimals"],
  ["2025-09-24T12:52:51.000001", 0, "less than a millisecond"],
])("%s has %p ms (%s)", (text, ms) => {
  expect(parseLocalTime(text)).toBe(new Date(2025, 8, 24, 12, 52, 51, ms).getTime());
});

test.each([
  ["", "nothing"],
  ["undefined", "garbage"],
  ["2000", "a year"],
  ["2025-09-24", "a day"],
  ["2025-09-24T12:52", "no seconds"],
  ["2025-09-24 12:52:51", "a space, as in another format of Python"],
  ["2025-09-24T12:52:51Z", "a zone, on which Python readers fail"],
  ["2025-09-24T12:52:51.430Z", "a zone"],
  ["2025-09-24T12:52:51+02:00", "an offset"],
  ["2025-09-24T12:52:51.", "no decimals after the point"],
  ["2025-09-24T12:52:51.1234567", "more than microseconds"],
  ["2025-09-24T12:52:51,430", "a comma"],
  ["2025-13-01T00:00:00", "a thirteenth month"],
  ["2025-00-01T00:00:00", "no month"],
  ["2025-02-30T00:00:00", "a day that February does not have; Date.parse accepts it as March"],
  ["2025-02-29T00:00:00", "not a leap year"],
  ["2025-04-31T00:00:00", "a 31st of April"],
  ["2025-09-24T24:00:00", "an hour 24, which Python rejects"],
  ["2025-09-24T12:60:00", "a minute 60"],
  ["2025-09-24T12:00:60", "a leap second"],
  ["-2025-09-24T12:52:51", "a negative year"],
  ["+12025-09-24T12:52:51", "a year of five digits"],
  ["２０２５-09-24T12:52:51", "digits of another script"],
  [" 2025-09-24T12:52:51", "a space before"],
  ["2025-09-24T12:52:51\n", "a newline after"],
  ["2025-09-24T12:52:51\0", "a NUL after"],
])("%j is not a local time (%s)", (text) => {
  expect(parseLocalTime(text)).toBeUndefined();
});

test("29 February exists in a leap year", () => {
  expect(parseLocalTime("2024-02-29T00:00:00")).toBe(new Date(2024, 1, 29).getTime());
});

/** What statements over `lib/os/local-time.ts` find wrong in a process in a time zone. */
function inZone(TZ: string, way: string, statements: string): unknown {
  const lib = `${import.meta.dir}/../../../lib`;
  const script = `
    import { loadTimeLibrary } from "${lib}/os/libc.ts";
    import { formatLocalTime, offsetFromDate, offsetFromLibrary, parseLocalTime } from "${lib}/os/local-time.ts";
    const offsetAt = ${way};
    const pad = (n, digits = 2) => String(n).padStart(digits, "0");
    const byDate = (at, d = new Date(at)) =>
      d.getFullYear() + "-" + pad(d.getMonth() + 1) + "-" + pad(d.getDate()) + "T" + pad(d.getHours()) +
      ":" + pad(d.getMinutes()) + ":" + pad(d.getSeconds()) + "." + pad(d.getMilliseconds(), 3);
    function* instants() {
      for (let at = Date.UTC(2026, 0); at < Date.UTC(2027, 0); at += 1_800_000) yield at;
      for (let at = Date.UTC(1975, 0); at < Date.UTC(2036, 0); at += 1e9 + 123_457) yield at;
    }
    const wrong = [];
    if (process.env.TZ !== "UTC" && new Date(0).getTimezoneOffset() === 0) wrong.push("no such zone");
    ${statements}
    console.log(JSON.stringify(wrong.slice(0, 5)));`;
  const child = Bun.spawnSync([process.execPath, "-e", script], {
    env: { PATH: "/usr/bin:/bin", TZ },
    cwd: "/",
  });
  if (child.exitCode !== 0) throw new Error(child.stderr.toString());
  return JSON.parse(child.stdout.toString());
}
