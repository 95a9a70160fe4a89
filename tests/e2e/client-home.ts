// A user's home for the real client: our programs in ~/.claude/hooks, registered by our own installer, and
// next to them another hook, the observer, which saves every event that it is sent.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { observableEvents } from "../../lib/events";
import type { EventRecord } from "../../lib/log/record";
import { placePrograms } from "../../scripts/build";
import { payloadOf, recordsOf } from "../../scripts/harness/read-records";
import { Sandbox } from "../../scripts/harness/sandbox";
import { endForwarders } from "../support/forwarder";
import { Client } from "./client";
import { serveMessages, type MessagesApi, type Script } from "./messages-api";

/** An event as the client sent it. */
export type Payload = Readonly<Record<string, unknown>>;

/** The hooks that are registered. */
export interface Hooks {
  readonly ours?: boolean;
  /** The folder of our programs, if not a new one in the home. */
  readonly programs?: string;
  /** The other hook: one that saves the events that it is sent, none, or a program that does nothing. */
  readonly other?: "observer" | "none" | { readonly program: string };
}

/** No account has it. */
export const API_KEY = "made-up-key-of-no-account";

/** A home with the client and a stand-in for its API, until it is disposed of (`await using`). */
export class ClientHome {
  readonly sandbox = new Sandbox();
  readonly api: MessagesApi;
  /** The folder of our programs. */
  readonly hooks: string;
  readonly #client: string;
  readonly #more: Readonly<Record<string, string>>;
  readonly #observations = `${this.sandbox.root}/observed`;
  readonly #tempFolder = `${this.sandbox.root}/tmp`;

  private constructor(
    client: string,
    scripts: Readonly<Record<string, Script>>,
    programs: string | undefined,
    more: Readonly<Record<string, string>>,
  ) {
    this.#client = client;
    this.#more = more;
    this.hooks = programs ?? `${this.sandbox.home}/.claude/hooks`;
    this.api = serveMessages(scripts);
    for (const folder of [this.#observations, this.#tempFolder, `${this.sandbox.home}/.claude`])
      mkdirSync(folder, { recursive: true });
  }

  /**
   * Prepares a home with the client and the hooks.
   *
   * @param more variables of the client's environment
   */
  static async create(
    client: string,
    scripts: Readonly<Record<string, Script>>,
    { ours = true, programs, other = "observer" }: Hooks = {},
    more: Readonly<Record<string, string>> = {},
  ): Promise<ClientHome> {
    const home = new ClientHome(client, scripts, programs, more);
    if (other !== "none") home.#registerOther(other);
    if (!ours) return home;
    if (programs === undefined) await placePrograms(home.hooks);
    const ended = home.claudeSession("install", "--events", "all");
    if (ended.code !== 0) throw new Error(`install ended with ${ended.code}: ${ended.output}`);
    return home;
  }

  /** Runs our command line as its user does. */
  claudeSession(...args: readonly string[]): { code: number; output: string } {
    const { exitCode, stdout, stderr } = Bun.spawnSync([`${this.hooks}/claude-session`, ...args], {
      env: this.env,
      cwd: this.sandbox.project,
    });
    return { code: exitCode, output: `${stdout}${stderr}` };
  }

  /**
   * Starts the client.
   *
   * @param more a prompt, and further arguments
   * @param by a command that starts it
   */
  start(more: readonly string[], by: readonly string[] = []): Client {
    const command = [...by, this.#client, "-p", "--output-format", "stream-json", "--verbose"];
    const args = ["--include-hook-events", "--permission-mode", "bypassPermissions", ...more];
    return new Client([...command, ...args], this.env, this.sandbox.project);
  }

  /**
   * Runs the client to its end.
   *
   * @throws if it fails or prints an error
   */
  async run(...args: readonly string[]): Promise<Client> {
    const client = this.start(args);
    await client.endInput();
    const { code, stderr } = await client.ended();
    if (code !== 0 || stderr !== "") throw new Error(`the client ended with ${code}: ${stderr}`);
    return client;
  }

  /** The events that the observer was sent. */
  get observed(): Payload[] {
    return readdirSync(this.#observations).map(
      (name) => JSON.parse(readFileSync(`${this.#observations}/${name}`, "utf8")) as Payload,
    );
  }

  /** Our records, and the events that they were built from. */
  async recorded(): Promise<{ records: EventRecord[]; payloads: Payload[] }> {
    const records = await recordsOf(this.sandbox);
    return { records, payloads: records.map(payloadOf) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.api[Symbol.dispose]();
    await endForwarders(this.sandbox);
    this.sandbox[Symbol.dispose]();
  }

  /** The client's whole environment. */
  get env(): Record<string, string> {
    return {
      ...this.sandbox.env({ CLAUDE_PROJECT_DIR: undefined, CLAUDE_SESSION_HOME: undefined }),
      TMPDIR: this.#tempFolder,
      ANTHROPIC_BASE_URL: this.api.url,
      ANTHROPIC_API_KEY: API_KEY,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      DISABLE_TELEMETRY: "1",
      DISABLE_ERROR_REPORTING: "1",
      DISABLE_AUTOUPDATER: "1",
      // Without it root may not use --permission-mode bypassPermissions.
      IS_SANDBOX: "1",
      ...this.#more,
    };
  }

  #registerOther(kind: Exclude<Hooks["other"], "none" | undefined>): void {
    const hook =
      kind === "observer"
        ? { command: `f=$(mktemp '${this.#observations}/XXXXXXXXXX') && cat > "$f"` }
        : { command: kind.program, args: [] };
    const groups = [{ hooks: [{ type: "command", ...hook }] }];
    const hooks = Object.fromEntries(observableEvents().map((event) => [event, groups]));
    writeFileSync(`${this.sandbox.home}/.claude/settings.json`, JSON.stringify({ hooks }));
  }
}
