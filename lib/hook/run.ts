// Runs a hook program: reads stdin, finds the session, records the event, exits 0. It never prints and never
// exits with another code: the stdout of some events goes into the model's context, and exit 2 blocks tools.
import type { Config } from "../config";
import { environment, paths } from "../environment";
import type { EventName } from "../events";
import { loadConfig } from "../load-config";
import { appendRecord } from "../log/log";
import { faultCode } from "../os/fault";
import { userNameOf } from "../os/user-name";
import { findProject, projectAt, type Project } from "../project";
import { resolveSession, type Session } from "../session";
import { version } from "../version";
import { renderRecord, buildRecord } from "./build-record";
import { eventNameOf, otherClient, type OtherClient } from "./other-client";
import { reportFaults } from "./error-log";
import {
  leadingSessionId,
  mayNameSession,
  outerFields,
  readEvent,
  type MalformedInput,
  type Payload,
} from "./read-event";
import { redactionRules } from "./redact";
import { isResentFailure } from "./resent-failure";
import { reportSelfTest } from "./self-test";
import { startForwarder } from "./start-forwarder";
import { standardInput } from "./stdin";

/** One hook program: its name, and what it does after recording. */
export interface HookProgram {
  readonly name: string;
  /** The event's name if the payload has none. */
  readonly event: EventName | "Unknown";
  /** Runs once the event is recorded, and returns its faults. */
  readonly after?: (recorded: RecordedEvent) => readonly string[] | Promise<readonly string[]>;
}

/** A recorded event. */
export interface RecordedEvent {
  readonly event: string;
  /** When the program started, in milliseconds since 1970 UTC. */
  readonly startedMs: number;
  readonly session: Session;
  readonly project: Project;
  readonly config: Config;
  /** The Claude Code process. */
  readonly pid: number;
  /** The agent that sent the event, if it is not Claude Code. */
  readonly client: OtherClient | undefined;
}

// How long to wait for input. Registered hooks have a timeout of 5 s, and Claude Code gives SessionEnd 1.5 s.
const DEADLINE_MS = 1000;

/** Runs a hook program, and exits. */
export async function runHook(program: HookProgram): Promise<never> {
  try {
    // Files that we create must be private and usable by us under any inherited umask.
    process.umask(0o077);
    const [, , option] = Bun.argv;
    if (option === "--version" || option === "--self-test")
      process.exit(await printAbout(program, option));
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
  const payload = outcome.kind === "event" ? outcome.payload : fieldsOfMalformed(outcome);
  const project = findProject(environment, payload["cwd"]);
  const client = otherClient(payload, environment);
  // The variable and the pointer name a session of Claude Code. The variable was given to this process; the pointer may name
  // another session than an event of which a part is missing.
  const isOurs = client === undefined;
  const mayBeOther = !isOurs || (outcome.kind === "malformed" && mayNameSession(outcome));
  const session = resolveSession(
    payload,
    isOurs ? environment : {},
    mayBeOther ? projectAt("") : project,
  );
  if (await isResentFailure(payload, session)) return reportFaults(program.name, configFaults);
  const pid = claudePid();
  const record = buildRecord(
    outcome,
    {
      startedMs,
      event: program.event,
      session,
      project,
      user: userName(),
      pid,
      client,
    },
    config.capture,
    redactionRules(environment, config.redact),
  );
  const faults = [...configFaults];
  if (outcome.kind === "malformed") faults.push(`input: ${outcome.reason}, ${outcome.bytes} bytes`);
  // The name as it was sent: the record's may be masked.
  const event = eventNameOf(payload) ?? program.event;
  try {
    appendRecord(paths.events, record.timestamp, renderRecord(record, config.limits));
  } catch (error) {
    faults.push(`${event} not recorded: ${faultCode(error)}`);
  }
  try {
    const recorded = { event, startedMs, session, project, config, pid, client };
    faults.push(...((await program.after?.(recorded)) ?? []));
  } catch (error) {
    faults.push(`after ${event}: ${faultCode(error)}`);
  }
  faults.push(...(await startForwarder(config)));
  reportFaults(program.name, faults);
}

function fieldsOfMalformed({ text, tail }: MalformedInput): Payload {
  return tail === undefined ? { session_id: leadingSessionId(text) } : outerFields(text, tail);
}

function userName(): string {
  const { USER, LOGNAME, USERNAME } = environment;
  // Containers and services set no variable.
  return USER || LOGNAME || USERNAME || (userNameOf(process.geteuid?.()) ?? "unknown");
}

function claudePid(): number {
  const pid = Number(environment["CLAUDE_PID"]);
  return Number.isSafeInteger(pid) && pid > 0 ? pid : process.ppid;
}

// A person or an installer asked, so this is the only case in which a hook program prints.
async function printAbout(program: HookProgram, option: string): Promise<number> {
  const { text, passed } =
    option === "--version"
      ? { text: `${program.name} ${version}`, passed: true }
      : await reportSelfTest(program.name);
  console.log(text);
  return passed ? 0 : 1;
}
