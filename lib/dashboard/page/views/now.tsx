// Now: who needs me, what is at work, what has just ended.
import { useEffect } from "preact/hooks";
import { isSlow } from "../../../history/repeats";
import type { SessionRow } from "../../answers";
import { linkTo } from "../address";
import { canNotify, areNotificationsOn, toggleNotifications } from "../choices";
import { formatAge, formatAgo, formatCount, formatDuration, plural } from "../format";
import { onKey } from "../keys";
import { State, stateWords, titleOf, titleOrId } from "../parts/state";
import { unseenCount } from "../seen";
import {
  asking,
  now,
  progress,
  sessionOf,
  sessions,
  sharedFiles,
  stateOf,
  usualTimes,
} from "../store";

const HOUR_MS = 3_600_000;
const MAX_ENDED = 8;

/** Moves the focus from card to card; Enter then opens one, because it is a link. */
function moveFocus({ key }: KeyboardEvent): boolean {
  const step = key === "j" || key === "ArrowDown" ? 1 : key === "k" || key === "ArrowUp" ? -1 : 0;
  if (step === 0) return false;
  const cards = Array.from(document.querySelectorAll<HTMLElement>(".card"));
  const at = cards.findIndex((card) => card === document.activeElement);
  const next = at < 0 && step < 0 ? cards.length - 1 : at + step;
  cards[Math.min(cards.length - 1, Math.max(0, next))]?.focus();
  return true;
}

export function Now() {
  useEffect(() => onKey(moveFocus), []);
  const nowMs = now.value;
  const needing = asking.value;
  const open = sessions.value.filter((one) => stateOf(one) === "waiting");
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
      {canNotify ? (
        <button
          type="button"
          class="quiet tell"
          aria-pressed={areNotificationsOn.value}
          title="Show a desktop notification when a session starts to wait for your answer"
          onClick={() => void toggleNotifications()}
        >
          {areNotificationsOn.value ? "Notifications are on" : "Notify me"}
        </button>
      ) : null}
      <Part
        title={
          needing.length === 0
            ? "Nothing needs you"
            : `${plural(needing.length, "session")} need${needing.length === 1 ? "s" : ""} you`
        }
        sessions={needing}
        kind="asks"
      />
      <Shared />
      <Part title="Done, your turn" sessions={done} kind="done" />
      <Part title="At work" sessions={working} kind="works" />
      <Part title="Ended" sessions={ended} kind="ended" />
    </div>
  );
}

/** Files that two sessions work on at the same time. */
function Shared() {
  const files = sharedFiles.value;
  if (files.length === 0) return null;
  return (
    <section class="part shared" aria-label="The same file in two sessions">
      <h2>The same file in two sessions</h2>
      <ul>
        {files.map(({ path, sessions: users }) => (
          <li key={path}>
            <code class="private">{path}</code>{" "}
            <span class="quiet">
              {users.map(({ session, use, last_ms }, i) => (
                <>
                  {i === 0 ? "" : ", "}
                  {use === "changed" ? "changed" : "read"} {formatAgo(last_ms, now.value)} by{" "}
                  <a href={linkTo("session", session, { tab: "files" })} class="private">
                    {titleOrId(session, sessionOf(session))}
                  </a>
                </>
              ))}
            </span>
          </li>
        ))}
      </ul>
    </section>
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
  const isSlowCall =
    kind === "works" &&
    call !== undefined &&
    isSlow(nowMs - call.since_ms, usualTimes.value.get(call.tool));
  const unseen = unseenCount(session);
  const sinceMs = kind === "asks" || kind === "done" ? session.waiting_since_ms : call?.since_ms;
  return (
    <a class="card" href={linkTo("session", session.id)}>
      <span class="card-head">
        <span class="project">{session.project}</span>
        <span class="title">{titleOf(session)}</span>
        {unseen > 0 ? <span class="unseen">{formatCount(unseen)} new</span> : null}
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
            {isSlowCall ? (
              <span class="hint">
                {" "}
                ↺ {call.tool} usually takes up to{" "}
                {formatDuration(usualTimes.value.get(call.tool)?.p95Ms ?? 0)}
              </span>
            ) : null}
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
        automatically.
      </p>
      <p>
        If you have done that, <a href={linkTo("health")}>Health</a> shows what is missing.
      </p>
    </div>
  );
}
