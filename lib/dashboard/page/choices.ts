// What a person chose for this browser: whether texts are hidden, and whether to be told when a session asks.
import { effect, signal, type Signal } from "@preact/signals";

/** A choice that stays until it is changed. */
function choice(name: string): Signal<boolean> {
  const kept = `claude-session ${name}`;
  const chosen = signal(localStorage.getItem(kept) === "yes");
  effect(() => {
    if (chosen.value) localStorage.setItem(kept, "yes");
    else localStorage.removeItem(kept);
  });
  return chosen;
}

/** Whether prompts, answers, commands and file names are hidden: somebody else looks at the screen. */
export const areTextsHidden = choice("texts hidden");

/** Whether the browser tells when a session begins to wait for an answer. */
export const isToldOfQuestions = choice("told of questions");

effect(() => {
  document.documentElement.classList.toggle("texts-hidden", areTextsHidden.value);
});

/** Whether this browser can tell of questions. */
export const canTell = "Notification" in globalThis;

/** Turns being told on or off; the browser may ask for permission first. */
export async function toggleTold(): Promise<void> {
  if (isToldOfQuestions.value) {
    isToldOfQuestions.value = false;
    return;
  }
  if (!canTell) return;
  const permission = await Notification.requestPermission();
  isToldOfQuestions.value = permission === "granted";
}
