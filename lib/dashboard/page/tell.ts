// Tells of a session that begins to wait for an answer, by a notification of the desktop: only if that was chosen.
import { effect } from "@preact/signals";
import type { SessionRow } from "../answers";
import { goTo, linkTo } from "./address";
import { areTextsHidden, canTell, isToldOfQuestions } from "./choices";
import { titleOf } from "./parts/state";
import { asking } from "./store";

/** Begins to tell; what asks already is not told. */
export function tellOfQuestions(): void {
  let known: ReadonlySet<string> | undefined;
  effect(() => {
    const before = known;
    known = undefined;
    if (!isToldOfQuestions.value) return;
    const questions = new Map(
      asking.value.map((one) => [`${one.id} ${one.waiting_since_ms}`, one]),
    );
    known = new Set(questions.keys());
    if (before === undefined) return;
    for (const [key, session] of questions) if (!before.has(key)) tell(session);
  });
}

function tell(session: SessionRow): void {
  if (!canTell || Notification.permission !== "granted") return;
  const body = areTextsHidden.value ? "" : `${titleOf(session)}\n${session.waiting_text ?? ""}`;
  const notification = new Notification(`${session.project} needs you`, { body, tag: session.id });
  notification.addEventListener("click", () => {
    window.focus();
    goTo(linkTo("session", session.id));
    notification.close();
  });
}
