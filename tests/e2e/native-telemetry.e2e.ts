// The real Claude Code sends its own telemetry to the same Collector as our forwarder: what both say about a tool call is
// found by the ids that both have. Run it with `npm run test:e2e`.
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { median } from "../../scripts/bench/timing";
import { findCollector, OtelCollector } from "../../scripts/harness/otel-collector";
import { OtlpReceiver, type OtlpItem, type OtlpSpan } from "../../scripts/harness/otlp-receiver";
import { Sandbox } from "../../scripts/harness/sandbox";
import { configure } from "../support/forwarder";
import { Tally } from "../support/tally";
import { until } from "../support/until";
import { CLIENT_VERSION, findClient } from "./client";
import { ClientHome } from "./client-home";
import { SCRIPTS } from "./model-scripts";

setDefaultTimeout(120_000);

const tally = new Tally("native telemetry");
afterAll(() => tally.print());
const found = findClient();
const client = "path" in found ? found.path : "";
if ("reason" in found)
  tally.skip(`everything: Claude Code ${CLIENT_VERSION} is not available: ${found.reason}`);
const foundCollector = findCollector();
const collector = "path" in foundCollector ? foundCollector.path : "";
if ("reason" in foundCollector)
  tally.skip(`the Collector, so both send JSON to our own receiver: ${foundCollector.reason}`);

/** How the client and the forwarder write what they send. */
const ENCODINGS = collector === "" ? ["json"] : ["protobuf", "json"];
const CALLS = 9;
/** The client stops two clocks, one after the other: half a millisecond apart, and more on a busy machine. */
const MAX_DIFFERENCE_MS = 500;
/** One of the calls takes longer, so that durations that have nothing to do with each other do not agree. */
const LONGEST_CALL_MS = 2000;

/** Where both send to, and what arrived there. */
class Store implements AsyncDisposable {
  readonly #sandbox = new Sandbox();
  readonly receiver = new OtlpReceiver();
  #collector: OtelCollector | undefined;

  static async open(): Promise<Store> {
    const store = new Store();
    const { root } = store.#sandbox;
    if (collector !== "")
      store.#collector = await OtelCollector.start(collector, root, store.receiver.url);
    return store;
  }

  get url(): string {
    return this.#collector?.url ?? this.receiver.url;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#collector?.[Symbol.asyncDispose]();
    await this.receiver[Symbol.asyncDispose]();
    this.#sandbox[Symbol.dispose]();
  }
}

const isOurs = ({ resource }: OtlpItem) => resource["service.name"] === "claude-code-hooks";
const isNative = ({ resource }: OtlpItem) => resource["service.name"] === "claude-code";

/** Spans by the id of their tool call, which both name in two ways. */
function byCall(spans: readonly OtlpSpan[]): Map<string, OtlpSpan> {
  for (const { attributes } of spans)
    expect(attributes["gen_ai.tool.call.id"]).toBe(attributes["tool_use_id"]);
  return new Map(spans.map((span) => [String(span.attributes["tool_use_id"]), span]));
}

describe.skipIf(client === "")("the client's own telemetry", () => {
  test.each(ENCODINGS)("has the same tool calls as ours, in %s", async (encoding) => {
    await using store = await Store.open();
    await using home = await ClientHome.create(
      client,
      SCRIPTS,
      { other: "none" },
      {
        CLAUDE_CODE_ENABLE_TELEMETRY: "1",
        CLAUDE_CODE_ENHANCED_TELEMETRY_BETA: "1",
        OTEL_LOGS_EXPORTER: "otlp",
        OTEL_TRACES_EXPORTER: "otlp",
        OTEL_EXPORTER_OTLP_PROTOCOL: `http/${encoding}`,
        OTEL_EXPORTER_OTLP_ENDPOINT: store.url,
      },
    );
    configure(home.sandbox, { name: "otel", type: "otlp", url: store.url, encoding });
    const { sessionId } = await home.run("play nine");
    const { receiver } = store;
    const spansOf = (is: (item: OtlpItem) => boolean, name: RegExp) =>
      receiver.spans.filter((span) => is(span) && name.test(span.name));
    const turns = () => spansOf(isOurs, /^invoke_agent claude-code$/);
    await until(() => turns().length === 1 && spansOf(isNative, /\.interaction$/).length === 1);

    const ours = byCall(spansOf(isOurs, /^execute_tool /));
    const tools = byCall(spansOf(isNative, /\.tool$/));
    const executions = byCall(spansOf(isNative, /\.tool\.execution$/));
    expect(ours.size).toBe(CALLS);
    expect([...ours.keys()].toSorted()).toEqual([...executions.keys()].toSorted());
    expect([...ours.keys()].toSorted()).toEqual([...tools.keys()].toSorted());
    const differences: number[] = [];
    for (const [call, span] of ours) {
      const { attributes: native } = tools.get(call) as OtlpSpan;
      for (const name of ["session.id", "gen_ai.tool.name", "agent_id", "gen_ai.provider.name"])
        expect(span.attributes[name]).toBe(native[name]);
      const execution = executions.get(call) as OtlpSpan;
      expect(span.status.code === 2).toBe(execution.attributes["success"] === false);
      const ms = Number(execution.attributes["duration_ms"]);
      differences.push(Math.abs(span.endMs - span.startMs - ms));
    }
    expect(Math.max(...differences)).toBeLessThanOrEqual(MAX_DIFFERENCE_MS);
    const durations = [...ours.values()].map(({ startMs, endMs }) => endMs - startMs);
    expect(Math.max(...durations)).toBeGreaterThanOrEqual(LONGEST_CALL_MS);
    expect(Math.min(...durations)).toBeLessThan(LONGEST_CALL_MS - MAX_DIFFERENCE_MS);
    expect([...ours.values()].filter(({ status }) => status.code === 2)).toHaveLength(1);

    // From our prompt to the native trace: by the log record that has both.
    const [turn] = turns() as [OtlpSpan];
    const prompts = receiver.logs.filter(
      (log) => isNative(log) && log.attributes["event.name"] === "user_prompt",
    );
    expect(prompts).toHaveLength(1);
    expect(prompts[0]?.attributes).toMatchObject({
      "session.id": sessionId,
      "prompt.id": turn.attributes["prompt.id"],
    });
    for (const { traceId } of tools.values()) expect(traceId).toBe(String(prompts[0]?.traceId));
    for (const { traceId } of ours.values()) expect(traceId).toBe(turn.traceId);
    tally.add(`of ${CALLS} calls joined in ${encoding}`, ours.size);
    const [middle, most] = [median(differences), Math.max(...differences)];
    tally.note(`durations in ${encoding} differ by ${middle} ms (median), at most ${most} ms`);
  });
});
