// Two sessions side by side: what they were asked, what they did, how long it took, and which files they touched.
import { useMemo } from "preact/hooks";
import { withoutProject } from "../../../history/describe";
import { callsIn, filesTouched, type TouchedFile } from "../../../history/files-touched";
import { SessionTime, workingMs } from "../../../history/time-spent";
import type { Timeline } from "../../../history/timeline";
import { buildTimeline } from "../../../history/timeline-builder";
import { inWrittenOrder } from "../../../history/written-order";
import type { SessionRow } from "../../answers";
import { address, linkTo, setParams } from "../address";
import { areTextsHidden } from "../choices";
import { formatDay, formatDuration, formatTime } from "../format";
import { useSessionData } from "../parts/session-data";
import { State, titleOf } from "../parts/state";
import { ACTIVITIES } from "../parts/time-table";
import { progress, sessionOf, sessions } from "../store";
import { Reading } from "./now";

/** A session, as far as it is compared. */
interface Side {
  readonly session: SessionRow;
  readonly timeline: Timeline;
  readonly time: SessionTime;
  readonly files: readonly TouchedFile[];
  readonly tools: ReadonlyMap<string, { readonly calls: number; readonly failed: number }>;
}

const MAX_OFFERED = 30;

export function Compare({ id }: { readonly id: string }) {
  const otherId = address.value.params["with"] ?? "";
  const left = useSide(id);
  if (left === undefined) return progress.value < 1 ? <Reading /> : <NoSession />;
  if (otherId === "") return <Choose session={left.session} />;
  return <Both key={otherId} left={left} otherId={otherId} />;
}

function NoSession() {
  return (
    <div class="empty">
      <h1>No such session</h1>
      <p>
        <a href={linkTo("sessions")}>All sessions</a>
      </p>
    </div>
  );
}

/** Offers the sessions of the same project, latest first. */
function Choose({ session }: { readonly session: SessionRow }) {
  const others = sessions.value.filter(
    ({ id, project }) => id !== session.id && project === session.project,
  );
  return (
    <div class="now">
      <h1>
        Compare <span class="private">{titleOf(session)}</span> with
      </h1>
      <ul class="choices">
        {others.slice(0, MAX_OFFERED).map((other) => (
          <li key={other.id}>
            <a class="card" href={linkTo("compare", session.id, { with: other.id })}>
              <span class="card-head">
                <span class="title private">{titleOf(other)}</span>
                <span class="age">
                  {formatDay(other.last_ms)} {formatTime(other.last_ms)}
                </span>
              </span>
            </a>
          </li>
        ))}
      </ul>
      {others.length === 0 ? (
        <p class="quiet">
          {session.project} has no other session. To compare any two, put the id of the other after{" "}
          <code>?with=</code> in the address.
        </p>
      ) : null}
    </div>
  );
}

function Both({ left, otherId }: { readonly left: Side; readonly otherId: string }) {
  const right = useSide(otherId);
  if (right === undefined) return progress.value < 1 ? <Reading /> : <NoSession />;
  const sides = [left, right] as const;
  const tools = Array.from(new Set(sides.flatMap((side) => Array.from(side.tools.keys()))));
  const files = Array.from(new Set(sides.flatMap((side) => side.files.map(({ path }) => path))));
  return (
    <div class="compare" tabIndex={0} role="region" aria-label="Comparison">
      <h1 class="hidden">Two sessions</h1>
      <table>
        <thead>
          <tr>
            <td />
            {sides.map(({ session }) => (
              <th key={session.id} scope="col">
                <a class="private" href={linkTo("session", session.id)}>
                  {titleOf(session)}
                </a>
                <br />
                <State session={session} /> {formatDay(session.started_ms)}{" "}
                {formatTime(session.started_ms)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <Line name="prompts" values={sides.map(({ session }) => session.prompts)} />
          <Line name="tool calls" values={sides.map(({ session }) => session.tools)} />
          <Line name="failed" values={sides.map(({ session }) => session.failures)} isBad />
          <Line name="subagents" values={sides.map(({ session }) => session.agents)} />
          <Line
            name="time at work"
            values={sides.map(({ time }) => workingMs(time.total))}
            format={formatDuration}
          />
          {ACTIVITIES.map(([activity, name]) => (
            <Line
              key={activity}
              name={`– ${name}`}
              values={sides.map(({ time }) => time.total[activity])}
              format={formatDuration}
            />
          ))}
          <Line
            name="from first to last event"
            values={sides.map(({ session }) => session.last_ms - session.started_ms)}
            format={formatDuration}
          />
          <Part title="Tools" />
          {tools.map((tool) => (
            <tr key={tool}>
              <th scope="row">{tool}</th>
              {sides.map(({ session, tools: own, time }) => {
                const { calls, failed } = own.get(tool) ?? { calls: 0, failed: 0 };
                const ms = time.tools.get(tool) ?? 0;
                return (
                  <td key={session.id}>
                    {calls === 0 ? "–" : calls}
                    {failed > 0 ? <span class="failed">, {failed} failed</span> : null}
                    {ms > 0 ? <span class="quiet"> · {formatDuration(ms)}</span> : null}
                  </td>
                );
              })}
            </tr>
          ))}
          <Part title="Files" />
          {files.map((path) => (
            <tr key={path}>
              <th scope="row">
                <code class="private" title={areTextsHidden.value ? undefined : path}>
                  {withoutProject(path, left.session.project_dir)}
                </code>
              </th>
              {sides.map(({ session, files: own }) => {
                const file = own.find((one) => one.path === path);
                return <td key={session.id}>{file === undefined ? "–" : describeUse(file)}</td>;
              })}
            </tr>
          ))}
          <Part title="Prompts" />
          <tr>
            <td />
            {sides.map(({ session, timeline }) => (
              <td key={session.id}>
                <ol class="private">
                  {promptsOf(timeline).map(([atMs, prompt]) => (
                    <li key={atMs}>{prompt}</li>
                  ))}
                </ol>
              </td>
            ))}
          </tr>
        </tbody>
      </table>
      <p>
        <button type="button" onClick={() => setParams({ with: undefined })}>
          Compare with another session
        </button>
      </p>
    </div>
  );
}

interface LineProps {
  readonly name: string;
  readonly values: readonly number[];
  readonly format?: (value: number) => string;
  /** Whether more is worse. */
  readonly isBad?: boolean;
}

function Line({ name, values, format = String, isBad = false }: LineProps) {
  return (
    <tr>
      <th scope="row">{name}</th>
      {values.map((value, i) => (
        <td key={i} class={isBad && value > 0 ? "failed" : ""}>
          {value === 0 ? "–" : format(value)}
        </td>
      ))}
    </tr>
  );
}

function Part({ title }: { readonly title: string }) {
  return (
    <tr>
      <th scope="rowgroup" colSpan={3}>
        <h2>{title}</h2>
      </th>
    </tr>
  );
}

function useSide(id: string): Side | undefined {
  const { records: placed, count } = useSessionData(id);
  const session = sessionOf(id);
  return useMemo(() => {
    if (session === undefined || count === 0) return undefined;
    const records = Array.from(placed.values(), ({ record }) => record);
    const timeline = buildTimeline(records, session.last_ms, true);
    const time = SessionTime.of(inWrittenOrder(records));
    const tools = new Map<string, { calls: number; failed: number }>();
    for (const { tool, outcome } of callsIn(timeline.entries)) {
      const counts = tools.get(tool) ?? { calls: 0, failed: 0 };
      counts.calls++;
      if (outcome === "failed") counts.failed++;
      tools.set(tool, counts);
    }
    return { session, timeline, time, files: filesTouched(timeline), tools };
  }, [session, count]);
}

function promptsOf({ entries }: Timeline): (readonly [number, string])[] {
  return entries.flatMap((entry) =>
    entry.kind === "turn" && entry.isFromPerson
      ? [[entry.atMs, entry.prompt.trim().split("\n")[0]?.slice(0, 200) ?? ""] as const]
      : [],
  );
}

function describeUse({ changes, reads }: TouchedFile): string {
  const parts = [changes > 0 ? `changed ${changes}` : "", reads > 0 ? `read ${reads}` : ""];
  return parts.filter(Boolean).join(", ");
}
