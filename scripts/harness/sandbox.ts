// A temporary home for a program under test, and an environment without anything of this machine's user.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";

/** Temp folders that are removed on dispose (`using`). */
export class Sandbox {
  readonly root = mkdtempSync(`${tmpdir()}/claude-session-hooks-test-`);
  readonly home = this.#folder("home");
  readonly pointers = this.#folder("pointers");
  /** The state folder, which the programs create. */
  readonly state = `${this.home}/.claude/session-hooks`;
  readonly events = `${this.state}/events`;
  /** A project folder with an (empty) repository. */
  readonly project = this.#folder("shop");

  constructor() {
    mkdirSync(`${this.project}/.git`);
  }

  /** The whole environment of a program under test; `more` adds variables, or removes those set to `undefined`. */
  env(more: Record<string, string | undefined> = {}): Record<string, string> {
    const all = {
      PATH: "/usr/bin:/bin",
      HOME: this.home,
      CLAUDE_CONFIG_DIR: `${this.home}/.claude`,
      CLAUDE_SESSION_HOME: this.state,
      CLAUDE_SESSION_DIR: this.pointers,
      CLAUDE_PROJECT_DIR: this.project,
      ...more,
    };
    return Object.fromEntries(
      Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  #folder(name: string): string {
    mkdirSync(`${this.root}/${name}`);
    return `${this.root}/${name}`;
  }
}
