// The system's own commands, as tests and scripts run them.

// `mount` and the like are in sbin on some systems, in bin on others.
const SYSTEM_PATH = "/usr/bin:/bin:/usr/sbin:/sbin";

/**
 * Runs a command to its end; returns what it printed.
 *
 * @throws {Error} with its stderr, if it does not exit with 0
 */
export function run(...command: string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, { env: { PATH: SYSTEM_PATH } });
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${stderr}`);
  return stdout.toString();
}

/** Whether the system has a command. */
export function commandExists(name: string): boolean {
  return Bun.which(name, { PATH: SYSTEM_PATH }) !== null;
}

/** Calls a function while this process has another umask. */
export function withUmask<T>(mask: number, call: () => T): T {
  const before = process.umask(mask);
  try {
    return call();
  } finally {
    process.umask(before);
  }
}
