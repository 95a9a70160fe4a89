// The dashboard's credentials: a token, new at each start, and tickets for the links that open a browser.
import { paths } from "../environment";
import { readOwnFile, removeFile, replaceFile } from "../os/file";
import { ensureOwnFolder } from "../os/folder";
import { faultCode } from "../os/fault";
import { isSame } from "./guard";

/** A dashboard that runs, as `dashboard.json` in the state folder has it; only its owner may read that. */
export interface RunningDashboard {
  readonly pid: number;
  readonly port: number;
  readonly token: string;
}

const MAX_BYTES = 4096;
// A browser that is started cold takes some seconds.
const TICKET_MS = 30_000;

function filePath(): string {
  return `${paths.state}/dashboard.json`;
}

/** The dashboard that a former call started; `undefined` if there is none. Whether it still runs, only asking shows. */
export function readDashboard(): RunningDashboard | undefined {
  try {
    const value: unknown = JSON.parse(readOwnFile(filePath(), MAX_BYTES) ?? "null");
    if (typeof value !== "object" || value === null) return undefined;
    const { pid, port, token } = value as Record<string, unknown>;
    return typeof pid === "number" && typeof port === "number" && typeof token === "string"
      ? { pid, port, token }
      : undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) faultCode(error);
    return undefined;
  }
}

/** Says which dashboard runs. */
export function saveDashboard(dashboard: RunningDashboard): void {
  ensureOwnFolder(paths.state);
  replaceFile(filePath(), `${JSON.stringify(dashboard)}\n`);
}

/** Takes that back, if no other dashboard has said so since. */
export function forgetDashboard({ token }: RunningDashboard): void {
  if (readDashboard()?.token === token) removeFile(filePath());
}

/** A text that nobody can guess. */
export function newSecret(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(24))).toString("base64url");
}

/**
 * Tickets. The link that a browser is opened with is among the arguments of a program, which every user of the machine
 * can list: so it has no token, but a ticket that is good once, for half a minute.
 */
export class Tickets {
  readonly #open = new Map<string, number>();
  readonly #used = new Set<string>();

  /** Makes a ticket. */
  issue(): string {
    const ticket = newSecret();
    this.#open.set(ticket, performance.now() + TICKET_MS);
    return ticket;
  }

  /** Takes a ticket, and says whether it is good, was used before, or is none. */
  redeem(given: string): "good" | "used" | "none" {
    for (const used of this.#used) if (isSame(given, used)) return "used";
    for (const [ticket, endMs] of this.#open) {
      if (!isSame(given, ticket)) continue;
      this.#open.delete(ticket);
      this.#used.add(ticket);
      return performance.now() <= endMs ? "good" : "none";
    }
    return "none";
  }
}
