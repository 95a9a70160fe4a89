// Times and numbers in words.

/** `12 ms`, `1.4 s`, `3 min`, `2 h 5 min`, `3 d`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(ms < 9950 ? 1 : 0)} s`;
  const minutes = Math.round(ms / 60_000);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** How long something has been so, to the second: `7 s`, `12 min 40 s`, `3 h 2 min`. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds >= 3600) return formatDuration(ms);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** `just now`, `4 min ago`, `yesterday 14:02`, `22 Nov 14:02`. */
export function formatAgo(atMs: number, nowMs: number): string {
  const ms = nowMs - atMs;
  if (ms < 60_000) return "just now";
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ago`;
  const at = new Date(atMs);
  const today = new Date(nowMs);
  if (at.toDateString() === today.toDateString()) return formatTime(atMs).slice(0, 5);
  today.setDate(today.getDate() - 1);
  const time = formatTime(atMs).slice(0, 5);
  return at.toDateString() === today.toDateString()
    ? `yesterday ${time}`
    : `${formatDay(atMs)} ${time}`;
}

const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const DAY_AND_YEAR = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  year: "numeric",
});

/** `22 Nov`, with the year if it is another one. */
export function formatDay(atMs: number): string {
  const at = new Date(atMs);
  return (at.getFullYear() === new Date().getFullYear() ? DAY : DAY_AND_YEAR).format(at);
}

/** `14:02:07` */
export function formatTime(atMs: number): string {
  const at = new Date(atMs);
  return [at.getHours(), at.getMinutes(), at.getSeconds()]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
}

/** `1,234` */
export function formatCount(count: number): string {
  return count.toLocaleString("en");
}

/** `1 prompt`, `2 prompts` */
export function plural(count: number, what: string): string {
  return `${formatCount(count)} ${what}${count === 1 ? "" : "s"}`;
}
