// A user's machine for the real client: the programs in ~/.claude/hooks, registered by our own
// installer, and beside them a hook of somebody else's that keeps what it is sent. That one is the
// witness: it says which events there were.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { observableEvents } from "../../lib/events";
import type { EventRecord } from "../../lib/log/record";
import { placePrograms } from "../../scripts/build";
import { payloadOf, recordsOf } from "../../scripts/harness/records";
import { Sandbox } from "../../scripts/harness/sandbox";
import { endForwarders } from "../support/forwarder";
import { Client } from "./client";
import { serveMessages, type MessagesApi, type Script } from "./messages-api";

/** An event as the client sent it. */
export type Payload = Readonly<Record<string, unknown>>;

/** Whose hooks are registered. */
export interface Cast {
  readonly ours?: boolean;
  /** One that keeps what it is sent, one that does nothing, or none. */
  readonly others?: "witness" | "idle" | "none";
}

/** It opens nothing. */
export const API_KEY = "made-up-key-of-no-account";

/** A machine with the client on it, until it is disposed of (`await using`). */
export class Stage {
  readonly sandbox = new Sandbox();
  readonly api: MessagesApi;
  readonly hooks = `${this.sandbox.home}/.claude/hooks`;
  readonly #client: string;
  readonly #witnessed = `${this.sandbox.root}/witnessed`;
  readonly #temporary = `${this.sandbox.root}/tmp`;

  private constructor(client: string, scripts: Readonly<Record<string, Script>>) {
    this.#client = client;
    this.api = serveMessages(scripts);
    for (const folder of [this.#witnessed, this.#temporary, `${this.sandbox.home}/.claude`])
      mkdirSync(folder, { recursive: true });
  }

  /** Prepares a machine with the client, our hooks unless they are not wanted, and others'. */
  static async open(
    client: string,
    scripts: Readonly<Record<string, Script>>,
    { ours = true, others = "witness" }: Cast = {},
  ): Promise<Stage> {
    const stage = new Stage(client, scripts);
    if (others !== "none") stage.#register(others);
    if (!ours) return stage;
    await placePrograms(stage.hooks);
    const ended = stage.claudeSession("install", "--events", "all");
    if (ended.code !== 0) throw new Error(`install ended with ${ended.code}: ${ended.output}`);
    return stage;
  }

  /** Runs our command line as its user would. */
  claudeSession(...words: readonly string[]): { code: number; output: string } {
    const { exitCode, stdout, stderr } = Bun.spawnSync([`${this.hooks}/claude-session`, ...words], {
      env: this.env,
      cwd: this.sandbox.project,
    });
    return { code: exitCode, output: `${stdout}${stderr}` };
  }

  /** Starts the client with a prompt and further words; `before` is a command that is to start it. */
  start(words: readonly string[], before: readonly string[] = []): Client {
    const command = [...before, this.#client, "-p", "--output-format", "stream-json", "--verbose"];
    const args = ["--include-hook-events", "--permission-mode", "bypassPermissions", ...words];
    return new Client([...command, ...args], this.env, this.sandbox.project);
  }

  /** Runs it to its end, which should be a good one. */
  async run(...words: readonly string[]): Promise<Client> {
    const client = this.start(words);
    await client.hangUp();
    const { code, stderr } = await client.ended();
    if (code !== 0 || stderr !== "") throw new Error(`the client ended with ${code}: ${stderr}`);
    return client;
  }

  /** The events that the witness was sent. */
  get witnessed(): Payload[] {
    return readdirSync(this.#witnessed).map(
      (name) => JSON.parse(readFileSync(`${this.#witnessed}/${name}`, "utf8")) as Payload,
    );
  }

  /** Our records, and the events that they were made of. */
  async recorded(): Promise<{ records: EventRecord[]; payloads: Payload[] }> {
    const records = await recordsOf(this.sandbox);
    return { records, payloads: records.map(payloadOf) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.api[Symbol.dispose]();
    await endForwarders(this.sandbox);
    this.sandbox[Symbol.dispose]();
  }

  /** The whole environment of the client. */
  get env(): Record<string, string> {
    return {
      ...this.sandbox.env({ CLAUDE_PROJECT_DIR: undefined, CLAUDE_SESSION_HOME: undefined }),
      TMPDIR: this.#temporary,
      ANTHROPIC_BASE_URL: this.api.url,
      ANTHROPIC_API_KEY: API_KEY,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      DISABLE_TELEMETRY: "1",
      DISABLE_ERROR_REPORTING: "1",
      DISABLE_AUTOUPDATER: "1",
      // Without it root may not use --permission-mode bypassPermissions.
      IS_SANDBOX: "1",
    };
  }

  #register(others: "witness" | "idle"): void {
    const hook =
      others === "idle"
        ? { command: "/bin/true", args: [] }
        : { command: `f=$(mktemp '${this.#witnessed}/XXXXXXXXXX') && cat > "$f"` };
    const groups = [{ hooks: [{ type: "command", ...hook }] }];
    const hooks = Object.fromEntries(observableEvents().map((event) => [event, groups]));
    writeFileSync(`${this.sandbox.home}/.claude/settings.json`, JSON.stringify({ hooks }));
  }
}
