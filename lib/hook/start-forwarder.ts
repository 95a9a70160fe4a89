// Starts the forwarder when one is wanted and none is alive. It is best effort: the log is the truth,
// and the next event tries again.
import type { Config } from "../config";
import { environment, paths } from "../environment";
import { faultCode } from "../os/fault";
import { touchFile } from "../os/file";
import { ensurePrivateFolder } from "../os/folder";
import { programBeside } from "../os/paths";
import { system } from "../os/system";

/** A forwarder shows each second that it is alive; so long after that it is taken for dead. */
const STALE_MS = 3000;

/**
 * Starts a forwarder, unless there is nowhere to deliver to or the heartbeat is fresh. Whoever starts
 * one touches the heartbeat first, so that of many hooks at once only the first few do, and a
 * forwarder that cannot live is not tried at every event.
 *
 * @returns what it could not do
 */
export async function startForwarder(config: Config): Promise<readonly string[]> {
  if (config.destinations.length === 0 || isBeating()) return [];
  try {
    const program = findForwarder(config.forwarder);
    if (program === undefined) return [];
    touchHeartbeat();
    await start(program, forwarderEnvironment(config));
    return [];
  } catch (error) {
    return [`forwarder not started: ${faultCode(error)}`];
  }
}

/** Shows that a forwarder is alive, or being started. */
export function touchHeartbeat(): void {
  ensurePrivateFolder(paths.state);
  ensurePrivateFolder(paths.forward);
  touchFile(paths.heartbeat);
}

/** Where the forwarder is: beside this program, else where the installation wrote down. */
export function findForwarder(configured: string): string | undefined {
  const beside = programBeside("claude-session");
  if (system.statusAt(beside) !== undefined) return beside;
  return configured !== "" && system.statusAt(configured) !== undefined ? configured : undefined;
}

function isBeating(): boolean {
  const status = system.statusAt(paths.heartbeat);
  // A date in the future is no sign of life for long: the clock was set back.
  return status !== undefined && Math.abs(Date.now() - status.modifiedMs) < STALE_MS;
}

// Whatever the shell or the project holds besides stays out of a program that talks to the network.
const PASSED: readonly string[] = [
  "HOME",
  "USERPROFILE",
  "CLAUDE_CONFIG_DIR",
  "CLAUDE_SESSION_HOME",
  "SystemRoot",
  "TEMP",
  "TMP",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "NODE_EXTRA_CA_CERTS",
  "HTTP_PROXY",
  "http_proxy",
  "HTTPS_PROXY",
  "https_proxy",
  "NO_PROXY",
  "no_proxy",
];

function forwarderEnvironment({ destinations }: Config): Record<string, string> {
  // A crash of the runtime must not send its report anywhere.
  const env: Record<string, string> = { BUN_ENABLE_CRASH_REPORTING: "0", DO_NOT_TRACK: "1" };
  const pass = (name: string) => {
    const value = environment[name];
    if (value !== undefined) env[name] = value;
  };
  for (const name of PASSED) pass(name);
  for (const { token_env: token } of destinations) if (typeof token === "string") pass(token);
  return env;
}

// It must outlive the hook, hold none of its pipes, and keep no project folder busy.
async function start(program: string, env: Record<string, string>): Promise<void> {
  if (process.platform === "win32") return startOnWindows(program, env);
  Bun.spawn([program, "forward"], { env, cwd: "/", detached: true, ...SILENT }).unref();
}

const SILENT = { stdin: "ignore", stdout: "ignore", stderr: "ignore" } as const;

// There a detached child dies with its parent (Bun 1.4.5, oven-sh/bun#31603), unless another program
// starts it.
async function startOnWindows(program: string, env: Record<string, string>): Promise<void> {
  const root = env["SystemRoot"] ?? "C:\\Windows";
  const command = [`${root}\\System32\\cmd.exe`, "/d", "/c", "start", "", "/b", program, "forward"];
  await Bun.spawn(command, { env, cwd: root, windowsHide: true, ...SILENT }).exited;
}
