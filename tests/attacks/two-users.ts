// A machine of two users for attacks: the user runs our programs, in folders that the neighbor may
// write to.
import { expect } from "bun:test";
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { HOOK_PROGRAMS } from "../../lib/events";
import { commandExists, run } from "../../scripts/harness/system-commands";
import { Sandbox } from "../../scripts/harness/sandbox";
import { BUG_REPORT } from "../support/terminal-output";
import { placeForAll, USER } from "../support/users";

/** What the neighbor wants the user's session to be. */
export const EVIL_SESSION = "evil-session";
/** The content of a file of the user that our programs have no business with. */
export const PRECIOUS = "the user's own words";

const CLI = "claude-session";
// A hook gives up after a second, but here several run at the same time on a busy machine. A program
// that waits for a FIFO waits forever.
const HUNG_MS = 10_000;

/** Commands that work only with the hooks next to the command line. */
const NEEDS_HOOKS = new Set(["install", "uninstall"]);

/** A program with what it gets: an event for a hook, arguments for the command line. */
export type Command =
  { readonly hook: string; readonly event: object } | { readonly args: readonly string[] };

/** Folders of programs that the user can start. */
export interface Programs {
  readonly all: string;
  /** The hooks, and a forwarder that ends immediately: a real one would race with the next programs. */
  readonly hooks: string;
  /** The command line alone: doctor would start every hook next to it. */
  readonly cli: string;
}

/** Places the programs in a sandbox. */
export async function placeForUser(sandbox: Sandbox): Promise<Programs> {
  const all = await placeForAll(sandbox);
  const [hooks, cli] = [`${sandbox.root}/hooks`, `${sandbox.root}/cli`];
  for (const folder of [hooks, cli]) {
    mkdirSync(folder);
    chmodSync(folder, 0o755);
  }
  for (const name of HOOK_PROGRAMS) linkSync(`${all}/${name}`, `${hooks}/${name}`);
  writeFileSync(`${hooks}/${CLI}`, "#!/bin/sh\n");
  chmodSync(`${hooks}/${CLI}`, 0o755);
  linkSync(`${all}/${CLI}`, `${cli}/${CLI}`);
  return { all, hooks, cli };
}

/** A user's home and pointer folder, where the neighbor may write too. */
export class TwoUsers implements Disposable {
  readonly sandbox = new Sandbox();
  readonly precious = `${this.sandbox.home}/precious`;
  readonly #programs: Programs;

  constructor(programs: Programs) {
    this.#programs = programs;
    const { root, home, pointers, state, project } = this.sandbox;
    chmodSync(root, 0o755);
    writeFileSync(this.precious, PRECIOUS, { mode: 0o600 });
    // A careless user, or a careless umask: everyone may write wherever our programs do.
    for (const folder of ["events", "forward/server", "backups"])
      mkdirSync(`${state}/${folder}`, { recursive: true });
    run("chown", "-R", `${USER}:${USER}`, home, project);
    run("chmod", "-R", "a+rwX", `${home}/.claude`);
    chmodSync(home, 0o755);
    // Like /tmp: only its owner may remove a file.
    chmodSync(pointers, 0o1777);
  }

  /** Writes the user's own config.json. */
  configure(content: string): void {
    const path = `${this.sandbox.state}/config.json`;
    writeFileSync(path, content, { mode: 0o600 });
    chownSync(path, USER, USER);
  }

  /** Runs a program as the user, and expects a hook to be silent, and the command line not to crash. */
  async run(command: Command): Promise<void> {
    const startedMs = performance.now();
    const { code, output } = await this.#spawn(command);
    if ("hook" in command) {
      const { hook } = command;
      expect({ hook, code, output }).toEqual({ hook, code: 0, output: "" });
      expect(performance.now() - startedMs).toBeLessThan(HUNG_MS);
      return;
    }
    expect(output).not.toMatch(BUG_REPORT);
    expect(output).not.toContain(EVIL_SESSION);
    expect([0, 1]).toContain(code);
  }

  /** Runs a program as the user, and returns every path that it names to the system, by strace. */
  async pathsUsedBy(command: Command): Promise<string[]> {
    const trace = `${this.sandbox.home}/trace`;
    await this.#spawn(command, ["strace", "-f", "-qq", "-e", "trace=%file", "-o", trace]);
    const calls = readFileSync(trace, "utf8");
    rmSync(trace);
    return Array.from(calls.matchAll(/"([^"]*)"/g), ([, path = ""]) => path);
  }

  // Not by setpriv: a start by it takes 10 ms more, a fifth of a hook's.
  async #spawn(command: Command, by: readonly string[] = []) {
    const { all, hooks, cli } = this.#programs;
    const [path, args, input] =
      "hook" in command
        ? [`${hooks}/${command.hook}`, [], JSON.stringify(command.event)]
        : [`${NEEDS_HOOKS.has(command.args[0] ?? "") ? all : cli}/${CLI}`, command.args, ""];
    const child = Bun.spawn([...by, path, ...args], {
      env: this.sandbox.env(),
      cwd: this.sandbox.project,
      uid: USER,
      gid: USER,
      stdin: new TextEncoder().encode(input),
      stdout: "pipe",
      stderr: "pipe",
    });
    const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    return { code: await child.exited, output: stdout + stderr };
  }

  [Symbol.dispose](): void {
    this.sandbox[Symbol.dispose]();
  }
}

/** Whether `pathsUsedBy` works here. */
export const canTrace = process.platform === "linux" && commandExists("strace");
