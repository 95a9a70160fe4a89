// The dashboard's server: the routes behind the guard. It reads the log and changes nothing.
import { COST_GROUPS } from "../history/session-cost";
import { readRecordsAt } from "../log/reader";
import { faultCode } from "../os/fault";
import type { LiveMessage, Place, SearchMessage } from "./answers";
import { Catalog } from "./catalog";
import { Costs } from "./costs";
import { describePlaces, findEvents } from "./events";
import { answerFiles } from "./files";
import { parseFilter } from "../log-index/filter-words";
import { GROUPS } from "../log-index/group-by";
import { answer, answerJson, isSame, letIn } from "./guard";
import { Health, type Checked } from "./health";
import { newSecret, Tickets } from "./key";
import { liveMessages, type LiveFrom } from "./live";
import { answerSession } from "./one-session";
import { searchMessages } from "./search";
import { SharedFiles } from "./shared-files";
import { answerStatistics } from "./statistics";
import { answerUsualTimes } from "./usual-times";
import { SessionUsages } from "./session-usage";
import page from "./page/index.html";

/** How to serve. */
export interface ServerOptions {
  /** The folder of the daily logs. */
  readonly events: string;
  /** Claude Code's folder of transcripts. */
  readonly projects: string;
  /** 0 for any that is free. */
  readonly port: number;
  readonly check: () => Promise<Checked>;
  /** Told when a ticket comes a second time: someone else may have used it. */
  readonly onTicketUsedTwice: () => void;
}

/** A server that runs. */
export interface DashboardServer {
  readonly port: number;
  readonly token: string;
  /**
   * The address that a browser is opened with: good once, for half a minute.
   *
   * @param view what it shows, as in `/session/ID`
   */
  ticketUrl(view?: string): string;
  /** The address for a person, who may use it again. */
  readonly tokenUrl: string;
  close(): Promise<void>;
}

const MAX_EVENTS = 100_000;
const MAX_TEXTS = 200;
// Browsers open six connections to a host. A page whose stream is ended asks again when it is looked at.
const MAX_STREAMS = 4;

/**
 * Starts the server on 127.0.0.1.
 *
 * @throws an error with the code `EADDRINUSE` if the port is taken
 */
export function serveDashboard(options: ServerOptions): DashboardServer {
  const token = newSecret();
  const tickets = new Tickets();
  const catalog = new Catalog(options.events);
  const health = new Health(options.check);
  const sharedFiles = new SharedFiles(catalog);
  const usages = new SessionUsages(options.projects);
  const costs = new Costs(catalog, options.projects);
  const streams: AbortController[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: options.port,
    maxRequestBodySize: 4096,
    async fetch(request) {
      const access = letIn(request, this.port ?? 0, (given) => isSame(given, token));
      if (access instanceof Response) return access;
      const { pathname, searchParams } = new URL(request.url);
      if (access === "page") return pageFile(pathname);
      try {
        return await answerApi(pathname, searchParams, request);
      } catch (error) {
        return answerJson({ error: `the log cannot be read: ${faultCode(error)}` }, 500);
      }
    },
    error: () => answer("This is a bug in the dashboard.\n", 500),
  });

  async function answerApi(
    path: string,
    query: URLSearchParams,
    request: Request,
  ): Promise<Response> {
    const nowMs = Date.now();
    switch (path) {
      case "/api/login":
        return logIn((await request.text()).trim());
      case "/api/ticket":
        return answerJson({ ticket: tickets.issue() });
      case "/api/live":
        return live(request, liveFrom(query));
      case "/api/events": {
        const limit = Math.min(Number(query.get("limit")) || 1000, MAX_EVENTS);
        const filter = parseFilter(query.get("filter") ?? "");
        return answerJson(findEvents(catalog, filter, limit, nowMs));
      }
      case "/api/texts":
        return answerJson(
          describePlaces(options.events, placesIn(query.get("at")).slice(0, MAX_TEXTS)),
        );
      case "/api/session": {
        const session = catalog.sessions.get(query.get("id") ?? "");
        return session === undefined
          ? answerJson({ error: "no such session" }, 404)
          : answerJson(answerSession(catalog, session, placesIn(query.get("from")), nowMs));
      }
      case "/api/usage": {
        const id = query.get("id") ?? "";
        return catalog.sessions.has(id)
          ? answerJson(await usages.answer(id))
          : answerJson({ error: "no such session" }, 404);
      }
      case "/api/record": {
        const [place] = placesIn(query.get("at"));
        const [record] =
          place === undefined ? [] : readRecordsAt(options.events, place.day, [place.offset]);
        return record === undefined
          ? answerJson({ error: "this event is no longer in the log" }, 404)
          : answerJson(record);
      }
      case "/api/files":
        return answerJson(answerFiles(catalog, parseFilter(query.get("filter") ?? ""), nowMs));
      case "/api/costs": {
        const by = COST_GROUPS.find((group) => group === query.get("by")) ?? "model";
        const filter = parseFilter(query.get("filter") ?? "");
        return answerJson(await costs.answer(by, filter, nowMs));
      }
      case "/api/search":
        return search(request, query);
      case "/api/statistics": {
        const by = GROUPS.find((group) => group === query.get("by")) ?? "tool";
        const filter = parseFilter(query.get("filter") ?? "");
        return answerJson(answerStatistics(catalog, by, filter, nowMs));
      }
      case "/api/usual-times":
        return answerJson(answerUsualTimes(catalog));
      case "/api/health":
        return answerJson(await health.answer(catalog));
      default:
        return answerJson({ error: "no such address" }, 404);
    }
  }

  function logIn(ticket: string): Response {
    const state = tickets.redeem(ticket);
    if (state === "good") return answerJson({ token });
    if (state === "used") options.onTicketUsedTwice();
    return answerJson({ error: "this link was already used or is older than half a minute" }, 401);
  }

  function live(request: Request, from: LiveFrom | undefined): Response {
    // Bun ends an answer that is silent for ten seconds.
    server.timeout(request, 0);
    const stop = new AbortController();
    streams.push(stop);
    if (streams.length > MAX_STREAMS) streams.shift()?.abort();
    request.signal.addEventListener("abort", () => stop.abort(), { once: true });
    stop.signal.addEventListener("abort", () => {
      const at = streams.indexOf(stop);
      if (at >= 0) streams.splice(at, 1);
    });
    return answerLines(liveMessages(catalog, sharedFiles, from, stop.signal));
  }

  function search(request: Request, query: URLSearchParams): Response {
    const filter = parseFilter(query.get("filter") ?? "");
    const isCaseExact = query.get("case") !== "any";
    const { events } = options;
    const isRegex = query.get("regex") === "yes";
    return answerLines(searchMessages(events, { filter, isCaseExact, isRegex }, request.signal));
  }

  void catalog.run();
  const address = `http://127.0.0.1:${server.port}/`;
  return {
    port: server.port ?? 0,
    token,
    tokenUrl: `${address}#token=${token}`,
    ticketUrl: (view = "") => `${address}#ticket=${tickets.issue()}${view}`,
    async close() {
      catalog.close();
      for (const stream of streams.splice(0)) stream.abort();
      await server.stop(true);
    },
  };
}

function answerLines(messages: AsyncGenerator<LiveMessage | SearchMessage>): Response {
  return answer(linesOf(messages) as unknown as Bun.BodyInit, 200, {
    "content-type": "application/x-ndjson",
  });
}

async function* linesOf(messages: AsyncGenerator<unknown>): AsyncGenerator<string> {
  for await (const message of messages) yield `${JSON.stringify(message)}\n`;
}

function liveFrom(query: URLSearchParams): LiveFrom | undefined {
  const epoch = query.get("epoch");
  return epoch === null ? undefined : { epoch, cursor: Number(query.get("cursor")) || 0 };
}

/** `2026-11-22:1234,…` */
function placesIn(text: string | null): Place[] {
  return Array.from(
    (text ?? "").matchAll(/(\d{4}-\d\d-\d\d):(\d{1,15})/g),
    ([, day = "", offset]) => ({
      day,
      offset: Number(offset),
    }),
  );
}

// Bun embeds the files of the page in the executable, each under a name with a hash of its content. They are served
// here, and not by Bun, because they have to pass the guard and carry its headers.
function pageFile(path: string): Response {
  const files = page.files ?? [];
  const wanted = path === "/" ? page.index : path;
  const file = files.find((one) => one.path.endsWith(wanted.replace(/^\.?\//, "/")));
  if (file === undefined) return answer("There is nothing here.\n", 404);
  const type = (file.headers as Record<string, string> | undefined)?.["content-type"];
  return answer(Bun.file(file.path), 200, { "content-type": type ?? "application/octet-stream" });
}
