// What a session's start removes: days of the log, and rejected events, that are older than retention allows.
import type { Config } from "../config";
import { paths } from "../environment";
import { pruneDays, pruneRejectedFiles } from "../log/log";

/** Removes what has expired, and returns its faults. */
export function removeExpired(config: Config, nowMs: number): readonly string[] {
  const { retention_days: days, destinations } = config;
  const faults = pruneDays(paths.events, days, nowMs, destinations.length > 0);
  faults.push(...pruneRejectedFiles(paths.forward, days, nowMs));
  return faults;
}
