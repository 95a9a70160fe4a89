// The whole life of a hook program: read stdin, name the session, record, exit 0. Whatever happens,
// nothing goes to stdout or stderr and no other code comes back: stdout of some events goes into the
// model's context, and exit 2 blocks tools.
import { loadConfig, type Config } from "../config";
import { environment, paths } from "../environment";
import type { EventName } from "../events";
import { appendRecord } from "../log/log";
import { faultCode } from "../os/fault";
import { findProject, type Project } from "../project";
import { resolveSession, type Session } from "../session";
import { version } from "../version";
import { renderRecord, toRecord } from "./build-record";
import { reportFaults } from "./error-log";
import { leadingSessionId, readEvent, type Payload } from "./read-event";
import { redactionRules } from "./redact";
import { reportSelfTest } from "./self-test";
import { startForwarder } from "./start-forwarder";
import { standardInput } from "./stdin";

/** One hook program: its name, and what it does besides recording. */
export interface HookProgram {
  readonly name: string;
  /** What the event is called when its payload does not say. */
  readonly event: EventName | "Unknown";
  /** Runs once the event is recorded, and answers with what it could not do. */
  readonly after?: (recorded: Recorded) => readonly string[];
}

/** An event after its recording, for what a program does besides. */
export interface Recorded {
  readonly event: string;
  readonly startedMs: number;
  readonly session: Session;
  readonly project: Project;
  readonly config: Config;
}

// Well under the five seconds that Claude Code is told to wait, and the 1.5 that it gives SessionEnd.
const DEADLINE_MS = 1000;

/** Runs a hook program from its first line to its exit. */
export async function runHook(program: HookProgram): Promise<never> {
  try {
    const [, , flag] = Bun.argv;
    if (flag === "--version" || flag === "--self-test") process.exit(answer(program, flag));
    await recordEvent(program);
  } catch (error) {
    reportFaults(program.name, [`bug: ${String(error)}`]);
  }
  process.exit(0);
}

async function recordEvent(program: HookProgram): Promise<void> {
  const startedMs = Date.now();
  const { config, faults: configFaults } = loadConfig();
  const outcome = await readEvent(standardInput(), {
    deadlineMs: DEADLINE_MS,
    maxBytes: config.limits.input_bytes,
  });
  const payload: Payload =
    outcome.kind === "event" ? outcome.payload : { session_id: leadingSessionId(outcome.text) };
  const project = findProject(environment, payload["cwd"]);
  const session = resolveSession(payload, environment, project);
  const record = toRecord(
    outcome,
    { startedMs, event: program.event, session, project, user: userName(), pid: claudePid() },
    config.capture,
    redactionRules(environment, config.redact),
  );
  const faults = [...configFaults];
  if (outcome.kind === "malformed") faults.push(`input: ${outcome.reason}, ${outcome.bytes} bytes`);
  // As it was sent: the record's may be masked.
  const sent = payload["hook_event_name"];
  const event = typeof sent === "string" && sent !== "" ? sent : program.event;
  try {
    appendRecord(paths.events, record.timestamp, renderRecord(record, config.limits));
  } catch (error) {
    faults.push(`${event} not recorded: ${faultCode(error)}`);
  }
  try {
    faults.push(...(program.after?.({ event, startedMs, session, project, config }) ?? []));
  } catch (error) {
    faults.push(`after ${event}: ${faultCode(error)}`);
  }
  faults.push(...(await startForwarder(config)));
  reportFaults(program.name, faults);
}

function userName(): string {
  return environment["USER"] || environment["LOGNAME"] || environment["USERNAME"] || "unknown";
}

function claudePid(): number {
  const told = Number(environment["CLAUDE_PID"]);
  return Number.isSafeInteger(told) && told > 0 ? told : process.ppid;
}

// For a person or an installer, and so the one time that a hook program prints.
function answer(program: HookProgram, flag: string): number {
  const { text, passed } =
    flag === "--version"
      ? { text: `${program.name} ${version}`, passed: true }
      : reportSelfTest(program.name);
  console.log(text);
  return passed ? 0 : 1;
}
