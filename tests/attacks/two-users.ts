// A machine of two users for attacks: the user runs our programs, in folders that the neighbour may
// write to.
import { expect } from "bun:test";
import { chmodSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import manifest from "../../package.json" with { type: "json" };
import { HOOK_PROGRAMS } from "../../lib/events";
import { run } from "../../scripts/harness/commands";
import { runProgram } from "../../scripts/harness/programs";
import { Sandbox } from "../../scripts/harness/sandbox";
import { BUG_REPORT } from "../support/terminal-output";
import { as, placeForAll, USER } from "../support/users";

/** What the neighbour would like the user to have as the session. */
export const EVIL_SESSION = "evil-session";
/** What is in the user's own file. */
export const PRECIOUS = "the user's own words";

const CLI = "claude-session";
// A hook gives up after a second, but here several run at the same time on a busy machine. A program
// that waits for a FIFO waits forever.
const HUNG_MS = 10_000;

/** Folders of programs that the user can start. */
export interface Programs {
  /** The hooks. They start no forwarder: one that outlives its test would be a second attacker. */
  readonly hooks: string;
  /** The command line. The hooks next to it only say their version: install tries them all. */
  readonly cli: string;
}

/** Places the programs in a sandbox. */
export async function placeForUser(sandbox: Sandbox): Promise<Programs> {
  const hooks = await placeForAll(sandbox);
  const cli = `${sandbox.root}/cli`;
  mkdirSync(cli);
  renameSync(`${hooks}/${CLI}`, `${cli}/${CLI}`);
  writeScript(`${hooks}/${CLI}`, "exit 0");
  for (const name of HOOK_PROGRAMS)
    writeScript(`${cli}/${name}`, `echo "${name} ${manifest.version}"`);
  for (const folder of [hooks, cli]) chmodSync(folder, 0o755);
  return { hooks, cli };
}

function writeScript(path: string, line: string): void {
  writeFileSync(path, `#!/bin/sh\n${line}\n`);
  chmodSync(path, 0o755);
}

/** One user's home, and folders that both users may write to. */
export class TwoUsers implements Disposable {
  readonly sandbox = new Sandbox();
  /** A file of the user that our programs have no business with. */
  readonly precious = `${this.sandbox.home}/precious`;
  /** How many programs the user has run. */
  programsRun = 0;
  readonly #programs: Programs;

  constructor(programs: Programs) {
    this.#programs = programs;
    const { root, home, pointers, state, project } = this.sandbox;
    chmodSync(root, 0o755);
    writeFileSync(this.precious, PRECIOUS, { mode: 0o600 });
    // A careless user, or a careless umask: everyone may write wherever we do.
    for (const folder of ["events", "forward/server", "backups"])
      mkdirSync(`${state}/${folder}`, { recursive: true });
    run("chown", "-R", `${USER}:${USER}`, home, project);
    run("chmod", "-R", "a+rwX", `${home}/.claude`);
    chmodSync(home, 0o755);
    // Like /tmp: only its owner may remove a file.
    chmodSync(pointers, 0o1777);
  }

  /** Runs a hook as the user, and expects the silence that a hook promises. */
  async runHook(program: string, event: object): Promise<void> {
    const { code, stdout, stderr, ms } = await this.#run(program, event, this.#programs.hooks);
    expect({ program, code, output: stdout + stderr }).toEqual({ program, code: 0, output: "" });
    expect(ms).toBeLessThan(HUNG_MS);
  }

  /** Runs the command line as the user: it may fail, but neither crashes nor shows an evil session. */
  async runCli(...args: string[]): Promise<void> {
    const { code, stdout, stderr } = await this.#run(CLI, "", this.#programs.cli, args);
    const output = stdout + stderr;
    expect(output).not.toMatch(BUG_REPORT);
    expect(output).not.toContain(EVIL_SESSION);
    expect([0, 1]).toContain(code ?? -1);
  }

  #run(program: string, input: object | string, folder: string, args: readonly string[] = []) {
    this.programsRun++;
    return runProgram(program, this.sandbox, input, { by: as(USER), folder, args });
  }

  [Symbol.dispose](): void {
    this.sandbox[Symbol.dispose]();
  }
}
