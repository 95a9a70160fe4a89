// A sandbox that forwards to a server of either type, and what `claude-session forward` says about it.
import type { Subprocess } from "bun";
import type { DestinationReport, ForwardingReport } from "../../lib/forward/status";
import { programPath, runCli, type Ended } from "../../scripts/harness/run-program";
import { Sandbox } from "../../scripts/harness/sandbox";
import { Collector } from "./collector";
import { configure } from "./forwarder";
import { ledger, type Ledger } from "./ledger";

/** A destination as it is in `config.json`. */
export interface ConfiguredDestination {
  readonly name: string;
  readonly [key: string]: unknown;
}

/** The destination `team`, an observability server. */
export function toTeam({ url }: Collector, more: object = {}): ConfiguredDestination {
  return { name: "team", type: "observability", url, ...more };
}

/** The destination `lake`, a server that takes records. */
export function toLake({ url }: Collector, more: object = {}): ConfiguredDestination {
  return { name: "lake", type: "http", url: `${url}/?query=INSERT%20INTO%20events`, ...more };
}

/** A destination, and the collector behind it. */
export interface Side {
  readonly name: string;
  readonly collector: Collector;
}

/** A sandbox with a destination of each type, each with its own collector. */
export class TwoDestinations implements AsyncDisposable {
  readonly sandbox = new Sandbox();
  readonly team: Side = { name: "team", collector: new Collector() };
  readonly lake: Side = { name: "lake", collector: new Collector() };
  readonly sides = [this.team, this.lake] as const;

  /** @param more what to configure for both */
  constructor(more: object = {}) {
    configure(this.sandbox, toTeam(this.team.collector, more), toLake(this.lake.collector, more));
  }

  /** What became of these events at both destinations. */
  ledgers(emitted: readonly string[]): Promise<(Side & Ledger)[]> {
    return Promise.all(
      this.sides.map(async (side) => ({
        ...side,
        ...(await ledger(this.sandbox, side.name, emitted, side.collector)),
      })),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { collector } of this.sides) await collector[Symbol.asyncDispose]();
    this.sandbox[Symbol.dispose]();
  }
}

/** What `forward --status --json` prints. */
export interface Status extends ForwardingReport {
  /** What it prints about a destination; throws where it prints nothing. */
  of(name: string): DestinationReport;
}

/** Runs `forward --status --json`. */
export async function statusOf(sandbox: Sandbox): Promise<Status> {
  const { stdout } = await runCli(sandbox, "forward --status --json");
  const report = JSON.parse(stdout) as ForwardingReport;
  const of = (name: string): DestinationReport => {
    const found = report.destinations.find((destination) => destination.name === name);
    if (found === undefined) throw new Error(`no ${name} in ${stdout}`);
    return found;
  };
  return { ...report, of };
}

/** Runs `forward --once`. */
export function forwardOnce(sandbox: Sandbox, env: Record<string, string> = {}): Promise<Ended> {
  return runCli(sandbox, "forward --once", { env });
}

/** Starts `forward` and does not wait for it. */
export function startForward(sandbox: Sandbox, ...args: string[]): Subprocess {
  const command = [programPath("claude-session"), "forward", ...args];
  const silent = { stdin: "ignore", stdout: "ignore", stderr: "ignore" } as const;
  return Bun.spawn(command, { env: sandbox.env(), ...silent });
}

/** An environment that sends all requests through a proxy. */
export function proxiedBy({ url }: Collector): Record<string, string> {
  const names = ["http_proxy", "https_proxy", "all_proxy"];
  return Object.fromEntries(
    names.flatMap((name) => [
      [name, url],
      [name.toUpperCase(), url],
    ]),
  );
}
