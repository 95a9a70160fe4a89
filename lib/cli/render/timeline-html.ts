// A session as one self-contained HTML page: no script, no link, no font. It opens from the disk, and its content security
// policy lets it load nothing.
import { describeCall, describeEvent } from "../../history/describe";
import type { SessionSummary } from "../../history/summary";
import type { CallOutcome, Step, Timeline, Turn } from "../../history/timeline";
import { escapeUnfit, plural } from "./text";
import { formatClock, formatDayAndTime, formatDuration } from "./time";

/** What the page leaves out. */
export interface LeftOut {
  readonly prompts: boolean;
  readonly parameters: boolean;
  readonly responses: boolean;
}

/** A session, and what to say of it. */
export interface PageContent {
  readonly summary: SessionSummary;
  readonly timeline: Timeline;
  readonly leftOut: LeftOut;
  readonly nowMs: number;
}

const MARKS: Readonly<Record<CallOutcome, string>> = {
  succeeded: "✓",
  failed: "✗",
  denied: "⊘",
  interrupted: "⊘",
  "denied or interrupted": "⊘",
  asking: "◆",
  running: "●",
  "no result": "?",
};

/** The whole page. */
export function renderPage({ summary, timeline, leftOut, nowMs }: PageContent): string {
  const title = leftOut.prompts
    ? `Session ${timeline.sessionId.slice(0, 8)}`
    : (summary.title ??
      summary.firstPrompt?.split("\n")[0] ??
      `Session ${timeline.sessionId.slice(0, 8)}`);
  const { prompts, tools, failures, agents, model } = summary;
  const counts = [
    plural(prompts, "prompt"),
    plural(tools, "tool call") + (failures > 0 ? `, ${failures} failed` : ""),
    ...(agents > 0 ? [plural(agents, "subagent")] : []),
    ...(model === undefined ? [] : [model]),
    `${formatDayAndTime(Date.parse(summary.startedAt), nowMs)}, ${formatDuration(summary.durationMs)}`,
  ];
  const left = (["prompts", "parameters", "responses"] as const).filter((what) => leftOut[what]);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width">
<meta name="referrer" content="no-referrer">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
<header>
<h1>${escaped(title)}</h1>
<p>${escaped(summary.project)} · ${escaped(counts.join(" · "))}</p>
${left.length === 0 ? "" : `<p>Left out: ${left.join(", ")}.</p>\n`}</header>
<main>
${Array.from(itemsOf(timeline.entries, summary.projectDir, leftOut)).join("\n")}
</main>
</html>
`;
}

function* itemsOf(
  entries: readonly (Turn | Step)[],
  projectDir: string,
  leftOut: LeftOut,
): Generator<string> {
  for (const entry of entries) {
    const time = `<time>${formatClock(entry.atMs)}</time>`;
    const took =
      entry.kind === "event" || entry.durationMs === undefined
        ? ""
        : formatDuration(entry.durationMs);
    const end = took === "" ? "" : ` <small>${took}</small>`;
    switch (entry.kind) {
      case "turn":
        yield `<section><h2>${time} ${leftOut.prompts ? "a prompt" : preformatted(entry.prompt)}${end}</h2>`;
        yield* itemsOf(entry.steps, projectDir, leftOut);
        yield* answer(entry.answer ?? entry.error, leftOut);
        yield "</section>";
        break;
      case "tool": {
        const what = leftOut.parameters ? "" : describeCall(entry, projectDir).replace(/\s+/g, " ");
        const line = `${time} <b class="${entry.outcome === "failed" ? "failed" : ""}" title="${entry.outcome}">${MARKS[entry.outcome]} ${escaped(entry.tool)}</b> <code>${escaped(what)}</code>${end}`;
        yield details(line, [
          leftOut.parameters ? undefined : entry.parameters,
          leftOut.responses ? undefined : (entry.error ?? entry.response),
        ]);
        if (entry.agents.length > 0) {
          yield "<div>";
          yield* itemsOf(entry.agents, projectDir, leftOut);
          yield "</div>";
        }
        break;
      }
      case "agent":
        yield `<details open><summary>${time} <b>↳ ${escaped(entry.type)}</b>${end}</summary><div>`;
        yield* itemsOf(entry.steps, projectDir, leftOut);
        yield* answer(entry.answer, leftOut);
        yield "</div></details>";
        break;
      case "event":
        yield `<p>${time} <i>${escaped(leftOut.prompts || leftOut.parameters ? entry.event : describeEvent(entry).replace(/\s+/g, " "))}</i></p>`;
    }
  }
}

function* answer(text: string | undefined, { responses }: LeftOut): Generator<string> {
  if (text !== undefined && !responses) yield `<blockquote>${preformatted(text)}</blockquote>`;
}

/** A line that opens to show values. */
function details(line: string, values: readonly unknown[]): string {
  const shown = values.filter((value) => value !== undefined && value !== null);
  if (shown.length === 0) return `<p>${line}</p>`;
  const blocks = shown.map((value) =>
    preformatted(typeof value === "string" ? value : JSON.stringify(value, undefined, 2)),
  );
  return `<details><summary>${line}</summary>${blocks.join("")}</details>`;
}

function preformatted(text: string): string {
  return `<pre>${escaped(text)}</pre>`;
}

// Unsafe characters are shown as their code points, because marks that reverse the direction of text would change the words.
function escaped(text: string): string {
  return Bun.escapeHTML(escapeUnfit(text.toWellFormed().replaceAll("\r\n", "\n")));
}

const STYLE = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 70rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; }
h2 { font-size: 1rem; margin: 1.5rem 0 0.5rem; }
h2 pre { display: inline; font: inherit; }
p, summary { margin: 0.15rem 0; }
time, small, header p, i { opacity: 0.7; font-variant-numeric: tabular-nums; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0.3rem 0; }
details > pre, blockquote { border-left: 3px solid light-dark(#c5ccd6, #454d58); padding-left: 0.8rem; }
blockquote { margin: 0.4rem 0; }
blockquote pre { font: inherit; }
section > *:not(h2), div { margin-left: min(1.2rem, 3vw); }
.failed { color: light-dark(#b3261e, #ff8a80); }
`;
