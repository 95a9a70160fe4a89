// Reads the configuration: the machine's `config.json`, if it has one, and the user's.
//
// Every hook does this, so on a machine without a file of its own it costs one system call.
import {
  DEFAULT_CONFIG,
  parseConfig,
  unusableConfig,
  type Config,
  type ParsedConfig,
} from "./config";
import { paths } from "./environment";
import { combineConfigs } from "./machine-config";
import { faultCode } from "./os/fault";
import { readConfigFile } from "./os/file";
import { readRootFile } from "./os/root-file";

// Far more than any configuration needs; a larger file is a mistake.
const MAX_BYTES = 65_536;

/** A configuration, and what of the files could not be used. */
export interface LoadedConfig {
  readonly config: Config;
  /** As {@link ParsedConfig} has them; those of the machine's file begin with its path. */
  readonly faults: readonly string[];
  /** Of the user's file. */
  readonly unknownKeys: readonly string[];
  /** What the machine's file does; `undefined` if there is none. */
  readonly machine?: MachineConfig;
}

/** The machine's file. */
export interface MachineConfig {
  readonly path: string;
  /** The keys that it has, such as `capture.prompts`. */
  readonly keys: readonly string[];
  readonly unknownKeys: readonly string[];
  /** How many destinations are its own: the first ones of the configuration. */
  readonly destinations: number;
  /** A line for each key of the user's file that does not have its effect. */
  readonly overruled: readonly string[];
}

/**
 * Reads the configuration. Where a file cannot be read or understood, or anyone but root could have written the
 * machine's, no content is captured.
 *
 * @param user the user's file
 * @param machine the machine's file, which no variable of the environment can move
 */
export function loadConfig(
  user: string = paths.config,
  machine: string = paths.machineConfig,
): LoadedConfig {
  const ofMachine = readFile(machine, readRootFile);
  const ofUser = readFile(user, readConfigFile);
  if (ofMachine === undefined) {
    if (ofUser === undefined) return { config: DEFAULT_CONFIG, faults: [], unknownKeys: [] };
    const { config, faults, unknownKeys } = ofUser;
    return { config, faults, unknownKeys };
  }
  const { config, overruled } = combineConfigs(ofMachine, ofUser ?? parseConfig("{}"));
  return {
    config,
    faults: [
      ...ofMachine.faults.map((fault) => `${machine}: ${fault.replace(/^config\.json: /, "")}`),
      ...(ofUser?.faults ?? []),
    ],
    unknownKeys: ofUser?.unknownKeys ?? [],
    machine: {
      path: machine,
      keys: ofMachine.given,
      unknownKeys: ofMachine.unknownKeys,
      destinations: ofMachine.config.destinations.length,
      overruled,
    },
  };
}

function readFile(
  path: string,
  read: (path: string, maxBytes: number) => string | undefined,
): ParsedConfig | undefined {
  try {
    const text = read(path, MAX_BYTES);
    return text === undefined ? undefined : parseConfig(text);
  } catch (error) {
    return unusableConfig(faultCode(error));
  }
}
