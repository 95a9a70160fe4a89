// Computes every path that we use from the environment. Nothing here creates or opens one.

/** Environment variables by name, as `process.env` gives them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Absolute paths, which may not exist yet. */
export interface Paths {
  /** Folder of the session pointers, shared with other programs: `/tmp` unless configured. */
  readonly pointers: string;
  /** Claude Code's folder, with the user's settings. */
  readonly claude: string;
  /** Our private folder, the parent of all those below. */
  readonly state: string;
  /** The user's configuration. */
  readonly config: string;
  /** The machine's configuration, for all its users. */
  readonly machineConfig: string;
  /** Folder of the daily logs. */
  readonly events: string;
  /** Log of the hooks' faults. */
  readonly errorLog: string;
  /** The boot of the machine in which a session last began. */
  readonly boot: string;
  /** The forwarder's folder: a folder for each destination, a lock, a heartbeat. */
  readonly forward: string;
  /** Its modification time says when a forwarder was last alive, or being started. */
  readonly heartbeat: string;
}

/**
 * Computes the paths. A relative path in a variable is ignored: a hook starts in the folder of the open
 * project, which must not decide where its events go.
 *
 * @param elsewhere our state folder, if it is not in the usual place
 */
export function pathsFrom(
  env: Environment,
  platform: string = process.platform,
  elsewhere?: string,
): Paths {
  const isWindows = platform === "win32";
  const pathIn = (variable: string) => {
    const value = env[variable];
    return value !== undefined && isAbsolute(value, isWindows) ? value : undefined;
  };
  const claude =
    pathIn("CLAUDE_CONFIG_DIR") ??
    `${pathIn(isWindows ? "USERPROFILE" : "HOME") ?? accountHome()}/.claude`;
  const state = elsewhere ?? pathIn("CLAUDE_SESSION_HOME") ?? `${claude}/session-hooks`;
  const tempFolder = isWindows ? (pathIn("TEMP") ?? pathIn("TMP") ?? "C:/Windows/Temp") : "/tmp";
  return Object.freeze({
    pointers: pathIn("CLAUDE_SESSION_DIR") ?? tempFolder,
    claude,
    state,
    config: `${state}/config.json`,
    machineConfig: `${machineFolder(platform)}/config.json`,
    events: `${state}/events`,
    errorLog: `${state}/hook-errors.log`,
    boot: `${state}/boot`,
    forward: `${state}/forward`,
    heartbeat: `${state}/forward/heartbeat`,
  });
}

/**
 * The folder of what applies to every user of a machine. No variable can move it, or a user could leave the machine's
 * settings behind; and on Windows, other than in `%ProgramData%`, only administrators can create it.
 */
export function machineFolder(platform: string = process.platform): string {
  switch (platform) {
    case "darwin":
      return "/Library/Application Support/claude-session-hooks";
    case "win32":
      return "C:/Program Files/claude-session-hooks";
    default:
      return "/etc/claude-session-hooks";
  }
}

/** The folder of the programs that are installed for all users: everyone can run them, and only root can change them. */
export function machineProgramFolder(platform: string = process.platform): string {
  return platform === "darwin" || platform === "win32"
    ? `${machineFolder(platform)}/bin`
    : "/opt/claude-session-hooks/bin";
}

/** The path of another of our programs in the folder of this one, whether it is there or not. */
export function siblingProgram(
  name: string,
  ownPath: string = process.execPath,
  platform: string = process.platform,
): string {
  const path = withoutDeleted(ownPath);
  const folder = path.slice(0, nameStart(path));
  return `${folder}${name}${platform === "win32" ? ".exe" : ""}`;
}

/** The file name that this program was started by; linked programs are one file with several names. */
export function programName(ownPath: string = process.execPath): string {
  const path = withoutDeleted(ownPath);
  const name = path.slice(nameStart(path));
  return name.endsWith(".exe") ? name.slice(0, -4) : name;
}

const DELETED = " (deleted)";

// After an upgrade by rename, Linux adds this to the path of the replaced program.
function withoutDeleted(path: string): string {
  return path.endsWith(DELETED) ? path.slice(0, -DELETED.length) : path;
}

function nameStart(path: string): number {
  return Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1;
}

/** Whether a path means the same place from every working folder. */
export function isAbsolute(path: string, isWindows: boolean): boolean {
  return isWindows ? /^(?:[A-Za-z]:[\\/]|\\\\)/.test(path) : path.startsWith("/");
}

// The home folder in the system's list of users, for a process without HOME.
function accountHome(): string {
  try {
    return process.getBuiltinModule("node:os").userInfo().homedir;
  } catch {
    // The user id has no account, as in a container started with a bare user id: its home is `/`.
    return "";
  }
}
