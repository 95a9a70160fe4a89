// The state of forwarding for a person: for `forward --status` and doctor. Reads only.
import { loadConfig } from "../load-config";
import { environment, paths } from "../environment";
import { findForwarder } from "../hook/start-forwarder";
import { faultCode } from "../os/fault";
import { ensureOwnFolder } from "../os/folder";
import { system } from "../os/choose-syscalls";
import { countBacklog, type BacklogSize } from "./backlog";
import { readCursor } from "./cursor";
import { readDestinations, type Destination } from "./destination";
import { acquireLock } from "./lock";
import { countRejected } from "./rejected";
import { readStatus, type DeliveryStatus } from "./status-file";

/** The state of one destination. */
export interface DestinationReport extends DeliveryStatus {
  readonly name: string;
  readonly type: Destination["type"];
  /** Without the parts that may be secret. */
  readonly url: string;
  /** The path of the `config.json` that has it: the user's or the machine's. */
  readonly configured_in: string;
  /** Events in the log that are not delivered yet. */
  readonly undelivered: BacklogSize;
  /** How many events the server will never take; `rejected.jsonl` has them. */
  readonly rejected: number;
  /** How many events retention removed before they were delivered. */
  readonly lost: number;
  /** How many lines of the log are not records. */
  readonly skipped: number;
  /** How many events of delivered batches the server says that it did not take. */
  readonly refused: number;
  /** How many delivered events were sent again, because their day was changed from outside. */
  readonly repeated: number;
}

/** The state of forwarding. */
export interface ForwardingReport {
  /** Whether a forwarder is running. */
  readonly alive: boolean;
  /** The path of the program that hooks start; `null` if there is none. */
  readonly forwarder: string | null;
  readonly destinations: readonly DestinationReport[];
  /** What in the configuration or the folders cannot be used, and why. */
  readonly faults: readonly string[];
}

/** Reads everything that forwarding keeps, and counts what is not delivered. Never throws, except on a bug. */
export function reportForwarding(): ForwardingReport {
  const loaded = loadConfig();
  const { usable, faults, misspelt } = readDestinations(loaded, environment);
  return {
    alive: isAlive(),
    forwarder: findForwarder(loaded.config.forwarder) ?? null,
    destinations: usable.map(reportDestination),
    faults: [...faults, ...misspelt, ...usable.flatMap(folderFault)],
  };
}

function folderFault({ name, folder }: Destination): string[] {
  if (system.statusAt(folder) === undefined) return [];
  try {
    ensureOwnFolder(folder);
    return [];
  } catch (error) {
    return [`${name}: ${folder} cannot be used: ${faultCode(error)}`];
  }
}

function reportDestination({
  name,
  type,
  shownUrl,
  configuredIn,
  folder,
  wants,
}: Destination): DestinationReport {
  const { cursor } = readCursor(folder, paths.events);
  return {
    name,
    type,
    url: shownUrl,
    configured_in: configuredIn,
    undelivered: countBacklog(paths.events, cursor, wants),
    ...readStatus(folder),
    rejected: countRejected(folder),
    lost: cursor.lost,
    skipped: cursor.skipped,
    repeated: cursor.repeated,
    refused: cursor.refused,
  };
}

// The lock decides: a forwarder without it is about to end.
function isAlive(): boolean {
  const path = `${paths.forward}/lock`;
  if (system.statusAt(path) === undefined) return false;
  try {
    const lock = acquireLock(path);
    lock?.release();
    return lock === undefined;
  } catch (error) {
    faultCode(error); // Another user's file: our forwarder cannot have locked it.
    return false;
  }
}
