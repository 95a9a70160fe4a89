// What the queries of `forward --sql` must answer, computed from the records with the code of the views and without SQL.
import { percentile } from "../../lib/log-index/statistics";
import { lineageEventOf, linkSessions } from "../../lib/history/lineage";
import { isFromPerson, textOf } from "../../lib/history/payload";
import { SessionSummary } from "../../lib/history/summary";
import type { Agent, CallOutcome, Step, ToolCall, Turn } from "../../lib/history/timeline";
import { buildTimeline } from "../../lib/history/timeline-builder";
import type { EventRecord } from "../../lib/log/record";

/** A row of an answer: numbers, times as ISO 8601, and `null` where there is nothing. */
export type AnswerRow = Readonly<Record<string, string | number | null>>;

const DAY_MS = 86_400_000;

/** The answers over some records. */
export class Answers {
  readonly #records: readonly EventRecord[];
  readonly #bySession: ReadonlyMap<string, readonly EventRecord[]>;

  /** @param nowMs when they were asked for */
  constructor(
    records: readonly EventRecord[],
    readonly nowMs: number,
  ) {
    this.#records = records
      .filter(({ client }) => client === undefined)
      .toSorted((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
    this.#bySession = Map.groupBy(this.#records, ({ session_id }) => session_id);
  }

  sessions(): AnswerRow[] {
    const rows = Array.from(this.#bySession, ([session_id, own]) => {
      const { tools, prompts } = this.#summaryOf(own);
      return {
        session_id,
        in_project: own[0]?.project ?? null,
        by_user: own[0]?.user ?? null,
        first_event: own[0]?.timestamp ?? null,
        last_event: own.at(-1)?.timestamp ?? "",
        events: own.length,
        prompts,
        tool_calls: tools,
      };
    });
    return rows
      .toSorted(
        (a, b) => compare(b.last_event, a.last_event) || compare(a.session_id, b.session_id),
      )
      .slice(0, 100);
  }

  /** How many sessions with an event in the last day are in each state. */
  states(): AnswerRow {
    const counts = { at_work: 0, needs_answer: 0, waits_for_prompt: 0, silent: 0, ended: 0 };
    for (const own of this.#bySession.values()) {
      if (Date.parse(own.at(-1)?.timestamp ?? "") <= this.nowMs - DAY_MS) continue;
      const summary = this.#summaryOf(own);
      const state = summary.stateAt(this.nowMs);
      if (state === "active") counts.at_work++;
      else if (state === "waiting" && summary.waitsFor === "answer") counts.needs_answer++;
      else if (state === "waiting") counts.waits_for_prompt++;
      else counts[state]++;
    }
    return counts;
  }

  calls(): AnswerRow[] {
    const calls = Array.from(this.#bySession.values()).flatMap((own) => {
      const state = this.#summaryOf(own).stateAt(this.nowMs);
      const timeline = buildTimeline(own, this.nowMs, state === "ended" || state === "silent");
      return callsIn(timeline.entries).map(({ tool, outcome }) => ({
        project: own[0]?.project ?? "",
        tool,
        outcome,
      }));
    });
    const over = calls.filter(({ outcome }) => outcome !== "running" && outcome !== "asking");
    const rows = groups(over, "project", "tool").map(([{ project, tool }, own]) => {
      const count = (outcome: CallOutcome) => own.filter((one) => one.outcome === outcome).length;
      const denied = count("denied");
      const interrupted = count("interrupted");
      const denied_or_interrupted = count("denied or interrupted");
      const no_result = count("no result");
      const without_result = denied + interrupted + denied_or_interrupted + no_result;
      return {
        project,
        tool,
        calls: own.length,
        denied,
        interrupted,
        denied_or_interrupted,
        no_result,
        without_result,
        percent: percentOf(without_result, own.length),
      };
    });
    return rows
      .filter(({ without_result }) => without_result > 0)
      .toSorted(
        (a, b) =>
          b.without_result - a.without_result ||
          compare(a.project, b.project) ||
          compare(a.tool, b.tool),
      );
  }

  /** By UTC day, which is called `time`. */
  waits(): AnswerRow[] {
    const waits: { time: string; project: string; ms: number }[] = [];
    for (const own of this.#bySession.values())
      for (const ofAgent of Map.groupBy(own, ({ agent_id }) => agent_id).values()) {
        const events = ofAgent.filter(({ event }) => event !== "Notification");
        for (const [i, { event, timestamp, project }] of events.entries()) {
          const next = events[i + 1];
          if (!/^(PermissionRequest|Elicitation)$/.test(event) || next === undefined) continue;
          const toolMs = next.event.startsWith("PostToolUse") ? (next.duration_ms ?? 0) : 0;
          const ms = Date.parse(next.timestamp) - toolMs - Date.parse(timestamp);
          waits.push({ time: dayOf(timestamp), project, ms: Math.max(ms, 0) });
        }
      }
    return groups(waits, "time", "project")
      .map(([{ time, project }, own]) => {
        const ms = own.reduce((sum, wait) => sum + wait.ms, 0);
        return { time, project, questions: own.length, minutes: Math.round(ms / 600) / 100 };
      })
      .toSorted((a, b) => compare(a.time, b.time) || compare(a.project, b.project));
  }

  failures(): AnswerRow[] {
    return groups(this.#ended().map(withTool), "project", "tool")
      .map(([{ project, tool }, own]) => {
        const failures = own.filter(({ event }) => event === "PostToolUseFailure").length;
        return {
          project,
          tool,
          calls: own.length,
          failures,
          percent: percentOf(failures, own.length),
        };
      })
      .toSorted(
        (a, b) =>
          b.failures - a.failures ||
          b.calls - a.calls ||
          compare(a.project, b.project) ||
          compare(a.tool, b.tool),
      );
  }

  durations(): AnswerRow[] {
    const timed = this.#ended().filter(({ duration_ms }) => duration_ms !== undefined);
    return groups(timed.map(withTool), "tool")
      .map(([{ tool }, own]) => {
        const all = () => Float64Array.from(own, ({ duration_ms }) => Number(duration_ms));
        return {
          tool,
          calls: own.length,
          p50_ms: percentile(all(), 0.5) ?? 0,
          p95_ms: percentile(all(), 0.95) ?? 0,
          max_ms: Math.max(...all()),
        };
      })
      .toSorted((a, b) => b.p95_ms - a.p95_ms || compare(a.tool, b.tool));
  }

  subagents(): AnswerRow[] {
    const agents = Array.from(this.#bySession.values()).flatMap((own) => {
      const { entries } = buildTimeline(own, this.nowMs, false);
      return agentsIn(entries).map(({ type, durationMs, steps }) => ({
        type,
        durationMs,
        calls: steps.filter(({ kind }) => kind === "tool").length,
      }));
    });
    return groups(agents, "type")
      .map(([{ type }, own]) => {
        const took = own.map(({ durationMs }) => durationMs).filter((ms) => ms !== undefined);
        const calls = own.reduce((sum, one) => sum + one.calls, 0);
        return {
          type,
          subagents: own.length,
          without_end: own.length - took.length,
          p50_ms: percentile(Float64Array.from(took), 0.5) ?? null,
          max_ms: took.length === 0 ? null : Math.max(...took),
          tool_calls: calls,
          calls_each: Math.round((10 * calls) / own.length) / 10,
        };
      })
      .toSorted((a, b) => b.subagents - a.subagents || compare(a.type, b.type));
  }

  lineage(): AnswerRow[] {
    // A machine's processes: nothing else says which machine it was.
    const processes = Map.groupBy(this.#records, ({ user, project_dir, pid }) =>
      [user, project_dir, pid].join(),
    );
    const links = Array.from(processes.values()).flatMap((own) =>
      linkSessions(own.map((record) => lineageEventOf(record, () => record))),
    );
    const rows = Array.from(this.#bySession, ([session_id, own]) => {
      const starts = own.filter(({ event }) => event === "SessionStart");
      const ends = own.filter(({ event }) => event === "SessionEnd");
      const count = (source: string) =>
        starts.filter((start) => textOf(start, "source") === source).length;
      const last = ends.at(-1);
      return {
        session_id,
        in_project: own[0]?.project ?? null,
        by_user: own[0]?.user ?? null,
        first_start: [...starts, ...ends].map(({ timestamp }) => timestamp).toSorted()[0] ?? "",
        started_by: (starts[0] && textOf(starts[0], "source")) ?? null,
        continues: links.find(({ child }) => child === session_id)?.parent ?? null,
        resumes: count("resume"),
        compactions: count("compact"),
        ended_by: (last && textOf(last, "reason")) ?? null,
      };
    });
    return rows
      .filter(
        ({ continues, resumes, compactions, ended_by }) =>
          continues !== null || resumes > 0 || compactions > 0 || ended_by === "clear",
      )
      .toSorted(
        (a, b) => compare(b.first_start, a.first_start) || compare(a.session_id, b.session_id),
      );
  }

  /** By UTC day, which is called `time`. */
  activity(): AnswerRow[] {
    const all = this.#records.map((record) => ({
      time: dayOf(record.timestamp),
      user: record.user,
      record,
    }));
    return groups(all, "time", "user")
      .map(([{ time, user }, own]) => ({
        time,
        user,
        prompts: own.filter(
          ({ record }) => record.event === "UserPromptSubmit" && isFromPerson(record),
        ).length,
        sessions: new Set(own.map(({ record }) => record.session_id)).size,
      }))
      .toSorted((a, b) => compare(a.time, b.time) || compare(a.user, b.user));
  }

  /** Without the column `what`. */
  story(session: string): AnswerRow[] {
    return (this.#bySession.get(session) ?? []).map((record) => ({
      time: record.timestamp,
      event: record.event,
      subagent: record.agent_type ?? null,
      tool: record.tool ?? null,
      duration_ms: record.duration_ms ?? null,
      tool_use_id: record.tool_use_id ?? null,
      prompt_id: record.prompt_id ?? null,
    }));
  }

  /** The session with the last event. */
  latestSession(): string {
    return this.#records.at(-1)?.session_id ?? "";
  }

  /** The records up to a time. */
  until(ms: number): EventRecord[] {
    return this.#records.filter(({ timestamp }) => Date.parse(timestamp) <= ms);
  }

  /** The answers over some of the records. */
  filter(isMeant: (record: EventRecord) => boolean): Answers {
    return new Answers(this.#records.filter(isMeant), this.nowMs);
  }

  #ended(): EventRecord[] {
    return this.#records.filter(({ event }) => /^PostToolUse(Failure)?$/.test(event));
  }

  #summaryOf(own: readonly EventRecord[]): SessionSummary {
    const summary = new SessionSummary(own[0] as EventRecord);
    for (const record of own) summary.add(record, () => record);
    return summary;
  }
}

function placeOf({ timestamp, id }: EventRecord): string {
  return timestamp + id;
}

function dayOf(timestamp: string): string {
  return `${timestamp.slice(0, 10)}T00:00:00.000Z`;
}

function withTool(record: EventRecord) {
  return { ...record, tool: record.tool ?? "" };
}

function percentOf(part: number, all: number): number {
  return Math.round((1000 * part) / all) / 10;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Items with the same values of some keys, and the first of each as what they have in common. */
function groups<T>(items: readonly T[], ...keys: readonly (keyof T)[]): (readonly [T, T[]])[] {
  const byKey = Map.groupBy(items, (item) => JSON.stringify(keys.map((key) => item[key])));
  return Array.from(byKey.values(), (own) => [own[0] as T, own] as const);
}

function callsIn(entries: readonly (Turn | Step)[]): ToolCall[] {
  return entries.flatMap((entry): ToolCall[] => {
    if (entry.kind === "tool") return [entry, ...callsIn(entry.agents)];
    return entry.kind === "event" ? [] : callsIn(entry.steps);
  });
}

function agentsIn(entries: readonly (Turn | Step)[]): Agent[] {
  return entries.flatMap((entry): Agent[] => {
    if (entry.kind === "tool") return entry.agents.flatMap((agent) => agentsIn([agent]));
    if (entry.kind === "agent") return [entry, ...agentsIn(entry.steps)];
    return entry.kind === "event" ? [] : agentsIn(entry.steps);
  });
}

/** A row of a database as an {@link AnswerRow}: 64-bit numbers and times can be texts there, and "" is nothing. */
export function toAnswer(row: Readonly<Record<string, unknown>>): AnswerRow {
  const entries = Object.entries(row).map(([name, value]) => [name, toValue(value)] as const);
  return Object.fromEntries(entries);
}

/** Rows with other names for some columns, and without those that have none. */
export function renamed(
  rows: readonly AnswerRow[],
  names: Readonly<Record<string, string | undefined>>,
): AnswerRow[] {
  return rows.map((row) => {
    const entries = Object.entries(row).map(
      ([name, value]) => [Object.hasOwn(names, name) ? names[name] : name, value] as const,
    );
    return Object.fromEntries(entries.filter(([name]) => name !== undefined));
  });
}

function toValue(value: unknown): string | number | null {
  if (value === "" || value === null || value === undefined) return null;
  if (typeof value === "number") return value;
  const text = String(value);
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return `${text}T00:00:00.000Z`;
  if (/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?$/.test(text))
    return new Date(`${text.replace(" ", "T")}Z`).toISOString();
  return text;
}
