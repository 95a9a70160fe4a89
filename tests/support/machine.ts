// A machine with its own settings for all users: programs see our folders in place of /etc and /opt, in a mount
// namespace that ends with them. The machine itself is not touched.
import { chmodSync, copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { commandExists } from "../../scripts/harness/system-commands";
import { Sandbox } from "../../scripts/harness/sandbox";

/** What programs need of /etc: the names of users, and where libraries and this machine are. */
const COPIED = ["passwd", "group", "nsswitch.conf", "hosts", "ld.so.cache"];

/** A machine whose /etc and /opt are in a sandbox. */
export class Machine {
  /** The folder that programs see as /etc. */
  readonly etc: string;
  /** The folder that programs see as /opt. */
  readonly opt: string;

  constructor({ root }: Pick<Sandbox, "root">) {
    chmodSync(root, 0o755);
    this.etc = folder(`${root}/etc`);
    this.opt = folder(`${root}/opt`);
    for (const name of COPIED)
      if (existsSync(`/etc/${name}`)) copyFileSync(`/etc/${name}`, `${this.etc}/${name}`);
  }

  /** The start of a command that is to run on this machine, as root. */
  get by(): string[] {
    const script = 'mount --bind "$0" /etc && mount --bind "$1" /opt && shift && exec "$@"';
    return ["unshare", "--mount", "sh", "-c", script, this.etc, this.opt];
  }

  /** The machine's folder for our settings. */
  get folder(): string {
    return folder(`${this.etc}/claude-session-hooks`);
  }

  /** The path of the machine's config.json, as we see it. */
  get config(): string {
    return `${this.folder}/config.json`;
  }

  /** Writes the machine's config.json, for everyone to read. */
  configure(content: string | object): void {
    rmSync(this.config, { recursive: true, force: true });
    writeFileSync(this.config, typeof content === "string" ? content : JSON.stringify(content));
    chmodSync(this.config, 0o644);
  }
}

function folder(path: string): string {
  mkdirSync(path, { recursive: true });
  chmodSync(path, 0o755);
  return path;
}

/** Why no program can run on another machine here; `undefined` if one can. */
export function whyNoMachine(): string | undefined {
  if (process.platform !== "linux") return "mount namespaces are Linux's";
  if (process.geteuid?.() !== 0) return "only root can mount";
  if (!commandExists("unshare")) return "unshare is not installed";
  using sandbox = new Sandbox();
  const machine = new Machine(sandbox);
  const { exitCode, stderr } = Bun.spawnSync([...machine.by, "true"], { env: sandbox.env() });
  return exitCode === 0 ? undefined : `no mount namespace: ${stderr.toString().trim()}`;
}
