// Settings kept in this browser: whether texts are hidden, and whether to notify when a session begins to wait.
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

/** Whether prompts, answers, commands and file names are hidden, for a shared screen. */
export const areTextsHidden = choice("texts hidden");

/** Whether the browser notifies when a session begins to wait for an answer. */
export const areNotificationsOn = choice("notifications");

effect(() => {
  document.documentElement.classList.toggle("texts-hidden", areTextsHidden.value);
});

/** Whether this browser has notifications. */
export const canNotify = "Notification" in globalThis;

/** Turns notifications on or off; the browser may ask for permission first. */
export async function toggleNotifications(): Promise<void> {
  if (areNotificationsOn.value) {
    areNotificationsOn.value = false;
    return;
  }
  if (!canNotify) return;
  const permission = await Notification.requestPermission();
  areNotificationsOn.value = permission === "granted";
}
