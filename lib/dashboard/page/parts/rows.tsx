// A window on a list of any length: only the rows on the screen are in the document.
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { onKey } from "../keys";

interface RowsProps {
  readonly count: number;
  /** In pixels; all rows are as high. */
  readonly height: number;
  readonly label: string;
  readonly selected: number;
  /** The index of the selected row. When it changes, the row is scrolled into view. */
  readonly selectedKey?: string | undefined;
  readonly onSelect: (index: number) => void;
  readonly onOpen?: (index: number) => void;
  /** Renders a row; its attributes have to be on the outermost element. */
  readonly row: (index: number, attributes: RowAttributes) => ComponentChildren;
  /** Stays at the end while more rows come, until a person scrolls up. */
  readonly isFollowing?: boolean;
  readonly onLeaveEnd?: (isAtEnd: boolean) => void;
  readonly onWindow?: (first: number, last: number) => void;
  readonly keys?: (event: KeyboardEvent) => boolean;
  readonly role?: "grid" | "tree";
}

/** What the element of a row needs. */
export interface RowAttributes {
  readonly id: string;
  readonly role: "row" | "treeitem";
  readonly "aria-selected": boolean;
  readonly "aria-rowindex"?: number;
  readonly "aria-posinset"?: number;
  readonly "aria-setsize"?: number;
  readonly class: string;
  readonly style: Readonly<Record<string, string>>;
  readonly onClick: () => void;
}

// Browsers limit the height of an element; this is within what all of them take.
const MAX_HEIGHT = 15_000_000;
const EXTRA_ROWS = 8;

export function Rows(props: RowsProps) {
  const { count, height, selected, row, isFollowing = false, role = "grid" } = props;
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const total = count * height;
  const scale = Math.max(1, total / MAX_HEIGHT);
  const first = Math.max(0, Math.floor((view.top * scale) / height) - EXTRA_ROWS);
  const last = Math.min(count, Math.ceil((view.top * scale + view.height) / height) + EXTRA_ROWS);

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const update = () => setView({ top: element.scrollTop, height: element.clientHeight });
    const observer = new ResizeObserver(update);
    observer.observe(element);
    update();
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    if (isFollowing && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [count, isFollowing]);
  useEffect(() => props.onWindow?.(first, last), [first, last, count]);

  const show = (index: number) => {
    const element = box.current;
    if (element === null) return;
    const top = (index * height) / scale;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + height > element.scrollTop + element.clientHeight)
      element.scrollTop = top + height - element.clientHeight;
  };
  useEffect(() => {
    if (selected >= 0) show(selected);
  }, [props.selectedKey]);
  const latest = useRef(props);
  latest.current = props;
  useEffect(
    () =>
      onKey((event) => {
        const { count: rows, selected: at, onSelect, onOpen, keys } = latest.current;
        if (keys?.(event) === true) return true;
        const page = Math.max(1, Math.floor((box.current?.clientHeight ?? 0) / height) - 1);
        const steps: Readonly<Record<string, number>> = {
          j: 1,
          ArrowDown: 1,
          k: -1,
          ArrowUp: -1,
          PageDown: page,
          PageUp: -page,
          Home: -rows,
          End: rows,
        };
        const step = steps[event.key];
        if (step !== undefined && rows > 0) {
          const next = Math.min(rows - 1, Math.max(0, at < 0 && step > 0 ? step - 1 : at + step));
          onSelect(next);
          show(next);
          return true;
        }
        if (event.key !== "Enter" || at < 0 || onOpen === undefined) return false;
        if (event.target instanceof HTMLAnchorElement || event.target instanceof HTMLButtonElement)
          return false;
        onOpen(at);
        return true;
      }),
    [],
  );

  const rows: ComponentChildren[] = [];
  for (let index = first; index < last; index++)
    rows.push(
      row(index, {
        id: `row-${index}`,
        ...(role === "tree"
          ? { role: "treeitem", "aria-posinset": index + 1, "aria-setsize": count }
          : { role: "row", "aria-rowindex": index + 1 }),
        "aria-selected": index === selected,
        class: index === selected ? "row selected" : "row",
        style: { top: `${index * height - view.top * (scale - 1)}px`, height: `${height}px` },
        onClick: () => props.onSelect(index),
      }),
    );
  return (
    <div
      ref={box}
      class="rows"
      role={role}
      tabIndex={0}
      aria-label={props.label}
      aria-rowcount={role === "grid" ? count : undefined}
      aria-activedescendant={selected >= first && selected < last ? `row-${selected}` : undefined}
      onScroll={(event) => {
        const element = event.currentTarget;
        setView({ top: element.scrollTop, height: element.clientHeight });
        const end = element.scrollHeight - element.clientHeight;
        props.onLeaveEnd?.(end - element.scrollTop < height * 2);
      }}
    >
      <div
        class="rows-all"
        style={{ height: `${Math.min(total, MAX_HEIGHT)}px` }}
        role="presentation"
      >
        {rows}
      </div>
    </div>
  );
}
