// A session's timeline as the page shows it: rows of a tree, and bars by agent.
import { callKey } from "../../../history/call-key";
import { describeCall, describeEvent } from "../../../history/describe";
import type { CallOutcome, Step, ToolCall, Turn } from "../../../history/timeline";
import type { Place, PlacedRecord } from "../../answers";
import { plural } from "../format";
import type { Bar } from "./lanes";

/** A row of the tree. */
export interface TreeRow {
  readonly key: string;
  readonly depth: number;
  readonly kind: "turn" | "tool" | "agent" | "event" | "answer";
  readonly mark: string;
  readonly name: string;
  readonly text: string;
  readonly atMs: number;
  readonly durationMs: number | undefined;
  readonly tone: Tone;
  readonly words: string;
  /** Ids of the records that it is made of, the first first. */
  readonly records: readonly string[];
  readonly isClosed?: boolean;
}

/** What a color says. */
export type Tone = "plain" | "failed" | "asks" | "works" | "quiet";

const OUTCOMES: Readonly<Record<CallOutcome, readonly [mark: string, tone: Tone]>> = {
  succeeded: ["✓", "plain"],
  failed: ["✗", "failed"],
  denied: ["⊘", "failed"],
  interrupted: ["⊘", "quiet"],
  "denied or interrupted": ["⊘", "quiet"],
  asking: ["◆", "asks"],
  running: ["●", "works"],
  "no result": ["?", "quiet"],
};

/**
 * A cache of what was built from each entry of a timeline. Most entries of a long session no longer change. Use one cache per
 * kind of result.
 */
export class KeptParts<T> {
  readonly #kept = new WeakMap<Turn | Step, { readonly state: string; readonly parts: T[] }>();

  /** @param make called for each entry that changed, or has not ended */
  partsOf(
    entries: readonly (Turn | Step)[],
    nowMs: number,
    make: (entry: Turn | Step) => T[],
  ): T[] {
    return entries.flatMap((entry) => {
      const state = stateOf(entry, nowMs);
      const kept = this.#kept.get(entry);
      if (kept?.state === state) return kept.parts;
      const parts = make(entry);
      this.#kept.set(entry, { state, parts });
      return parts;
    });
  }
}

/** All that can change of an entry once it is there, in short. */
function stateOf(entry: Turn | Step, nowMs: number): string {
  let count = 0;
  let hash = 0;
  let isOpen = false;
  const mix = (number: number) => {
    hash = (Math.imul(hash, 31) + number) | 0;
  };
  const visit = (one: Turn | Step) => {
    count++;
    if (one.kind === "event") {
      // Of a compaction, a later record says more.
      mix(one.record.event.length);
      return;
    }
    mix(one.durationMs ?? -1);
    if (one.kind === "tool") {
      mix(one.outcome.length + one.outcome.charCodeAt(0) * 32 + (one.isAsked ? 1 : 0));
      for (const agent of one.agents) visit(agent);
      return;
    }
    isOpen ||= one.durationMs === undefined;
    mix(one.answer?.length ?? 0);
    for (const step of one.steps) visit(step);
  };
  visit(entry);
  return `${count} ${hash}${isOpen ? ` ${nowMs}` : ""}`;
}

/** The key of a call's row and bar, which is also in addresses. */
export function callRowKey({ id, agentId }: Pick<ToolCall, "id" | "agentId">): string {
  return agentId === undefined ? `call-${id}` : `call-${agentId}-${id}`;
}

/** The rows of a timeline. */
export function treeRows(
  entries: readonly (Turn | Step)[],
  projectDir: string,
  closed: ReadonlySet<string>,
  depth = 0,
): TreeRow[] {
  return entries.flatMap((entry): TreeRow[] => {
    const { atMs } = entry;
    switch (entry.kind) {
      case "turn": {
        const key = `turn-${atMs}`;
        const isClosed = closed.has(key);
        const [line = ""] = entry.prompt.trim().split("\n");
        const head: TreeRow = {
          key,
          depth,
          kind: "turn",
          mark: entry.isFromPerson ? "›" : "·",
          name: "",
          text: line,
          atMs,
          durationMs: entry.durationMs,
          tone: entry.error === undefined ? "plain" : "failed",
          words: entry.isFromPerson ? "a prompt" : "a prompt not written by a person",
          records: [`UserPromptSubmit ${atMs}`],
          isClosed,
        };
        if (isClosed) return [head];
        return [
          head,
          ...treeRows(entry.steps, projectDir, closed, depth + 1),
          ...answerRow(key, entry.answer ?? entry.error, entry, depth + 1),
        ];
      }
      case "tool": {
        const [mark, tone] = OUTCOMES[entry.outcome];
        const key = callRowKey(entry);
        return [
          {
            key,
            depth,
            kind: "tool",
            mark,
            name: entry.tool,
            text: describeCall(entry, projectDir).replace(/\s+/g, " "),
            atMs,
            durationMs: entry.durationMs,
            tone,
            words: entry.isAsked ? `${entry.outcome}; you were asked` : entry.outcome,
            records: [`call ${callKey(entry.id, entry.agentId)}`],
          },
          ...treeRows(entry.agents, projectDir, closed, depth + 1),
        ];
      }
      case "agent": {
        const key = `agent-${entry.id}`;
        const isClosed = closed.has(key);
        const head: TreeRow = {
          key,
          depth,
          kind: "agent",
          mark: "↳",
          name: entry.type,
          text: plural(entry.steps.length, "step"),
          atMs,
          durationMs: entry.durationMs,
          tone: entry.durationMs === undefined && !entry.isInterrupted ? "works" : "plain",
          words: entry.isInterrupted ? "a subagent, interrupted" : "a subagent",
          records: [`agent ${entry.id}`],
          isClosed,
        };
        if (isClosed) return [head];
        return [
          head,
          ...treeRows(entry.steps, projectDir, closed, depth + 1),
          ...answerRow(key, entry.answer, entry, depth + 1),
        ];
      }
      case "event": {
        const { record, event } = entry;
        const isWait =
          event === "PermissionRequest" ||
          event === "Elicitation" ||
          (event === "Notification" && record.should_notify);
        return [
          {
            key: `event-${record.id}`,
            depth,
            kind: "event",
            mark: isWait ? "◆" : "○",
            name: "",
            text: describeEvent(entry).replace(/\s+/g, " "),
            atMs,
            durationMs: undefined,
            tone: isWait ? "asks" : event.endsWith("Failure") ? "failed" : "quiet",
            words: event,
            records: [record.id],
          },
        ];
      }
    }
  });
}

function answerRow(
  key: string,
  answer: string | undefined,
  { atMs, durationMs, kind }: Turn | Extract<Step, { kind: "agent" }>,
  depth: number,
): TreeRow[] {
  if (answer === undefined || durationMs === undefined) return [];
  return [
    {
      key: `${key}-answer`,
      depth,
      kind: "answer",
      mark: "‹",
      name: "",
      text: answer.replace(/\s+/g, " ").trim(),
      atMs: atMs + durationMs,
      durationMs: undefined,
      tone: "plain",
      words: "the answer",
      records: [`${kind === "turn" ? "Stop" : "SubagentStop"} ${atMs + durationMs}`],
    },
  ];
}

/** Where the records are of what the tree shows: calls and agents have two, their beginning and their end. */
export function placesByKey(records: ReadonlyMap<string, PlacedRecord>): Map<string, Place[]> {
  const places = new Map<string, Place[]>();
  const put = (key: string, place: Place) => places.set(key, [...(places.get(key) ?? []), place]);
  for (const { record, place } of records.values()) {
    const { id, event, tool_use_id, agent_id, timestamp } = record;
    put(id, place);
    put(`${event} ${Date.parse(timestamp)}`, place);
    if (event === "PreToolUse" || event === "PostToolUse" || event === "PostToolUseFailure")
      put(`call ${callKey(tool_use_id ?? id, agent_id)}`, place);
    if (event === "SubagentStart" || event === "SubagentStop")
      put(`agent ${agent_id ?? ""}`, place);
  }
  return places;
}

/** The bars of a timeline. */
export function barsOf(
  entries: readonly (Turn | Step)[],
  nowMs: number,
  lane = "main",
  laneName = "main",
): Bar[] {
  return entries.flatMap((entry): Bar[] => {
    switch (entry.kind) {
      case "turn":
        return [
          {
            key: `turn-${entry.atMs}`,
            lane,
            laneName,
            kind: "turn",
            startMs: entry.atMs,
            endMs: entry.atMs + (entry.durationMs ?? nowMs - entry.atMs),
            tone: "quiet",
            label: entry.prompt.slice(0, 80),
          },
          ...barsOf(entry.steps, nowMs, lane, laneName),
        ];
      case "tool":
        return [
          {
            key: callRowKey(entry),
            lane,
            laneName,
            kind: "call",
            startMs: entry.atMs,
            endMs: entry.atMs + (entry.durationMs ?? 0),
            tone: OUTCOMES[entry.outcome][1],
            label: entry.tool,
          },
          ...barsOf(entry.agents, nowMs, lane, laneName),
        ];
      case "agent":
        return [
          {
            key: `agent-${entry.id}`,
            lane: entry.id,
            laneName: entry.type,
            kind: "turn",
            startMs: entry.atMs,
            endMs: entry.atMs + (entry.durationMs ?? Math.max(0, nowMs - entry.atMs)),
            tone: "quiet",
            label: entry.type,
          },
          ...barsOf(entry.steps, nowMs, entry.id, entry.type),
        ];
      case "event":
        return entry.event === "PermissionRequest" || entry.event === "Elicitation"
          ? [
              {
                key: `event-${entry.record.id}`,
                lane,
                laneName,
                kind: "call",
                startMs: entry.atMs,
                endMs: entry.atMs,
                tone: "asks",
                label: "asks",
              },
            ]
          : [];
    }
  });
}
