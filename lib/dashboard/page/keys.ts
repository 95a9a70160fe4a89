// Keyboard shortcuts. Every list can be navigated with them; `?` shows them all.
import { signal } from "@preact/signals";
import { goTo, linkTo } from "./address";
import { areTextsHidden } from "./choices";

export const isHelpOpen = signal(false);
export const isPaletteOpen = signal(false);

/** The views of the bar at the top: the name in the address, the label, and the key after `g`. */
export const VIEWS = [
  ["now", "Now", "n"],
  ["sessions", "Sessions", "s"],
  ["events", "Events", "e"],
  ["search", "Search", "/"],
  ["files", "Files", "f"],
  ["statistics", "Statistics", "t"],
  ["health", "Health", "h"],
] as const;

/** What the keys do, as the help shows it. */
export const KEYS: readonly (readonly [string, string])[] = [
  ["Ctrl K", "go to a session, a project or a view, or run an action"],
  [
    `g then ${VIEWS.map(([, , key]) => key).join(", ")}`,
    VIEWS.map(([, label]) => label).join(", "),
  ],
  ["/", "focus the filter"],
  ["j, k or ↓, ↑", "next, previous row"],
  ["Enter", "open the row"],
  ["Home, End", "first, last row"],
  ["← →", "in a session: close or open a turn; on its timeline: pan"],
  ["+ −", "on the timeline: zoom in, out"],
  ["0", "on the timeline: show the whole session"],
  ["Space", "in a session: play, pause"],
  [", .", "in a session: previous, next event"],
  ["f F", "in a session: next, previous failure"],
  ["] [", "in a session: next, previous prompt"],
  ["p", "in Events: pause, resume"],
  ["x", "hide or show texts while you share your screen"],
  ["Esc", "close, or leave the filter"],
  ["?", "this list"],
];

type Handler = (event: KeyboardEvent) => boolean;
const handlers: Handler[] = [];

/** Gives keys to a view, the last one first; returns what ends that. A handler says whether it took the key. */
export function onKey(handler: Handler): () => void {
  handlers.unshift(handler);
  return () => void handlers.splice(handlers.indexOf(handler), 1);
}

const GO_MS = 1500;
let goUntilMs = 0;

/** Listens to the keyboard; returns what ends that. */
export function listenToKeys(): () => void {
  const listen = (event: KeyboardEvent) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "k") {
      isPaletteOpen.value = !isPaletteOpen.value;
      event.preventDefault();
      return;
    }
    // A dialog has the keyboard for itself.
    if (event.ctrlKey || event.metaKey || event.altKey || isPaletteOpen.value) return;
    const { target } = event;
    const view = VIEWS.find(([, , key]) => key === event.key);
    const isTyping =
      target instanceof HTMLSelectElement ||
      (target instanceof HTMLInputElement && target.type !== "checkbox" && target.type !== "range");
    if (event.key === "Escape") {
      if (isHelpOpen.value) isHelpOpen.value = false;
      else if (isTyping) {
        (event.target as HTMLElement).blur();
        // Browsers would empty the box.
        event.preventDefault();
      } else handlers.some((handler) => handler(event));
      return;
    }
    if (isTyping) return;
    if (event.key === "?") isHelpOpen.value = !isHelpOpen.value;
    else if (event.key === "g") goUntilMs = event.timeStamp + GO_MS;
    else if (event.timeStamp < goUntilMs && view !== undefined) {
      goUntilMs = 0;
      goTo(linkTo(view[0]));
    } else if (event.key === "x") areTextsHidden.value = !areTextsHidden.value;
    else if (event.key === "/") {
      document.querySelector<HTMLInputElement>("input[type=search]")?.focus();
    } else if (!handlers.some((handler) => handler(event))) return;
    event.preventDefault();
  };
  addEventListener("keydown", listen);
  return () => removeEventListener("keydown", listen);
}
