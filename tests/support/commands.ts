// Small commands and settings of the system that tests need.

/** Runs a command of the system to its end, and answers with what it printed. */
export function run(...command: string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, { env: { PATH: "/usr/bin:/bin" } });
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${stderr}`);
  return stdout.toString();
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
