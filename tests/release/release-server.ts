// A server on loopback that serves the files of a folder: whole, half, or stalled half-way.
import type { Server } from "bun";
import { existsSync } from "node:fs";

/** How an archive is served; all other files are served whole. */
export type Transfer = "whole" | "half" | "stalled";

/** Listens from its construction on; `url` is its address. */
export class ReleaseServer {
  transfer: Transfer = "whole";
  /** The paths of all requests. */
  readonly requests: string[] = [];
  readonly #server: Server<undefined>;

  constructor(readonly folder: string) {
    this.#server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: (request) => this.#answer(new URL(request.url).pathname),
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop(true);
  }

  #answer(path: string): Response {
    this.requests.push(path);
    const file = `${this.folder}${path}`;
    if (!/^\/[\w.-]+$/.test(path) || !existsSync(file))
      return new Response("not found", { status: 404 });
    if (!path.includes(".tar.") || this.transfer === "whole") return new Response(Bun.file(file));
    const half = Bun.file(file).slice(0, Bun.file(file).size >> 1);
    if (this.transfer === "half") return new Response(half);
    return new Response(
      new ReadableStream({
        async start(controller) {
          for await (const chunk of half.stream()) controller.enqueue(chunk);
          // Then nothing more, and no end.
        },
      }),
    );
  }
}
