// Starts the forwarder if there are destinations and none is running. Best effort: the log is the truth, and
// the next event tries again.
import type { Config } from "../config";
import { environment, paths } from "../environment";
import { faultCode } from "../os/fault";
import { touchFile } from "../os/file";
import { ensureOwnFolder } from "../os/folder";
import { siblingProgram } from "../os/paths";
import { system } from "../os/choose-syscalls";

/** A forwarder touches its heartbeat every second; after three without it is taken for dead. */
const STALE_MS = 3000;

/**
 * Starts a forwarder, unless there are no destinations or the heartbeat is fresh. It touches the heartbeat first:
 * of many hooks at the same time only the first few then start one, and a forwarder that always fails is not
 * started at every event.
 *
 * @returns its faults
 */
export async function startForwarder(config: Config): Promise<readonly string[]> {
  if (config.destinations.length === 0 || hasFreshHeartbeat()) return [];
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

/** Touches the heartbeat: a forwarder is running, or being started. */
export function touchHeartbeat(): void {
  ensureOwnFolder(paths.state);
  ensureOwnFolder(paths.forward);
  touchFile(paths.heartbeat);
}

/** Finds the forwarder: in the folder of this program, else at the path that install configured. */
export function findForwarder(configured: string): string | undefined {
  const sibling = siblingProgram("claude-session");
  if (system.statusAt(sibling) !== undefined) return sibling;
  return configured !== "" && system.statusAt(configured) !== undefined ? configured : undefined;
}

function hasFreshHeartbeat(): boolean {
  const status = system.statusAt(paths.heartbeat);
  // A time in the future, because the clock was set back, must not count for long either.
  return status !== undefined && Math.abs(Date.now() - status.modifiedMs) < STALE_MS;
}

// The forwarder uses the network, so it gets no other variables of the shell or the project.
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
  "ALL_PROXY",
  "all_proxy",
  "NO_PROXY",
  "no_proxy",
];

function forwarderEnvironment({ destinations }: Config): Record<string, string> {
  // The runtime must not upload a report if it crashes.
  const env: Record<string, string> = { BUN_ENABLE_CRASH_REPORTING: "0", DO_NOT_TRACK: "1" };
  const pass = (name: string) => {
    const value = environment[name];
    if (value !== undefined) env[name] = value;
  };
  for (const name of PASSED) pass(name);
  for (const { token_env: token } of destinations) if (typeof token === "string") pass(token);
  return env;
}

// It must outlive the hook, hold none of the hook's pipes, and not keep the project folder in use.
async function start(program: string, env: Record<string, string>): Promise<void> {
  if (process.platform === "win32") return startOnWindows(program, env);
  Bun.spawn([program, "forward"], { env, cwd: "/", detached: true, ...SILENT }).unref();
}

const SILENT = { stdin: "ignore", stdout: "ignore", stderr: "ignore" } as const;

// On Windows a detached child dies with its parent (Bun 1.4.5, oven-sh/bun#31603), unless another program
// starts it.
async function startOnWindows(program: string, env: Record<string, string>): Promise<void> {
  const root = env["SystemRoot"] ?? "C:\\Windows";
  const command = [`${root}\\System32\\cmd.exe`, "/d", "/c", "start", "", "/b", program, "forward"];
  await Bun.spawn(command, { env, cwd: root, windowsHide: true, ...SILENT }).exited;
}
