// The real Claude Code: fetched on demand, started in an environment of its own, and read as it prints.
import { fetchPackage, type Fetched } from "../../scripts/harness/fetch-package";

/** The version that these tests drive. */
export const CLIENT_VERSION = "2.1.330";

/** Finds the client in the cache folder, or fetches it from the package registry into it. */
export function findClient(): Fetched {
  if (process.platform !== "linux" || process.arch !== "x64")
    return { reason: `the client's package is for Linux on x64, not ${process.platform}` };
  // The package contains the program itself, so its install scripts are not needed.
  return fetchPackage({
    name: "@anthropic-ai/claude-code-linux-x64",
    version: CLIENT_VERSION,
    file: "claude",
    label: "claude-code",
  });
}

/** A line of what the client prints with `--output-format stream-json`. */
export interface ClientMessage {
  readonly type: string;
  readonly subtype?: string;
  readonly session_id?: string;
  readonly [key: string]: unknown;
}

/** What the client reported about one run of one hook. */
export interface HookReport {
  readonly event: string;
  readonly outcome: unknown;
  readonly output: string;
}

/** A client, running or ended. */
export class Client {
  readonly messages: ClientMessage[] = [];
  readonly #child: Bun.Subprocess<"pipe" | "ignore", "pipe", "pipe">;
  readonly #reading: Promise<void>;

  /**
   * Starts a client that prints messages, one a line.
   *
   * @param env its whole environment
   */
  constructor(command: readonly string[], env: Record<string, string>, cwd: string) {
    this.#child = Bun.spawn([...command], {
      env,
      cwd,
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
    });
    this.#reading = this.#readMessages();
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** The session, once the client has reported it. Until then, a client that resumes one reports another. */
  get sessionId(): string {
    return this.messages.find(({ subtype }) => subtype === "init")?.session_id ?? "";
  }

  /** The client's report about each hook that has ended. */
  get hookReports(): HookReport[] {
    return this.messages
      .filter(({ subtype }) => subtype === "hook_response")
      .map(({ hook_event, outcome, stdout, stderr, output }) => ({
        event: String(hook_event),
        outcome,
        output: [stdout, stderr, output].filter((text) => text !== undefined).join(""),
      }));
  }

  /** Sends a message to a client that was started with `--input-format stream-json`. */
  send(message: object): void {
    const stdin = this.#child.stdin as Bun.FileSink;
    stdin.write(`${JSON.stringify(message)}\n`);
    void stdin.flush();
  }

  /** Ends its input. */
  async endInput(): Promise<void> {
    await (this.#child.stdin as Bun.FileSink).end();
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Waits for its end, and returns its exit code and what it wrote to stderr. */
  async ended(): Promise<{ code: number; stderr: string }> {
    const [code, stderr] = await Promise.all([
      this.#child.exited,
      this.#child.stderr.text(),
      this.#reading,
    ]);
    return { code, stderr };
  }

  async #readMessages(): Promise<void> {
    let rest = "";
    const decoder = new TextDecoder();
    for await (const chunk of this.#child.stdout) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.messages.push(JSON.parse(line) as ClientMessage);
    }
  }
}
