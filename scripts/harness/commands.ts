// Small commands and settings of the system that tests need.

// Where mount and its like are on Debian is not where they are elsewhere.
const SYSTEM_PATH = "/usr/bin:/bin:/usr/sbin:/sbin";

/** Runs a command of the system to its end, and answers with what it printed. */
export function run(...command: string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, { env: { PATH: SYSTEM_PATH } });
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${stderr}`);
  return stdout.toString();
}

/** Whether the system has a command. */
export function commandExists(name: string): boolean {
  return Bun.which(name, { PATH: SYSTEM_PATH }) !== null;
}

/** Acts under another umask. */
export function withUmask<T>(mask: number, act: () => T): T {
  const before = process.umask(mask);
  try {
    return act();
  } finally {
    process.umask(before);
  }
}
