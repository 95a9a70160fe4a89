// The facts that doctor checks. Collecting them writes and creates nothing; what cannot be read is a fact
// with a system error code.
import { configKeys } from "../../config";
import { environment, paths, takenFolder } from "../../environment";
import { HOOK_PROGRAMS } from "../../events";
import { reportForwarding, type ForwardingReport } from "../../forward/status";
import { loadConfig, type MachineConfig } from "../../load-config";
import { isAbsolute } from "../../os/paths";
import { describeUser } from "../../os/user-name";
import { version } from "../../version";
import { diskFormOf, type DiskForm } from "../settings/disk-form";
import { pluginFolder } from "../settings/plugin";
import { tryProgram, type ProgramState } from "../settings/program-state";
import { suggestWord } from "../../suggestion";
import { CommandError } from "../command";
import type { Terminal } from "../terminal";
import { readErrorLog, type ErrorFacts } from "./facts/error-log";
import {
  freeSpaceAt,
  type FreeSpace,
  privateFolder,
  sharedFolder,
  statusIfSeen,
  type FolderFacts,
} from "./facts/folders";
import { readLogFacts, openFiles, type LogFacts } from "./facts/log";
import { readSettingsFacts, type SettingsFacts } from "./facts/settings";
import { newestTranscriptMs } from "./facts/transcripts";
import { dangerousIn, maskedIn, PLACES } from "./facts/variables";

/** Everything that doctor knows. */
export interface Facts {
  /** Of this program. */
  readonly version: string;
  readonly programs: readonly ProgramState[];
  /** How the programs lie on the disk, and the bytes of their files. */
  readonly disk: { readonly form: DiskForm; readonly bytes: number };
  /** The files with the highest precedence first. */
  readonly settings: readonly SettingsFacts[];
  /** Names of variables in our environment that change what hooks do. */
  readonly dangerous: readonly string[];
  /** Names of variables in our environment whose values are masked wherever they occur. */
  readonly masked: readonly string[];
  /** Names of variables in our environment that should name a place and are ignored. */
  readonly ignored: readonly string[];
  /** `undefined` on Windows, which has no user ids. */
  readonly ownUserId: number | undefined;
  /** Another user's folder, because of which ours is not in the usual place. */
  readonly takenFolder: { readonly path: string; readonly user: string } | undefined;
  readonly state: FolderFacts;
  readonly events: FolderFacts;
  readonly pointers: FolderFacts;
  readonly openFiles: readonly string[];
  readonly free: FreeSpace | undefined;
  readonly config: {
    readonly path: string;
    readonly exists: boolean;
    readonly faults: readonly string[];
    readonly unknownKeys: readonly UnknownKey[];
    readonly retentionDays: number;
    /** What the machine's file does; `undefined` if there is none. */
    readonly machine?: Omit<MachineConfig, "unknownKeys"> & {
      readonly unknownKeys: readonly UnknownKey[];
    };
  };
  readonly log: LogFacts;
  readonly errors: ErrorFacts;
  /** The newest release, or why it is unknown; `undefined` without `--check`. */
  readonly newest?: { readonly version: string } | { readonly reason: string };
  /** `undefined` without a destination. */
  readonly forwarding: ForwardingReport | undefined;
  /** When Claude Code last wrote a transcript, milliseconds since 1970 UTC. */
  readonly transcriptMs: number | undefined;
}

/** A key of no version up to this one, and what it was probably meant to be. */
export interface UnknownKey {
  readonly key: string;
  readonly meant: string | undefined;
}

/**
 * Collects the facts.
 *
 * @param asksForNewest whether to ask for the newest release, which is the only thing that reaches the network
 */
export async function collectFacts(terminal: Terminal, asksForNewest = false): Promise<Facts> {
  // The plugin has one file, which acts as every hook.
  const isPlugin = pluginFolder() !== undefined;
  const names = isPlugin ? (["session-event"] as const) : HOOK_PROGRAMS;
  const programs = await Promise.all(names.map((program) => tryProgram(program)));
  const { config, faults, unknownKeys, machine } = loadConfig();
  const log = readLogFacts(terminal);
  return {
    version,
    programs,
    // The client unpacks a plugin: how its files lie is not ours to change.
    disk: isPlugin ? { form: "separate", bytes: 0 } : diskFormOf(),
    settings: readSettingsFacts(),
    dangerous: dangerousIn(environment),
    masked: maskedIn(environment),
    ignored: PLACES.filter((name) => isIgnored(environment[name])),
    ownUserId: process.geteuid?.(),
    takenFolder: takenFolder && {
      path: takenFolder.path,
      user: describeUser(takenFolder.userId),
    },
    state: privateFolder(paths.state),
    events: privateFolder(paths.events),
    pointers: sharedFolder(paths.pointers),
    openFiles: process.platform === "win32" ? [] : openFiles(log.days),
    free: freeSpaceAt(paths.events),
    config: {
      path: paths.config,
      exists: statusIfSeen(paths.config) !== undefined,
      faults,
      unknownKeys: unknownKeys.map(unknownKey),
      retentionDays: config.retention_days,
      ...(machine && {
        machine: { ...machine, unknownKeys: machine.unknownKeys.map(unknownKey) },
      }),
    },
    log,
    errors: readErrorLog(),
    forwarding: config.destinations.length === 0 ? undefined : reportForwarding(),
    transcriptMs: newestTranscriptMs(),
    ...(asksForNewest && { newest: await newestRelease() }),
  };
}

function unknownKey(key: string): UnknownKey {
  return { key, meant: suggestWord(key, configKeys()) };
}

async function newestRelease(): Promise<NonNullable<Facts["newest"]>> {
  const { readRelease } = await import("../newest-release");
  try {
    return { version: (await readRelease()).version };
  } catch (error) {
    if (error instanceof CommandError) return { reason: error.message };
    throw error;
  }
}

function isIgnored(path: string | undefined): boolean {
  return path !== undefined && path !== "" && !isAbsolute(path, process.platform === "win32");
}
