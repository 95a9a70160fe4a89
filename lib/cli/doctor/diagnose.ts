// What doctor makes of the facts: pure judgement, topic by topic.
import { clean } from "../render/text";
import { judgeFiles } from "./checks/files";
import { judgeForwarding } from "./checks/forwarding";
import { judgeRecording } from "./checks/recording";
import { judgeRegistration } from "./checks/registration";
import { judgeVariables } from "./checks/variables";
import type { Facts } from "./collect";
import { fail, ok, type Finding, type Judged } from "./finding";

/** Judges the facts. What comes from files is harmless to print afterwards. */
export function diagnose(facts: Facts, nowMs: number): Finding[] {
  return [
    ...topic("Programs", judgePrograms(facts)),
    ...topic("Registration", judgeRegistration(facts)),
    ...topic("Environment", judgeVariables(facts)),
    ...topic("Files", judgeFiles(facts, nowMs)),
    ...topic("Recording", judgeRecording(facts, nowMs)),
    ...topic("Forwarding", judgeForwarding(facts, nowMs)),
  ];
}

function topic(name: string, judged: Iterable<Judged>): Finding[] {
  return Array.from(judged, ({ level, what, fix }) => ({
    level,
    topic: name,
    what: clean(what),
    ...(fix !== undefined && { fix: clean(fix) }),
  }));
}

const REPLACE =
  "Put all programs of one release into one folder, and run claude-session install from there.";

function* judgePrograms({ programs, version }: Facts): Generator<Judged> {
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
