// What the built forwarder sends in protobuf, read by protoc with the official schema of OpenTelemetry, and compared with
// what the log says. The ids are made here a second time.
import { expect, setDefaultTimeout, test } from "bun:test";
import { createHash } from "node:crypto";
import type { EventRecord } from "../../lib/log/record";
import { OtlpReceiver } from "../../scripts/harness/otlp-receiver";
import { Sandbox } from "../../scripts/harness/sandbox";
import { configure } from "../support/forwarder";
import {
  attributesOf,
  decodeRequest,
  fieldNames,
  findSchema,
  messagesAt,
  type Message,
} from "../support/otlp-schema";
import { NEXT_SESSION, recordedSession, recordsFrom } from "../support/recorded-session";
import { forwardOnce } from "../support/two-destinations";
import { writeRecords } from "../support/written-log";

setDefaultTimeout(60_000);

const found = findSchema();
const schema = "folder" in found ? found.folder : "";
if ("reason" in found) console.log(`skipped: the schema of OpenTelemetry: ${found.reason}`);

const PROMPT = "c8a239fc-c271-4af3-afda-b00e1f71c4be";

/** The recorded session, with a prompt as the client names it, and a turn that fails. */
async function logOf(): Promise<EventRecord[]> {
  const records = (await recordedSession()).map(withPrompt);
  const turn = { session_id: NEXT_SESSION, prompt_id: "p8" };
  const failed = await recordsFrom([
    ["UserPromptSubmit", turn],
    ["PermissionDenied", { ...turn, tool_use_id: "t9" }],
    ["StopFailure", { ...turn, error: "rate_limit", error_details: `4${"…é🛒".repeat(200)}` }],
  ]);
  for (const record of failed) records.push(withId(record, record.id.replace("-85be-", "-95be-")));
  return records;
}

function withId(record: EventRecord, id: string): EventRecord {
  return { ...record, id };
}

function withPrompt(record: EventRecord): EventRecord {
  return record.prompt_id === "p1" ? { ...record, prompt_id: PROMPT } : record;
}

interface Sent {
  readonly items: readonly Message[];
  readonly names: readonly string[];
  readonly resource: Readonly<Record<string, string>>;
}

/** Forwards a log with the built program, and reads one signal of what it sent. */
async function send(records: readonly EventRecord[], signal: "logs" | "traces"): Promise<Sent> {
  using sandbox = new Sandbox();
  await using receiver = new OtlpReceiver();
  writeRecords(sandbox, records);
  const resource = { "deployment.environment.name": "läb" };
  configure(sandbox, {
    name: "otel",
    type: "otlp",
    url: receiver.url,
    signals: [signal],
    resource,
  });
  expect(await forwardOnce(sandbox)).toMatchObject({ code: 0 });
  for (const { headers } of receiver.requests)
    expect(headers.get("Content-Type")).toBe("application/x-protobuf");
  const requests = receiver.requests.map(({ body }) => decodeRequest(schema, signal, body));
  const groups = requests.flatMap((request) =>
    messagesAt(request, signal === "logs" ? "resource_logs" : "resource_spans"),
  );
  const path = signal === "logs" ? ["scope_logs", "log_records"] : ["scope_spans", "spans"];
  return {
    items: groups.flatMap((group) => messagesAt(group, ...path)),
    names: requests.flatMap(fieldNames),
    resource: attributesOf(messagesAt(groups[0] ?? {}, "resource")[0] ?? {}),
  };
}

const hash = (text: string, digits: number) =>
  createHash("sha256").update(text).digest("hex").slice(0, digits);
const traceOf = ({ prompt_id: prompt, session_id: session }: EventRecord) =>
  prompt === PROMPT
    ? PROMPT.replaceAll("-", "")
    : prompt === undefined
      ? session.replaceAll("-", "")
      : hash(prompt, 32);
const callSpan = ({ session_id }: EventRecord, call = "") =>
  hash(`tool\0${session_id}\0${call}`, 16);
const agentSpan = ({ session_id, agent_id }: EventRecord) =>
  hash(`agent\0${session_id}\0${agent_id}`, 16);
const promptSpan = ({ session_id, prompt_id = "" }: EventRecord) =>
  hash(`prompt\0${session_id}\0${prompt_id}`, 16);
const spanOf = (record: EventRecord) => {
  if (record.tool_use_id !== undefined) return callSpan(record, record.tool_use_id);
  return record.agent_id === undefined ? promptSpan(record) : agentSpan(record);
};
const nanos = (timestamp: string, lessMs = 0) => `${Date.parse(timestamp) - lessMs}000000`;

const isUnknown = (name: string) => /^\d/.test(name);
const beginningOf = (text: unknown) => Array.from(String(text)).slice(0, 256).join("");

const present = (fields: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(
    Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, String(value)]),
  );

const SEVERITIES: Readonly<Record<string, string>> = {
  PostToolUseFailure: "ERROR",
  StopFailure: "ERROR",
  PermissionDenied: "WARN",
};

function readLog(item: Message): object {
  const body = String(messagesAt(item, "body")[0]?.["string_value"]);
  return { ...item, attributes: attributesOf(item), body };
}

/** The log record of a record. */
function expectedLog(record: EventRecord): object {
  const name = record.event.replaceAll(/\B[A-Z]/g, "_$&").toLowerCase();
  const severity = SEVERITIES[record.event] ?? "INFO";
  return {
    time_unix_nano: [nanos(record.timestamp)],
    observed_time_unix_nano: [nanos(record.timestamp)],
    severity_number: [`SEVERITY_NUMBER_${severity}`],
    severity_text: [severity],
    event_name: [`claude_code.hook.${name}`],
    trace_id: [traceOf(record)],
    span_id: [spanOf(record)],
    flags: ["1"],
    body: JSON.stringify(record),
    attributes: present({
      "log.record.uid": record.id,
      "event.name": `hook.${name}`,
      "session.id": record.session_id,
      "session.id_source": record.session_id_source,
      "prompt.id": record.prompt_id,
      "gen_ai.tool.name": record.tool,
      "gen_ai.tool.call.id": record.tool_use_id,
      tool_use_id: record.tool_use_id,
      agent_id: record.agent_id,
      agent_type: record.agent_type,
      duration_ms: record.duration_ms,
      "user.name": record.user,
      "claude_code.project": record.project,
    }),
  };
}

function readSpan(item: Message): object {
  const [status = {}] = messagesAt(item, "status");
  return { ...item, attributes: attributesOf(item), status };
}

/** The calls that started the subagents of the log. */
const LAUNCHES: Readonly<Record<string, string>> = { b1: "t7" };
const BACKGROUND_LAUNCH = "t3";

/** The span of a record, as far as the log says that there is one. */
function expectedSpan(record: EventRecord, before: readonly EventRecord[]): object | undefined {
  const { event, tool, timestamp, tool_use_id: call, duration_ms: durationMs } = record;
  const payload = record.payload as Readonly<Record<string, unknown>>;
  const began = (start: string, key: "prompt_id" | "agent_id") =>
    before.find((one) => one.event === start && one[key] === record[key])?.timestamp;
  const common = {
    trace_id: [traceOf(record)],
    end_time_unix_nano: [nanos(timestamp)],
    kind: ["SPAN_KIND_INTERNAL"],
    // Sampled, and its parent is not in another service.
    flags: ["257"],
  };
  const own = {
    "log.record.uid": record.id,
    "session.id": record.session_id,
    "prompt.id": record.prompt_id,
    "gen_ai.conversation.id": record.session_id,
    "gen_ai.provider.name": "anthropic",
    "user.name": record.user,
    "claude_code.project": record.project,
  };
  if (event.startsWith("PostToolUse") && tool !== undefined && durationMs !== undefined) {
    const isFailure = event === "PostToolUseFailure";
    return {
      ...common,
      name: [`execute_tool ${tool}`],
      span_id: [callSpan(record, call)],
      parent_span_id: [record.agent_id === undefined ? promptSpan(record) : agentSpan(record)],
      start_time_unix_nano: [nanos(timestamp, durationMs)],
      status: isFailure
        ? { code: ["STATUS_CODE_ERROR"], message: [beginningOf(payload["error"])] }
        : {},
      attributes: present({
        ...own,
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": tool,
        "gen_ai.tool.type": tool.startsWith("mcp__") ? "extension" : "function",
        "gen_ai.tool.call.id": call,
        tool_use_id: call,
        agent_id: record.agent_id,
        "error.type": isFailure ? "tool_error" : undefined,
      }),
    };
  }
  const isAgent = event === "SubagentStop";
  const startedAt = isAgent
    ? began("SubagentStart", "agent_id")
    : event.startsWith("Stop") && record.prompt_id !== undefined
      ? began("UserPromptSubmit", "prompt_id")
      : undefined;
  if (startedAt === undefined) return undefined;
  const name = isAgent ? record.agent_type : "claude-code";
  const isFailure = event === "StopFailure";
  return {
    ...common,
    name: [`invoke_agent ${name}`],
    span_id: [isAgent ? agentSpan(record) : promptSpan(record)],
    ...(isAgent && {
      parent_span_id: [callSpan(record, LAUNCHES[String(record.agent_id)] ?? BACKGROUND_LAUNCH)],
    }),
    start_time_unix_nano: [nanos(startedAt)],
    status: isFailure
      ? { code: ["STATUS_CODE_ERROR"], message: [beginningOf(payload["error_details"])] }
      : {},
    attributes: present({
      ...own,
      "gen_ai.operation.name": "invoke_agent",
      "gen_ai.agent.name": name,
      "gen_ai.agent.id": isAgent ? record.agent_id : undefined,
      agent_id: isAgent ? record.agent_id : undefined,
      "error.type": isFailure ? payload["error"] : undefined,
    }),
  };
}

test.skipIf(schema === "")(
  "log records are what the schema says, and what the log says",
  async () => {
    const records = await logOf();
    const { items, names, resource } = await send(records, "logs");
    expect(names.filter(isUnknown)).toEqual([]);
    expect(resource).toMatchObject({
      "service.name": "claude-code-hooks",
      "deployment.environment.name": "läb",
    });
    expect(items.map(readLog)).toEqual(records.map(expectedLog));
  },
);

test.skipIf(schema === "")("spans are what the schema says, and what the log says", async () => {
  const records = await logOf();
  const { items, names } = await send(records, "traces");
  expect(names.filter(isUnknown)).toEqual([]);
  const expected = records.flatMap((record, i) => expectedSpan(record, records.slice(0, i)) ?? []);
  expect(items.map(readSpan)).toEqual(expected);
  expect(expected.length).toBeGreaterThan(10);
});
