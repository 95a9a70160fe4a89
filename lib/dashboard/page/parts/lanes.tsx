// The timeline of a session on a canvas, with a lane for each agent: an overview above, and an enlarged part below.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { formatDuration, formatTime } from "../format";
import { onKey } from "../keys";

/** A call or a turn, as a bar in a lane. */
export interface Bar {
  readonly key: string;
  readonly lane: string;
  readonly laneName: string;
  readonly kind: "turn" | "call";
  readonly startMs: number;
  readonly endMs: number;
  readonly tone: "plain" | "failed" | "asks" | "works" | "quiet";
  readonly label: string;
}

interface LanesProps {
  readonly bars: readonly Bar[];
  readonly first: number;
  readonly last: number;
  /** The moment that is shown, if not the end. */
  readonly moment: number | undefined;
  readonly selected: string | undefined;
  readonly onSelect: (key: string) => void;
}

const MAP_HEIGHT = 22;
const LANE_HEIGHT = 20;
const AXIS_HEIGHT = 16;
const LABEL_WIDTH = 92;
const MAX_LANES = 12;
const MIN_SPAN_MS = 20;

export function Lanes({ bars, first, last, moment, selected, onSelect }: LanesProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(800);
  const [range, setRange] = useState<readonly [number, number] | undefined>();
  const [hover, setHover] = useState<Bar | undefined>();
  const drag = useRef<{ readonly x: number; readonly isMap: boolean } | undefined>(undefined);
  const [dragTo, setDragTo] = useState<number | undefined>();
  const lanes = lanesOf(bars);
  const height = MAP_HEIGHT + AXIS_HEIGHT + lanes.length * LANE_HEIGHT + 6;
  const [from, to] = range ?? [first, last];
  const inner = Math.max(10, width - LABEL_WIDTH - 8);
  const xOf = (ms: number, [a, b]: readonly [number, number]) =>
    LABEL_WIDTH + ((ms - a) / (b - a)) * inner;
  const msAt = (x: number, [a, b]: readonly [number, number]) =>
    a + ((x - LABEL_WIDTH) / inner) * (b - a);

  useLayoutEffect(() => {
    const element = canvas.current?.parentElement;
    if (element == null) return undefined;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    setWidth(element.clientWidth);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d");
    if (element == null || context == null) return;
    const ratio = devicePixelRatio;
    element.width = width * ratio;
    element.height = height * ratio;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const colors = colorsOf(element);
    context.font = `11px ${getComputedStyle(element).fontFamily}`;
    context.textBaseline = "middle";
    context.clearRect(0, 0, width, height);
    drawMap(context, bars, (ms) => xOf(ms, [first, last]), colors, lanes);
    if (range !== undefined) {
      context.strokeStyle = colors.text;
      context.strokeRect(
        xOf(from, [first, last]),
        0.5,
        xOf(to, [first, last]) - xOf(from, [first, last]),
        MAP_HEIGHT - 3,
      );
    }
    drawAxis(context, from, to, (ms) => xOf(ms, [from, to]), colors, width);
    drawLanes(context, bars, lanes, {
      from,
      to,
      selected,
      colors,
      width,
      xOf: (ms) => xOf(ms, [from, to]),
    });
    if (moment !== undefined) {
      context.fillStyle = colors.text;
      context.fillRect(xOf(moment, [first, last]), 0, 1, MAP_HEIGHT);
      const x = xOf(moment, [from, to]);
      if (x >= LABEL_WIDTH) context.fillRect(x, MAP_HEIGHT, 1, height - MAP_HEIGHT);
    }
    if (drag.current !== undefined && dragTo !== undefined) {
      context.fillStyle = colors.selection;
      const [a, b] = [drag.current.x, dragTo].toSorted((one, other) => one - other) as [
        number,
        number,
      ];
      const top = drag.current.isMap ? 0 : MAP_HEIGHT;
      context.fillRect(a, top, b - a, drag.current.isMap ? MAP_HEIGHT : height - MAP_HEIGHT);
    }
  });

  // Dark and light are the system's, and may change.
  const [, redraw] = useState(0);
  useEffect(() => {
    const media = matchMedia("(prefers-color-scheme: dark)");
    const change = () => redraw((count) => count + 1);
    media.addEventListener("change", change);
    return () => media.removeEventListener("change", change);
  }, []);

  const zoom = (factor: number, around = (from + to) / 2) => {
    const a = Math.max(first, around - (around - from) * factor);
    const b = Math.min(last, around + (to - around) * factor);
    setRange(a <= first && b >= last ? undefined : b - a < MIN_SPAN_MS ? range : [a, b]);
  };
  const move = (share: number) => {
    if (range === undefined) return;
    const by = Math.min(last - to, Math.max(first - from, (to - from) * share));
    setRange([from + by, to + by]);
  };
  const latest = useRef({ zoom, move });
  latest.current = { zoom, move };
  useEffect(
    () =>
      onKey(({ key, target }) => {
        const { zoom: zoomBy, move: moveBy } = latest.current;
        if (key === "+" || key === "=" || key === "w") zoomBy(0.5);
        else if (key === "-" || key === "_") zoomBy(2);
        else if (key === "0") setRange(undefined);
        else if (key === "a" || (key === "ArrowLeft" && target === canvas.current)) moveBy(-0.25);
        else if (key === "d" || (key === "ArrowRight" && target === canvas.current)) moveBy(0.25);
        else return false;
        return true;
      }),
    [],
  );

  const barAt = (x: number, y: number): Bar | undefined => {
    const lane = lanes[Math.floor((y - MAP_HEIGHT - AXIS_HEIGHT) / LANE_HEIGHT)];
    if (lane === undefined || x < LABEL_WIDTH) return undefined;
    const slack = ((to - from) / inner) * 3;
    const at = msAt(x, [from, to]);
    const hit = (kind: Bar["kind"]) =>
      bars.findLast(
        (bar) =>
          bar.kind === kind &&
          bar.lane === lane.id &&
          at >= bar.startMs - slack &&
          at <= bar.endMs + slack,
      );
    return hit("call") ?? hit("turn");
  };
  const position = (event: MouseEvent) => {
    const box = canvas.current?.getBoundingClientRect();
    return [event.clientX - (box?.left ?? 0), event.clientY - (box?.top ?? 0)] as const;
  };
  return (
    <div class="lanes">
      <canvas
        ref={canvas}
        role="img"
        tabIndex={0}
        aria-label={`Timeline: ${lanes.length} lanes, ${bars.length} bars, ${formatDuration(last - first)}. The story below has the same content as text.`}
        style={{ width: `${width}px`, height: `${height}px` }}
        onPointerDown={(event) => {
          const [x, y] = position(event);
          drag.current = { x, isMap: y < MAP_HEIGHT };
          event.currentTarget.setPointerCapture(event.pointerId);
        }}
        onPointerMove={(event) => {
          const [x, y] = position(event);
          if (drag.current !== undefined) setDragTo(x);
          else setHover(barAt(x, y));
        }}
        onPointerUp={(event) => {
          const [x, y] = position(event);
          const start = drag.current;
          drag.current = undefined;
          setDragTo(undefined);
          if (start === undefined) return;
          if (Math.abs(x - start.x) < 4) {
            const bar = barAt(x, y);
            if (bar !== undefined) onSelect(bar.key);
            return;
          }
          const base: readonly [number, number] = start.isMap ? [first, last] : [from, to];
          const [a, b] = [msAt(start.x, base), msAt(x, base)].toSorted(
            (one, other) => one - other,
          ) as [number, number];
          if (b - a >= MIN_SPAN_MS) setRange([Math.max(first, a), Math.min(last, b)]);
        }}
        onPointerLeave={() => setHover(undefined)}
        onDblClick={() => setRange(undefined)}
        onWheel={(event) => {
          if (!event.ctrlKey && !event.shiftKey) return;
          event.preventDefault();
          zoom(event.deltaY > 0 ? 1.3 : 0.77, msAt(position(event)[0], [from, to]));
        }}
      />
      <p class="lanes-hint quiet" aria-live="off">
        {hover === undefined
          ? range === undefined
            ? "Drag to zoom"
            : `${formatTime(from)} to ${formatTime(to)}, ${formatDuration(to - from)}. Double-click: whole session`
          : `${hover.label} · ${formatTime(hover.startMs)} · ${formatDuration(hover.endMs - hover.startMs)}`}
      </p>
    </div>
  );
}

interface Lane {
  readonly id: string;
  readonly name: string;
}

function lanesOf(bars: readonly Bar[]): Lane[] {
  const lanes = new Map<string, Lane>();
  for (const { lane, laneName } of bars)
    if (!lanes.has(lane)) lanes.set(lane, { id: lane, name: laneName });
  return Array.from(lanes.values()).slice(0, MAX_LANES);
}

interface Colors {
  readonly text: string;
  readonly faint: string;
  readonly selection: string;
  readonly tones: Readonly<Record<Bar["tone"], string>>;
}

function colorsOf(element: Element): Colors {
  const style = getComputedStyle(element);
  const color = (name: string) => style.getPropertyValue(name).trim();
  return {
    text: style.color,
    faint: color("--canvas-faint"),
    selection: color("--canvas-selection"),
    tones: {
      plain: color("--canvas-plain"),
      failed: color("--canvas-failed"),
      asks: color("--canvas-asks"),
      works: color("--canvas-works"),
      quiet: color("--canvas-quiet"),
    },
  };
}

function drawMap(
  context: CanvasRenderingContext2D,
  bars: readonly Bar[],
  xOf: (ms: number) => number,
  { tones, faint }: Colors,
  lanes: readonly Lane[],
): void {
  context.fillStyle = faint;
  context.fillRect(LABEL_WIDTH, MAP_HEIGHT - 3, 1e5, 1);
  const height = (MAP_HEIGHT - 6) / Math.max(1, lanes.length);
  for (const bar of bars) {
    const lane = lanes.findIndex(({ id }) => id === bar.lane);
    if (lane < 0 || bar.kind === "turn") continue;
    context.fillStyle = tones[bar.tone];
    const x = xOf(bar.startMs);
    context.fillRect(
      x,
      1 + lane * height,
      Math.max(1, xOf(bar.endMs) - x),
      Math.max(1, height - 0.5),
    );
  }
}

const STEPS_MS = [
  10, 50, 100, 500, 1000, 5000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000, 3_600_000,
  14_400_000, 43_200_000, 86_400_000,
];

function drawAxis(
  context: CanvasRenderingContext2D,
  from: number,
  to: number,
  xOf: (ms: number) => number,
  { text, faint }: Colors,
  width: number,
): void {
  const most = Math.max(1, (width - LABEL_WIDTH) / 90);
  const step = STEPS_MS.find((one) => (to - from) / one <= most) ?? 604_800_000;
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
    const x = xOf(at);
    context.fillStyle = faint;
    context.fillRect(x, MAP_HEIGHT + AXIS_HEIGHT - 3, 1, 1e4);
    context.fillStyle = text;
    context.globalAlpha = 0.7;
    context.fillText(
      step < 1000 ? `${formatTime(at)}.${String(at % 1000).padStart(3, "0")}` : formatTime(at),
      x + 3,
      MAP_HEIGHT + AXIS_HEIGHT / 2,
    );
    context.globalAlpha = 1;
  }
}

interface LaneDrawing {
  readonly from: number;
  readonly to: number;
  readonly selected: string | undefined;
  readonly colors: Colors;
  readonly width: number;
  readonly xOf: (ms: number) => number;
}

function drawLanes(
  context: CanvasRenderingContext2D,
  bars: readonly Bar[],
  lanes: readonly Lane[],
  { from, to, selected, colors, width, xOf }: LaneDrawing,
): void {
  const topOf = (lane: number) => MAP_HEIGHT + AXIS_HEIGHT + lane * LANE_HEIGHT;
  const numbers = new Map(lanes.map(({ id }, at) => [id, at]));
  context.save();
  context.beginPath();
  context.rect(LABEL_WIDTH, MAP_HEIGHT, width - LABEL_WIDTH, 1e4);
  context.clip();
  for (const kind of ["turn", "call"] as const)
    for (const bar of bars) {
      const lane = numbers.get(bar.lane);
      if (bar.kind !== kind || lane === undefined || bar.endMs < from || bar.startMs > to) continue;
      const x = xOf(bar.startMs);
      const wide = Math.max(kind === "turn" ? 1 : 2, xOf(bar.endMs) - x);
      const inset = kind === "turn" ? 3 : 5;
      context.fillStyle = kind === "turn" ? colors.faint : colors.tones[bar.tone];
      context.fillRect(x, topOf(lane) + inset, wide, LANE_HEIGHT - inset * 2);
      // A failure is as high as its lane, so that color is not the only sign.
      if (kind === "call" && (bar.tone === "failed" || bar.tone === "asks"))
        context.fillRect(x, topOf(lane) + 2, Math.max(2, Math.min(wide, 3)), LANE_HEIGHT - 4);
      if (bar.key === selected) {
        context.strokeStyle = colors.text;
        context.lineWidth = 1.5;
        context.strokeRect(x - 1, topOf(lane) + 2, wide + 2, LANE_HEIGHT - 4);
      }
      if (kind === "call" && wide > 46) {
        context.save();
        context.beginPath();
        context.rect(x, topOf(lane), wide, LANE_HEIGHT);
        context.clip();
        // Bars are bright on dark and on light.
        context.fillStyle = "#12151a";
        context.fillText(bar.label, x + 4, topOf(lane) + LANE_HEIGHT / 2);
        context.restore();
      }
    }
  context.restore();
  for (const [at, { name }] of lanes.entries()) {
    context.fillStyle = colors.text;
    const short = name.length > 14 ? `${name.slice(0, 13)}…` : name;
    context.fillText(short, 6, topOf(at) + LANE_HEIGHT / 2);
  }
}
