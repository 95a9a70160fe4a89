// Health: what doctor finds, what is pending delivery, and how certain it is which events belong together.
import { useEffect, useState } from "preact/hooks";
import type { Correlation, HealthAnswer } from "../../answers";
import { askJson } from "../api";
import { formatAgo, formatCount } from "../format";
import { now } from "../store";

const AGAIN_MS = 30_000;
const MARKS = { ok: "✓", warn: "!", fail: "✗" } as const;
const WORDS = { ok: "fine", warn: "warning", fail: "problem" } as const;

export function Health() {
  const [answer, setAnswer] = useState<HealthAnswer | undefined>();
  const [problem, setProblem] = useState("");
  useEffect(() => {
    const stop = new AbortController();
    const load = () =>
      askJson<HealthAnswer>("/api/health", stop.signal)
        .then((found) => {
          setAnswer(found);
          setProblem("");
        })
        .catch((error: unknown) => {
          if (!stop.signal.aborted) setProblem(String(error));
        });
    void load();
    const timer = setInterval(() => !document.hidden && void load(), AGAIN_MS);
    return () => {
      stop.abort();
      clearInterval(timer);
    };
  }, []);
  if (answer === undefined)
    return (
      <div class="empty">
        <h1>{problem === "" ? "Checking everything …" : problem}</h1>
      </div>
    );
  const bad = answer.findings.filter(({ level }) => level !== "ok");
  return (
    <div class="health">
      <h1>
        {bad.length === 0
          ? "Everything works"
          : `${bad.length} of ${answer.findings.length} checks ${bad.length === 1 ? "needs" : "need"} attention`}
      </h1>
      <Findings findings={bad.length === 0 ? answer.findings : bad} />
      {bad.length === 0 ? null : (
        <details>
          <summary>{answer.findings.length - bad.length} checks passed</summary>
          <Findings findings={answer.findings.filter(({ level }) => level === "ok")} />
        </details>
      )}
      <Destinations destinations={answer.destinations} />
      <Correlations days={answer.correlation} />
    </div>
  );
}

function Findings({ findings }: Pick<HealthAnswer, "findings">) {
  return (
    <ul class="findings">
      {findings.map(({ level, what, fix }) => (
        <li key={what} class={level}>
          <span class="mark" role="img" aria-label={WORDS[level]}>
            {MARKS[level]}
          </span>
          <span>
            {what}
            {fix === null ? null : <span class="fix">{fix}</span>}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Destinations({ destinations }: Pick<HealthAnswer, "destinations">) {
  return (
    <section>
      <h2>Delivery</h2>
      {destinations.length === 0 ? (
        <p class="quiet">
          Events stay on this machine: config.json has no destinations. To forward them, run{" "}
          <code>claude-session install --server URL</code>.
        </p>
      ) : (
        <div class="scroll" tabIndex={0} role="region" aria-label="Destinations">
          <table>
            <thead>
              <tr>
                <th scope="col">destination</th>
                <th scope="col">address</th>
                <th scope="col" class="number">
                  undelivered
                </th>
                <th scope="col" class="number">
                  rejected
                </th>
                <th scope="col" class="number">
                  lost
                </th>
                <th scope="col">last delivery</th>
              </tr>
            </thead>
            <tbody>
              {destinations.map((one) => (
                <tr key={one.name}>
                  <th scope="row">
                    {one.name} <span class="quiet">{one.type}</span>
                  </th>
                  <td>
                    {one.url}
                    <span class="fix">{one.configured_in}</span>
                  </td>
                  <td class="number">{formatCount(one.undelivered)}</td>
                  <td class="number">{formatCount(one.rejected)}</td>
                  <td class="number">{formatCount(one.lost)}</td>
                  <td>
                    {one.last_success_at === null
                      ? "never"
                      : formatAgo(Date.parse(one.last_success_at), now.value)}
                    {one.last_error === null ? null : <span class="fix">{one.last_error}</span>}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Correlations({ days }: { readonly days: readonly Correlation[] }) {
  return (
    <section>
      <h2>Which events belong together</h2>
      <p class="quiet">
        Each event belongs to a session because the event itself, the hook's environment, or the
        project's pointer file names it. A call, a subagent or a session is joined if its end was
        also recorded.
      </p>
      <div class="scroll" tabIndex={0} role="region" aria-label="Correlation">
        <table>
          <thead>
            <tr>
              <th scope="col">day (UTC)</th>
              <th scope="col" class="number">
                events
              </th>
              <th scope="col">named by</th>
              <th scope="col" class="number">
                unknown
              </th>
              <th scope="col" class="number">
                calls joined
              </th>
              <th scope="col" class="number">
                subagents joined
              </th>
              <th scope="col" class="number">
                sessions ended
              </th>
              <th scope="col" class="number">
                recorded twice
              </th>
            </tr>
          </thead>
          <tbody>
            {days.map((one) => (
              <tr key={one.day}>
                <th scope="row">{one.day}</th>
                <td class="number">{formatCount(one.events)}</td>
                <td>
                  <Witnesses day={one} />
                </td>
                <td class={one.witnesses.unknown > 0 ? "number failed" : "number quiet"}>
                  {share(one.witnesses.unknown, one.events)}
                </td>
                <td class="number">{share(one.calls_joined, one.calls)}</td>
                <td class="number">{share(one.agents_joined, one.agents)}</td>
                <td class="number">{share(one.sessions_ended, one.sessions)}</td>
                <td class={one.doubled_events > 0 ? "number failed" : "number quiet"}>
                  {formatCount(one.doubled_events)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

const WITNESSES = [
  ["payload", "event"],
  ["environment", "environment"],
  ["file", "pointer"],
  ["unknown", "nobody"],
] as const;

function Witnesses({ day: { events, witnesses } }: { readonly day: Correlation }) {
  const words = WITNESSES.filter(([key]) => witnesses[key] > 0)
    .map(([key, word]) => `${word} ${share(witnesses[key], events)}`)
    .join(", ");
  let x = 0;
  return (
    <span class="witnesses" title={words}>
      <svg viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label={words}>
        {WITNESSES.map(([key]) => {
          const width = events === 0 ? 0 : (witnesses[key] / events) * 100;
          const rect = <rect key={key} class={key} x={x} y="0" width={width} height="8" />;
          x += width;
          return rect;
        })}
      </svg>
      <span>{words}</span>
    </span>
  );
}

function share(part: number, whole: number): string {
  if (whole === 0) return "–";
  const percent = (part / whole) * 100;
  return `${percent > 99 && percent < 100 ? percent.toFixed(1) : Math.round(percent)} %`;
}
