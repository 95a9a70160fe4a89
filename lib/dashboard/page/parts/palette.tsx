// The command palette: type part of a name to go to a view or to run an action.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { goTo, linkTo } from "../address";
import { areTextsHidden, canNotify, areNotificationsOn, toggleNotifications } from "../choices";
import { isHelpOpen, isPaletteOpen, VIEWS } from "../keys";
import { sessions } from "../store";
import { stateWords, titleOf } from "./state";

interface Entry {
  readonly kind: string;
  readonly name: string;
  readonly detail: string;
  readonly isPrivate?: boolean;
  readonly run: () => void;
}

const MAX_SHOWN = 12;

export function Palette() {
  const dialog = useRef<HTMLDialogElement>(null);
  const [typed, setTyped] = useState("");
  const [chosen, setChosen] = useState(0);
  useEffect(() => dialog.current?.showModal(), []);
  const all = useMemo(entries, [sessions.value]);
  const found = useMemo(() => search(all, typed).slice(0, MAX_SHOWN), [all, typed]);
  const run = (entry: Entry | undefined) => {
    if (entry === undefined) return;
    dialog.current?.close();
    entry.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (event.key === "Enter") run(found[chosen]);
    else if (step !== 0) setChosen((chosen + step + found.length) % Math.max(1, found.length));
    else return;
    event.preventDefault();
  };
  return (
    <dialog
      ref={dialog}
      class="palette"
      aria-label="Go to"
      onClose={() => (isPaletteOpen.value = false)}
      onClick={(event) => event.target === dialog.current && dialog.current?.close()}
    >
      <input
        type="text"
        role="combobox"
        aria-label="Go to"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={found.length > 0 ? `palette-${chosen}` : undefined}
        placeholder="A session, a project, a view …"
        value={typed}
        spellcheck={false}
        autocomplete="off"
        autofocus
        onInput={({ currentTarget: { value } }) => {
          setTyped(value);
          setChosen(0);
        }}
        onKeyDown={onKeyDown}
      />
      <ul id="palette-list" role="listbox" aria-label="Found">
        {found.map((entry, i) => (
          <li
            key={`${entry.kind} ${entry.name} ${entry.detail}`}
            id={`palette-${i}`}
            role="option"
            aria-selected={i === chosen}
            onClick={() => run(entry)}
          >
            <span class="quiet">{entry.kind}</span>{" "}
            <span class={entry.isPrivate ? "name private" : "name"}>{entry.name}</span>{" "}
            <span class="quiet">{entry.detail}</span>
          </li>
        ))}
      </ul>
      {found.length === 0 ? <p class="quiet">Nothing matches all of these words.</p> : null}
    </dialog>
  );
}

function entries(): readonly Entry[] {
  const action = (name: string, run: () => void): Entry => ({ kind: "Do", name, detail: "", run });
  const all = sessions.value;
  return [
    ...VIEWS.map(([view, name]): Entry => {
      const run = () => goTo(linkTo(view));
      return { kind: "View", name, detail: "", run };
    }),
    action(areTextsHidden.value ? "Show texts" : "Hide texts", () => {
      areTextsHidden.value = !areTextsHidden.value;
    }),
    ...(canNotify
      ? [
          action(areNotificationsOn.value ? "Stop notifications" : "Notify me of questions", () => {
            void toggleNotifications();
          }),
        ]
      : []),
    action("Show keyboard shortcuts", () => (isHelpOpen.value = true)),
    ...Array.from(new Set(all.map(({ project }) => project)), (project): Entry => {
      const filter = `project:${/\s/.test(project) ? `"${project}"` : project}`;
      const run = () => goTo(linkTo("sessions", "", { filter }));
      return { kind: "Project", name: project, detail: "", run };
    }),
    ...all.map((session): Entry => {
      const { id, project } = session;
      const detail = `${project} · ${stateWords(session)[2]} · ${id.slice(0, 8)}`;
      const run = () => goTo(linkTo("session", id));
      return { kind: "Session", name: titleOf(session), detail, isPrivate: true, run };
    }),
  ];
}

/** The entries that have all words, in their order: the latest sessions first. */
function search(all: readonly Entry[], typed: string): readonly Entry[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return all;
  const found = all.filter(({ kind, name, detail }) => {
    const text = `${kind} ${name} ${detail}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const run = () => goTo(linkTo("search", "", { filter: typed }));
  return [
    ...found.slice(0, MAX_SHOWN - 1),
    { kind: "Search", name: typed, detail: "in all texts", run },
  ];
}
