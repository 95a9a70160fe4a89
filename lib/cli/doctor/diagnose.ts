// The checks of doctor, topic by topic: facts in, findings out.
import { formatSize, sanitize } from "../render/text";
import { checkFiles } from "./checks/files";
import { checkForwarding } from "./checks/forwarding";
import { checkRecording } from "./checks/recording";
import { checkRegistration } from "./checks/registration";
import { checkVariables } from "./checks/variables";
import type { Facts } from "./collect";
import { fail, ok, warn, type Finding, type Result } from "./finding";

/** Checks the facts. The findings are safe to print. */
export function diagnose(facts: Facts, nowMs: number): Finding[] {
  return [
    ...topic("Programs", checkPrograms(facts)),
    ...topic("Registration", checkRegistration(facts)),
    ...topic("Environment", checkVariables(facts)),
    ...topic("Files", checkFiles(facts, nowMs)),
    ...topic("Recording", checkRecording(facts, nowMs)),
    ...topic("Forwarding", checkForwarding(facts, nowMs)),
  ];
}

function topic(name: string, results: Iterable<Result>): Finding[] {
  return Array.from(results, ({ level, what, fix }) => ({
    level,
    topic: name,
    what: sanitize(what),
    ...(fix !== undefined && { fix: sanitize(fix) }),
  }));
}

const REPLACE =
  "Put all programs of one release into one folder and run claude-session install from there.";

function* checkPrograms({ programs, disk, version, newest }: Facts): Generator<Result> {
  let good = 0;
  for (const state of programs) {
    if (state.kind === "broken") yield fail(`${state.path}: ${state.reason}`, REPLACE);
    else if (state.version !== version)
      yield fail(`${state.path} is version ${state.version}, but this is ${version}`, REPLACE);
    else good++;
  }
  if (good === programs.length)
    yield ok(
      good === 1
        ? `The hook program passes its self-test, version ${version}`
        : `All ${good} hook programs pass their self-test, version ${version}`,
    );
  if (newest !== undefined) yield checkNewest(newest, version);
  if (disk.bytes > 0) yield ok(describeDisk(disk));
}

function checkNewest(newest: NonNullable<Facts["newest"]>, version: string): Result {
  if ("reason" in newest)
    return warn(`The newest release could not be checked: ${newest.reason}`, "Try again later.");
  return Bun.semver.order(newest.version, version) > 0
    ? warn(`Version ${newest.version} is released`, "Run claude-session upgrade.")
    : ok(`Version ${version} is the newest release`);
}

function describeDisk({ form, bytes }: Facts["disk"]): string {
  switch (form) {
    case "linked":
      return `They take ${formatSize(bytes)}; the hooks are one file`;
    case "cloned":
      return "They are clones of one file and share most of its disk space";
    case "separate":
      return `They take ${formatSize(bytes)}, one file each; claude-session install --link saves most of it`;
  }
}
