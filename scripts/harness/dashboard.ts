// A dashboard that runs.
import type { LiveMessage } from "../../lib/dashboard/answers";
import { programPath } from "./run-program";
import type { Sandbox } from "./sandbox";

/** How to start it. */
export interface DashboardStart {
  readonly by?: readonly string[];
  readonly folder?: string;
  readonly args?: readonly string[];
  readonly env?: Record<string, string | undefined>;
}

/** `claude-session dashboard`, from its link to its end. */
export class Dashboard {
  private constructor(
    readonly child: Bun.Subprocess<"ignore", "pipe", "pipe">,
    readonly link: string,
  ) {}

  /** Starts it, and waits for its link. */
  static async start(sandbox: Sandbox, start: DashboardStart = {}): Promise<Dashboard> {
    const { by = [], folder, args = ["--no-open"], env = {} } = start;
    const child = Bun.spawn([...by, programPath("claude-session", folder), "dashboard", ...args], {
      env: { ...sandbox.env(), ...env },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    const reader = child.stdout.getReader();
    let text = "";
    while (!text.includes("\n")) {
      const { done, value } = await reader.read();
      if (done) throw new Error(`it ended: ${text} ${await child.stderr.text()}`);
      text += new TextDecoder().decode(value);
    }
    const link = /http:\/\/\S+/.exec(text)?.[0];
    if (link === undefined) throw new Error(`no link in ${text}`);
    return new Dashboard(child, link);
  }

  get port(): number {
    return Number(new URL(this.link).port);
  }

  get token(): string {
    return /#token=([\w-]+)/.exec(this.link)?.[1] ?? "";
  }

  /** Asks for a value with the token. */
  async ask<T>(path: string): Promise<T> {
    const response = await this.fetch(path);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  /** Asks with the token. */
  fetch(path: string, signal?: AbortSignal): Promise<Response> {
    const headers = { authorization: `Bearer ${this.token}` };
    return fetch(`http://127.0.0.1:${this.port}${path}`, { headers, ...(signal && { signal }) });
  }

  /** The messages of a live stream, until the caller stops. */
  async *live(query = ""): AsyncGenerator<LiveMessage> {
    const stop = new AbortController();
    try {
      const { body } = await this.fetch(`/api/live${query}`, stop.signal);
      let rest = "";
      for await (const chunk of body as ReadableStream<Uint8Array>) {
        const lines = (rest + new TextDecoder().decode(chunk)).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) yield JSON.parse(line) as LiveMessage;
      }
    } finally {
      stop.abort();
    }
  }

  /** Ends it as Ctrl-C does. */
  async close(): Promise<number> {
    this.child.kill("SIGINT");
    return this.child.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGKILL");
    await this.child.exited;
  }
}
