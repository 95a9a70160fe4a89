// What doctor makes of the facts: pure judgement, topic by topic.
import { sanitize } from "../render/text";
import { checkFiles } from "./checks/files";
import { checkForwarding } from "./checks/forwarding";
import { checkRecording } from "./checks/recording";
import { checkRegistration } from "./checks/registration";
import { checkVariables } from "./checks/variables";
import type { Facts } from "./collect";
import { fail, ok, type Finding, type Result } from "./finding";

/** Judges the facts. What comes from files is harmless to print afterwards. */
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

function topic(name: string, judged: Iterable<Result>): Finding[] {
  return Array.from(judged, ({ level, what, fix }) => ({
    level,
    topic: name,
    what: sanitize(what),
    ...(fix !== undefined && { fix: sanitize(fix) }),
  }));
}

const REPLACE =
  "Put all programs of one release into one folder, and run claude-session install from there.";

function* checkPrograms({ programs, version }: Facts): Generator<Result> {
  let good = 0;
  for (const { path, fault, version: its } of programs) {
    if (fault !== undefined) yield fail(`${path}: ${fault}`, REPLACE);
    else if (its !== version)
      yield fail(`${path} is version ${its}, and this is ${version}`, REPLACE);
    else good++;
  }
  if (good === programs.length)
    yield ok(`All ${good} hook programs are there and pass their self-test, version ${version}`);
}
