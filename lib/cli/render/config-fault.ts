// Describes the invalid parts of a configuration.
import { paths } from "../../environment";

/** Puts the file's name in front of a fault; one of the machine's file has its path already. */
export function inConfigFile(fault: string): string {
  return fault.startsWith("config.json: ") || fault.startsWith(`${paths.machineConfig}: `)
    ? fault
    : `config.json: ${fault}`;
}
