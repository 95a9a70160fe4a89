// The details of one event: a tool's parameters and response, messages, and the record itself.
import { diffLines } from "diff";
import { useState } from "preact/hooks";
import { describeEvent } from "../../../history/describe";
import { fieldOf, textOf } from "../../../history/payload";
import type { EventRecord } from "../../../log/record";
import type { Place } from "../../answers";
import { formatDay, formatDuration, formatTime } from "../format";
import { useAnswer } from "./use-answer";

interface PanelProps {
  readonly place: Place;
  /** The event in its session, where that is not on the screen. */
  readonly link?: string;
  readonly onClose: () => void;
  /** More about the same call: the record of its end. */
  readonly other?: Place | undefined;
}

export function Panel({ place, link, onClose, other }: PanelProps) {
  const { answer: record, problem } = useAnswer<EventRecord>(pathOf(place));
  const { answer: end, problem: problemOfEnd } = useAnswer<EventRecord>(other && pathOf(other));
  return (
    <aside class="panel" aria-label="Event">
      <button type="button" class="close quiet" onClick={onClose} aria-label="Close">
        ✕
      </button>
      {problem !== "" ? (
        <p class="problem">{problem}</p>
      ) : record === undefined ? (
        <p class="quiet">…</p>
      ) : (
        <Content record={record} end={problemOfEnd === "" ? end : undefined} link={link} />
      )}
    </aside>
  );
}

function pathOf({ day, offset }: Place): string {
  return `/api/record?at=${day}:${offset}`;
}

interface ContentProps {
  readonly record: EventRecord;
  readonly end: EventRecord | undefined;
  readonly link: string | undefined;
}

function Content({ record, end, link }: ContentProps) {
  const atMs = Date.parse(record.timestamp);
  const result = end ?? record;
  const response =
    fieldOf(result.payload, "tool_response") ?? fieldOf(result.payload, "tool_result");
  const error = textOf(result, "error");
  const said =
    textOf(record, "prompt") ??
    textOf(record, "last_assistant_message") ??
    textOf(record, "message");
  return (
    <>
      <h2>{record.tool ?? record.event}</h2>
      <p class="quiet">
        {formatDay(atMs)} {formatTime(atMs)}
        {result.duration_ms === undefined ? "" : ` · ${formatDuration(result.duration_ms)}`}
        {record.agent_type === undefined ? "" : ` · ${record.agent_type}`}
        {record.tool === undefined
          ? ""
          : ` · ${record.event}${end === undefined ? "" : `, ${end.event}`}`}
      </p>
      {link === undefined ? null : (
        <p>
          <a href={link}>Open session</a>
        </p>
      )}
      {record.tool === undefined && said === undefined ? (
        <p>{describeEvent({ event: record.event, record })}</p>
      ) : null}
      {said === undefined ? null : <pre class="said">{said}</pre>}
      {error === undefined ? null : (
        <section>
          <h3>Error</h3>
          <pre class="failed">{error}</pre>
        </section>
      )}
      {record.parameters === undefined ? null : (
        <section>
          <h3>Parameters</h3>
          <Parameters value={record.parameters} />
        </section>
      )}
      {response === undefined ? null : (
        <section>
          <h3>Response</h3>
          <Response value={response} />
        </section>
      )}
      <details>
        <summary>Raw JSON</summary>
        <Copy text={JSON.stringify(end === undefined ? record : [record, end], undefined, 2)} />
        <pre>{JSON.stringify(end === undefined ? record : [record, end], undefined, 2)}</pre>
      </details>
    </>
  );
}

function Parameters({ value }: { readonly value: unknown }) {
  if (typeof value !== "object" || value === null) return <pre>{JSON.stringify(value)}</pre>;
  const before = fieldOf(value, "old_string");
  const after = fieldOf(value, "new_string");
  const isEdit = typeof before === "string" && typeof after === "string";
  const shown = Object.entries(value).filter(
    ([name]) => !isEdit || (name !== "old_string" && name !== "new_string"),
  );
  return (
    <>
      <dl>
        {shown.map(([name, one]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <pre>{typeof one === "string" ? one : JSON.stringify(one, undefined, 2)}</pre>
            </dd>
          </div>
        ))}
      </dl>
      {isEdit ? (
        <pre class="diff" aria-label="Change">
          {diffLines(`${before}\n`, `${after}\n`).map(({ added, removed, value: lines }, i) => (
            <span key={i} class={added ? "added" : removed ? "removed" : ""}>
              {lines.replace(/^(?=.)/gms, added ? "+ " : removed ? "- " : "  ")}
            </span>
          ))}
        </pre>
      ) : null}
    </>
  );
}

function Response({ value }: { readonly value: unknown }) {
  if (typeof value === "string") return <pre>{value}</pre>;
  const printed = ["stdout", "stderr"].flatMap((name) => {
    const text = fieldOf(value, name);
    return typeof text === "string" && text !== "" ? [[name, text] as const] : [];
  });
  if (printed.length === 0) return <pre>{JSON.stringify(value, undefined, 2)}</pre>;
  return (
    <>
      {printed.map(([name, text]) => (
        <pre key={name} class={name === "stderr" ? "failed" : ""}>
          {text}
        </pre>
      ))}
    </>
  );
}

function Copy({ text }: { readonly text: string }) {
  const [isDone, setDone] = useState(false);
  return (
    <button
      type="button"
      class="quiet"
      onClick={() => {
        void navigator.clipboard.writeText(text).then(() => setDone(true));
      }}
    >
      {isDone ? "Copied" : "Copy"}
    </button>
  );
}
