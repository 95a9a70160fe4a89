// What a person is told about forwarding: by `forward --status` and by doctor. It changes nothing.
import { loadConfig } from "../config";
import { environment, paths } from "../environment";
import { findForwarder } from "../hook/start-forwarder";
import { faultCode } from "../os/fault";
import { ensurePrivateFolder } from "../os/folder";
import { system } from "../os/system";
import { countBacklog, type Amount } from "./backlog";
import { readCursor } from "./cursor";
import { readDestinations, type Destination } from "./destination";
import { acquireLock } from "./lock";
import { countRejected } from "./rejected";
import { readStatus, type Status } from "./status-file";

/** How one destination fares. */
export interface DestinationReport extends Status {
  readonly name: string;
  readonly type: Destination["type"];
  /** Without what in it may be secret. */
  readonly url: string;
  /** Recorded and not there yet. */
  readonly undelivered: Amount;
  /** Events that the server will never take, kept in `rejected.jsonl`. */
  readonly set_aside: number;
  /** Events that retention removed before they were delivered. */
  readonly lost: number;
  /** Lines of the log that were no records. */
  readonly skipped: number;
}

/** How forwarding fares. */
export interface ForwardingReport {
  /** Whether a forwarder is at work now. */
  readonly alive: boolean;
  /** The program that hooks would start. */
  readonly forwarder: string | null;
  readonly destinations: readonly DestinationReport[];
  /** What of the configuration cannot be used. */
  readonly faults: readonly string[];
}

/** Looks at everything that forwarding keeps, and goes through what is not delivered. Never throws but for bugs. */
export function reportForwarding(): ForwardingReport {
  const { config } = loadConfig();
  const { usable, faults } = readDestinations(config, environment);
  return {
    alive: isAlive(),
    forwarder: findForwarder(config.forwarder) ?? null,
    destinations: usable.map(reportDestination),
    faults: [...faults, ...usable.flatMap(folderFault)],
  };
}

function folderFault({ name, folder }: Destination): string[] {
  if (system.statusAt(folder) === undefined) return [];
  try {
    ensurePrivateFolder(folder);
    return [];
  } catch (error) {
    return [`${name}: nothing can be kept in ${folder}: ${faultCode(error)}`];
  }
}

function reportDestination({
  name,
  type,
  shownUrl,
  folder,
  wants,
}: Destination): DestinationReport {
  const { cursor } = readCursor(folder, paths.events);
  return {
    name,
    type,
    url: shownUrl,
    undelivered: countBacklog(paths.events, cursor, wants),
    ...readStatus(folder),
    set_aside: countRejected(folder),
    lost: cursor.lost,
    skipped: cursor.skipped,
  };
}

// The lock is the truth; a process that is found without it is at its end.
function isAlive(): boolean {
  const path = `${paths.forward}/lock`;
  if (system.statusAt(path) === undefined) return false;
  try {
    const lock = acquireLock(path);
    lock?.release();
    return lock === undefined;
  } catch (error) {
    faultCode(error); // Not ours to lock, so no forwarder of ours has it.
    return false;
  }
}
