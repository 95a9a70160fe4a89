// Every place on disk, computed from the environment. Nothing here creates or opens one.

/** Environment variables by name, as `process.env` gives them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Absolute paths; the folders among them may not exist yet. */
export interface Paths {
  /** Folder of the session pointers, shared with other people's hooks: `/tmp` unless moved. */
  readonly pointers: string;
  /** Claude Code's own folder, where the user's settings are. */
  readonly claude: string;
  /** Our own private folder, the parent of everything below. */
  readonly state: string;
  /** What the user chose. */
  readonly config: string;
  /** Folder of the daily logs. */
  readonly events: string;
  /** What hooks could not do. */
  readonly errorLog: string;
  /** Folder of what forwarders keep: a folder for each destination, a lock, a heartbeat. */
  readonly forward: string;
  /** Its date says when a forwarder was last alive, or being started. */
  readonly heartbeat: string;
}

/**
 * Computes where everything lives. A relative path in a variable is ignored: hooks start in the
 * folder of whatever project is open, and that folder must not decide where its events go.
 */
export function pathsFrom(env: Environment, platform: string = process.platform): Paths {
  const windows = platform === "win32";
  const given = (name: string) => {
    const value = env[name];
    return value !== undefined && isAbsolute(value, windows) ? value : undefined;
  };
  const claude =
    given("CLAUDE_CONFIG_DIR") ??
    `${given(windows ? "USERPROFILE" : "HOME") ?? passwdHome()}/.claude`;
  const state = given("CLAUDE_SESSION_HOME") ?? `${claude}/session-hooks`;
  const temporary = windows ? (given("TEMP") ?? given("TMP") ?? "C:/Windows/Temp") : "/tmp";
  return Object.freeze({
    pointers: given("CLAUDE_SESSION_DIR") ?? temporary,
    claude,
    state,
    config: `${state}/config.json`,
    events: `${state}/events`,
    errorLog: `${state}/hook-errors.log`,
    forward: `${state}/forward`,
    heartbeat: `${state}/forward/heartbeat`,
  });
}

/** Where a program is that was installed beside this one. */
export function programBeside(
  name: string,
  own: string = process.execPath,
  platform: string = process.platform,
): string {
  const path = pathOf(own);
  const folder = path.slice(0, nameStart(path));
  return `${folder}${name}${platform === "win32" ? ".exe" : ""}`;
}

/** The name that this program has on the disk: one of several, where they are linked. */
export function programName(own: string = process.execPath): string {
  const path = pathOf(own);
  const name = path.slice(nameStart(path));
  return name.endsWith(".exe") ? name.slice(0, -4) : name;
}

const DELETED = " (deleted)";

// After an upgrade by rename, Linux still names the old file, with a remark.
function pathOf(own: string): string {
  return own.endsWith(DELETED) ? own.slice(0, -DELETED.length) : own;
}

function nameStart(path: string): number {
  return Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1;
}

/** Whether a path names the same place from every working folder. */
export function isAbsolute(path: string, windows: boolean): boolean {
  return windows ? /^(?:[A-Za-z]:[\\/]|\\\\)/.test(path) : path.startsWith("/");
}

// What the system knows, whatever HOME says; loaded only where that is missing.
function passwdHome(): string {
  try {
    return (require("node:os") as typeof import("node:os")).userInfo().homedir;
  } catch {
    // Nobody that the system knows, as in a container that was given a bare user id: its home is `/`.
    return "";
  }
}
