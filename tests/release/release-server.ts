// A server on loopback that gives out the files of a folder, whole, in part, or never to their end.
import type { Server } from "bun";
import { existsSync } from "node:fs";

/** What becomes of an archive on its way; all else always comes whole. */
export type Way = "whole" | "cut" | "stalled";

/** The address is known once it is made. */
export class ReleaseServer {
  way: Way = "whole";
  /** The paths that were asked for. */
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
    if (!/^\/[\w.-]+$/.test(path) || !existsSync(file)) return new Response("no", { status: 404 });
    if (!path.includes(".tar.") || this.way === "whole") return new Response(Bun.file(file));
    const half = Bun.file(file).slice(0, Bun.file(file).size >> 1);
    if (this.way === "cut") return new Response(half);
    return new Response(
      new ReadableStream({
        async start(controller) {
          for await (const chunk of half.stream()) controller.enqueue(chunk);
          // And then nothing more, and no end.
        },
      }),
    );
  }
}
