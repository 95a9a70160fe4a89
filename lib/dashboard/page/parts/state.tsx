// The state of a session: a mark and a word, so that nothing depends on colors.
import type { SessionRow } from "../../answers";
import { describeState } from "../../../history/summary";
import { formatAge } from "../format";
import { now, stateOf } from "../store";

// After this long without an event, work may have ended without one: Esc sends none. Claude Code lets a command run for
// ten minutes.
const UNSURE_MS = 120_000;
const UNSURE_WITH_CALL_MS = 600_000;

/** What a session does, in words; at another moment, if one is given. */
export function stateWords(
  session: SessionRow,
  nowMs = now.value,
): readonly [kind: string, mark: string, words: string] {
  const quietMs = nowMs - session.last_ms;
  const state = stateOf(session, nowMs);
  const words = describeState(state, session.waits_for);
  switch (state) {
    case "waiting":
      return session.waits_for === "answer" ? ["asks", "◆", words] : ["done", "○", words];
    case "active":
      return quietMs > (session.running.length > 0 ? UNSURE_WITH_CALL_MS : UNSURE_MS)
        ? ["unsure", "◌", `no event for ${formatAge(quietMs)}`]
        : ["works", "●", words];
    case "ended":
      return ["ended", "✓", words];
    case "silent":
      return ["silent", "–", words];
  }
}

/** @param atMs the moment that is meant, if not now */
export function State({
  session,
  atMs,
}: {
  readonly session: SessionRow;
  readonly atMs?: number | undefined;
}) {
  const [kind, mark, words] = stateWords(session, atMs);
  return (
    <span class={`state ${kind}`}>
      <span aria-hidden="true">{mark}</span> <span class="words">{words}</span>
    </span>
  );
}

/** What a session is about, or the start of its id where the page does not know the session. */
export function titleOrId(id: string, session: SessionRow | undefined): string {
  return session === undefined ? id.slice(0, 8) : titleOf(session);
}

/** What a session is about: never only its id. */
export function titleOf({ title, first_prompt, id }: SessionRow): string {
  return title ?? first_prompt?.split("\n")[0] ?? `Session ${id.slice(0, 8)}`;
}
