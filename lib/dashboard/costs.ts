// The cost of the sessions that match a filter, by model, agent, project or day. It is read from all transcripts of that
// period, and only on request, because a month of them takes seconds.
import { loadConfig } from "../load-config";
import { withConfiguredPrices } from "../history/prices";
import { costGroups, type CostGroup } from "../history/session-cost";
import { addAnswer, noUsage } from "../history/usage";
import type { Filter } from "../log-index/filter-words";
import { formatLocalTime } from "../os/local-time";
import { readUsageInSlices, type TranscriptUsage } from "../transcripts/read-usage";
import { listTranscripts } from "../transcripts/transcript-files";
import type { CostsAnswer } from "./answers";
import type { Catalog } from "./catalog";
import { numbersOf } from "./session-usage";
import { isChosen, ofSessions, takePeriod } from "./statistics";

const MAX_ROWS = 200;

/** What all sessions cost, from Claude Code's folder of transcripts. */
export class Costs {
  #state = "";
  #usage: Promise<TranscriptUsage> | undefined;

  constructor(
    readonly catalog: Catalog,
    readonly projects: string,
  ) {}

  /** Adds up what was used, by something. Sessions that are not in the log are left out where a filter names one. */
  async answer(by: CostGroup, filter: Filter, nowMs: number): Promise<CostsAnswer> {
    const [{ sinceMs, untilMs }, rest] = takePeriod(filter, nowMs);
    const { answers, files } = await this.#read(sinceMs);
    const { prices } = withConfiguredPrices(loadConfig().config.prices);
    const { sessions } = this.catalog;
    const sessionFilter = ofSessions(rest);
    const isForAll = sessionFilter.terms.length === 0;
    const chosen = Array.from(answers).filter((answer) => {
      if (answer.atMs < sinceMs || answer.atMs >= untilMs) return false;
      const session = sessions.get(answer.sessionId);
      return session === undefined ? isForAll : isChosen(session, sessionFilter, nowMs);
    });
    const total = noUsage();
    for (const answer of chosen) addAnswer(total, answer, prices);
    const groups = costGroups(by, chosen, prices, {
      projectOf: (sessionId) => sessions.get(sessionId)?.summary.project,
      localTimeOf: formatLocalTime,
    });
    const rows = Array.from(groups);
    const shown = by === "day" ? rows.slice(-MAX_ROWS) : rows.slice(0, MAX_ROWS);
    return {
      by,
      files,
      total: numbersOf(total),
      rows: shown.map(([name, usage]) => Object.assign(numbersOf(usage), { name })),
    };
  }

  // What was read last is kept until a file has changed.
  #read(sinceMs: number): Promise<TranscriptUsage> {
    const files = listTranscripts(this.projects, sinceMs);
    const state = files.map(({ path, size, modifiedMs }) => `${path} ${size} ${modifiedMs}`).join();
    if (this.#usage === undefined || state !== this.#state) {
      this.#state = state;
      this.#usage = readUsageInSlices(files);
    }
    return this.#usage;
  }
}
