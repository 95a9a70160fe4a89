// Combines the machine's configuration with the user's, by each key's rule in `KEYS`: a user can add destinations and
// privacy, but cannot remove any.
import { isKey, KEYS, type Config, type Key, type ParsedConfig, type Section } from "./config";

/** A combined configuration. */
export interface CombinedConfig {
  readonly config: Config;
  /** A line for each key of the user's file that does not have its effect, with the value that counts. */
  readonly overruled: readonly string[];
}

/** Combines two files. One that could not be understood captures no content, and so neither does the result. */
export function combineConfigs(machine: ParsedConfig, user: ParsedConfig): CombinedConfig {
  const overruled: string[] = [];
  const config = combineSections(KEYS, machine.config, user.config, "", {
    machine: machine.given,
    user: user.given,
    // Its rules for masking are then unknown as well.
    isMachineClear: machine.faults.length === 0,
    overruled,
  });
  return { config: Object.freeze(config) as Config, overruled };
}

interface Combining {
  readonly machine: readonly string[];
  readonly user: readonly string[];
  readonly isMachineClear: boolean;
  readonly overruled: string[];
}

function combineSections(
  section: Section,
  machine: object,
  user: object,
  path: string,
  combining: Combining,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, key] of Object.entries(section)) {
    const [ofMachine, ofUser] = [valueOf(machine, name), valueOf(user, name)];
    const keyPath = path ? `${path}.${name}` : name;
    values[name] = isKey(key)
      ? combineKey(key, ofMachine, ofUser, keyPath, path, combining)
      : combineSections(key, ofMachine as object, ofUser as object, keyPath, combining);
  }
  return values;
}

function combineKey(
  key: Key,
  ofMachine: unknown,
  ofUser: unknown,
  path: string,
  section: string,
  { machine, user, isMachineClear, overruled }: Combining,
): unknown {
  const value = combined();
  const asked = JSON.stringify(ofUser);
  // In a list, the user's items come last.
  const counts =
    key.machine === "joined" || key.machine === "first" || asked === JSON.stringify(value);
  if (user.includes(path) && !counts)
    overruled.push(`${path}: ${JSON.stringify(value)} counts, not ${asked}`);
  return value;

  function combined(): unknown {
    switch (key.machine) {
      case "smaller": {
        // A key that is missing in the machine's file is no limit, and a default is not a user's choice.
        const limit = machine.includes(path) ? Number(ofMachine) : key.max;
        return user.includes(path) ? Math.min(Number(ofUser), limit) : ofMachine;
      }
      case "fixed":
        return ofMachine;
      case "both":
        return ofMachine === true && ofUser === true;
      case "joined":
        return [...(ofMachine as readonly unknown[]), ...(ofUser as readonly unknown[])];
      case "reserved":
        return machine.includes(section) || !isMachineClear ? ofMachine : ofUser;
      case "first":
        return ofMachine === "" ? ofUser : ofMachine;
    }
  }
}

function valueOf(values: object, name: string): unknown {
  return (values as Record<string, unknown>)[name];
}
