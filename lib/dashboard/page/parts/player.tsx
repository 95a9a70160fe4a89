// Plays a session back: play, step by event, or drag. While it plays, times in which nothing happens are cut short.
import { useEffect, useRef, useState } from "preact/hooks";
import { formatTime } from "../format";
import { onKey } from "../keys";

interface PlayerProps {
  /** When the session's events were, in their order, in milliseconds since 1970 UTC. */
  readonly moments: readonly number[];
  /** The moment that is shown; all of the session if undefined. */
  readonly at: number | undefined;
  readonly onSeek: (at: number | undefined) => void;
  readonly onPlaying: (isPlaying: boolean) => void;
}

const SPEEDS = [1, 2, 4, 8, 16, 32, 64] as const;
const TICK_MS = 100;
/** How long nothing may happen on the screen. */
const MAX_GAP_MS = 800;

export function Player({ moments, at, onSeek, onPlaying }: PlayerProps) {
  const [isPlaying, setPlaying] = useState(false);
  const [speed, setSpeed] = useState<number>(8);
  const first = moments[0] ?? 0;
  const last = moments.at(-1) ?? 0;
  const shown = at ?? last;
  const seen = countUntil(moments, shown);
  const latest = useRef({ moments, at, speed });
  latest.current = { moments, at, speed };

  const play = (wanted: boolean) => {
    // At the end, it begins again.
    if (wanted && (at === undefined || at >= last)) onSeek(first);
    setPlaying(wanted);
    onPlaying(wanted);
  };
  const step = (by: 1 | -1) => {
    play(false);
    const next = by === 1 ? moments[seen] : moments[countBefore(moments, shown) - 1];
    if (next !== undefined) onSeek(next);
  };
  const actions = useRef({ play, step });
  actions.current = { play, step };

  useEffect(() => {
    if (!isPlaying) return undefined;
    let before = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      const { moments: all, at: from = all[0] ?? 0, speed: factor } = latest.current;
      const next = momentAfter(all, from, (now - before) * factor, MAX_GAP_MS * factor);
      before = now;
      onSeek(next);
      if (next >= (all.at(-1) ?? 0)) actions.current.play(false);
    }, TICK_MS);
    return () => clearInterval(timer);
  }, [isPlaying]);

  useEffect(
    () =>
      onKey(({ key }) => {
        if (key === " ") actions.current.play(!isPlaying);
        else if (key === ",") actions.current.step(-1);
        else if (key === ".") actions.current.step(1);
        else return false;
        return true;
      }),
    [isPlaying],
  );

  return (
    <div class="player" role="group" aria-label="Playback">
      <button type="button" aria-label="Previous event" onClick={() => step(-1)}>
        ‹
      </button>
      <button type="button" aria-pressed={isPlaying} onClick={() => play(!isPlaying)}>
        {isPlaying ? "Pause" : "Play"}
      </button>
      <button type="button" aria-label="Next event" onClick={() => step(1)}>
        ›
      </button>
      <input
        type="range"
        aria-label="Moment"
        aria-valuetext={formatTime(shown)}
        min={first}
        max={Math.max(last, first + 1)}
        step="any"
        value={shown}
        onInput={({ currentTarget: { value } }) => {
          play(false);
          onSeek(Number(value));
        }}
      />
      <span class="quiet number" aria-live="off">
        {formatTime(shown)} · {seen} of {moments.length}
      </span>
      <label class="wide-only">
        Speed{" "}
        <select value={speed} onChange={({ currentTarget: { value } }) => setSpeed(Number(value))}>
          {SPEEDS.map((one) => (
            <option key={one} value={one}>
              {one} ×
            </option>
          ))}
        </select>
      </label>
      <button
        type="button"
        disabled={at === undefined}
        onClick={() => {
          play(false);
          onSeek(undefined);
        }}
      >
        All
      </button>
    </div>
  );
}

/** How many of some sorted numbers are not larger than one. */
export function countUntil(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function countBefore(sorted: readonly number[], value: number): number {
  let count = countUntil(sorted, value);
  while (count > 0 && sorted[count - 1] === value) count--;
  return count;
}

/** The moment some time after another, with what is longer than `gapMs` and empty cut short. */
function momentAfter(moments: readonly number[], from: number, ms: number, gapMs: number): number {
  const next = moments[countUntil(moments, from)];
  if (next === undefined) return from;
  return Math.min(Math.max(from, next - gapMs) + ms, moments.at(-1) ?? from);
}
