// Now: who needs me, what is at work, what has just ended.
import type { SessionRow } from "../../answers";
import { linkTo } from "../address";
import { formatAge, formatAgo, plural } from "../format";
import { State, stateWords, titleOf } from "../parts/state";
import { now, progress, sessions, stateOf } from "../store";

const HOUR_MS = 3_600_000;
const MAX_ENDED = 8;

export function Now() {
  const nowMs = now.value;
  const open = sessions.value.filter((one) => stateOf(one) === "waiting");
  const asking = open
    .filter((one) => one.waits_for === "answer")
    .toSorted((a, b) => (a.waiting_since_ms ?? 0) - (b.waiting_since_ms ?? 0));
  // A session that nobody has gone back to for half a day is not what someone needs first.
  const done = open.filter(
    (one) => one.waits_for === "prompt" && nowMs - one.last_ms < 12 * HOUR_MS,
  );
  const working = sessions.value.filter((one) => stateOf(one) === "active");
  const ended = sessions.value
    .filter((one) => stateOf(one) === "ended" || stateOf(one) === "silent")
    .slice(0, MAX_ENDED);
  if (sessions.value.length === 0) return progress.value < 1 ? <Reading /> : <Begin />;
  return (
    <div class="now">
      <h1 class="hidden">Now</h1>
      <Part
        title={
          asking.length === 0
            ? "Nothing needs you"
            : `${plural(asking.length, "session")} need${asking.length === 1 ? "s" : ""} you`
        }
        sessions={asking}
        kind="asks"
      />
      <Part title="Done, your turn" sessions={done} kind="done" />
      <Part title="At work" sessions={working} kind="works" />
      <Part title="Ended" sessions={ended} kind="ended" />
    </div>
  );
}

interface PartProps {
  readonly title: string;
  readonly sessions: readonly SessionRow[];
  readonly kind: string;
}

function Part({ title, sessions: list, kind }: PartProps) {
  if (list.length === 0 && kind !== "asks") return null;
  return (
    <section class={`part ${kind}`} aria-label={title}>
      <h2>{title}</h2>
      <ul>
        {list.map((session) => (
          <li key={session.id}>
            <Card session={session} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Card({ session }: { readonly session: SessionRow }) {
  const nowMs = now.value;
  const [kind] = stateWords(session);
  const call = session.running.at(-1);
  const sinceMs = kind === "asks" || kind === "done" ? session.waiting_since_ms : call?.since_ms;
  return (
    <a class="card" href={linkTo("session", session.id)}>
      <span class="card-head">
        <span class="project">{session.project}</span>
        <span class="title">{titleOf(session)}</span>
        <span class="age">
          {kind === "ended" || kind === "silent"
            ? formatAgo(session.last_ms, nowMs)
            : `${kind === "asks" || kind === "done" ? "waiting " : "for "}${formatAge(nowMs - (sinceMs ?? session.last_ms))}`}
        </span>
      </span>
      <span class="card-body">
        <State session={session} />
        {kind === "asks" || kind === "done" ? (
          <span class="text">{session.waiting_text ?? ""}</span>
        ) : call !== undefined && (kind === "works" || kind === "unsure") ? (
          <span class="text">
            <code>
              {call.tool} {call.text}
            </code>
            {session.running.length > 1 ? ` and ${session.running.length - 1} more` : ""}
          </span>
        ) : (
          <span class="text quiet">
            {plural(session.prompts, "prompt")}, {plural(session.tools, "tool call")}
            {session.failures > 0 ? `, ${session.failures} failed` : ""}
          </span>
        )}
      </span>
    </a>
  );
}

export function Reading() {
  return (
    <div class="empty">
      <h1>Reading the log …</h1>
    </div>
  );
}

/** There is nothing yet. */
export function Begin() {
  return (
    <div class="empty">
      <h1>Nothing has been recorded yet</h1>
      <p>
        Run <code>claude-session install</code> and restart Claude Code. Sessions then appear here
        by themselves.
      </p>
      <p>
        If you have done that, <a href={linkTo("health")}>Health</a> says what is missing.
      </p>
    </div>
  );
}
