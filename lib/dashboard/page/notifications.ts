// A desktop notification when a session begins to wait for an answer, if the user turned it on.
import { effect } from "@preact/signals";
import type { SessionRow } from "../answers";
import { goTo, linkTo } from "./address";
import { areNotificationsOn, areTextsHidden, canNotify } from "./choices";
import { titleOf } from "./parts/state";
import { asking } from "./store";

/** Starts to notify. Sessions that wait already are skipped. */
export function notifyOfQuestions(): void {
  let known: ReadonlySet<string> | undefined;
  effect(() => {
    const before = known;
    known = undefined;
    if (!areNotificationsOn.value) return;
    const questions = new Map(
      asking.value.map((one) => [`${one.id} ${one.waiting_since_ms}`, one]),
    );
    known = new Set(questions.keys());
    if (before === undefined) return;
    for (const [key, session] of questions) if (!before.has(key)) notify(session);
  });
}

function notify(session: SessionRow): void {
  if (!canNotify || Notification.permission !== "granted") return;
  const body = areTextsHidden.value ? "" : `${titleOf(session)}\n${session.waiting_text ?? ""}`;
  const notification = new Notification(`${session.project} needs you`, { body, tag: session.id });
  notification.addEventListener("click", () => {
    window.focus();
    goTo(linkTo("session", session.id));
    notification.close();
  });
}
