// ClickHouse's HTTP interface for inserts, as far as a forwarder uses it, in front of the real engine in this process.
import type { Server } from "bun";
import { Chdb } from "../../scripts/harness/chdb";

/** A server on loopback. */
export class ChdbServer implements AsyncDisposable {
  readonly #server: Server<undefined>;
  /** The settings of each insert, in order. */
  readonly settings: Readonly<Record<string, string>>[] = [];

  private constructor(readonly engine: Chdb) {
    this.#server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: async (request) => {
        const { query = "", ...settings } = Object.fromEntries(new URL(request.url).searchParams);
        this.settings.push(settings);
        try {
          engine.run(insertStatement(query, settings, await request.text()));
          return new Response("");
        } catch (error) {
          return new Response(String(error), { status: 400 });
        }
      },
    });
  }

  /**
   * Starts one with an empty database.
   *
   * @param library where `findChdb` found it
   * @param folder for its data
   */
  static async start(library: string, folder: string): Promise<ChdbServer> {
    return new ChdbServer(await Chdb.open(library, folder));
  }

  get url(): string {
    return this.#server.url.origin;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop(true);
    this.engine[Symbol.dispose]();
  }
}

// Settings of the address go into the statement, and the body behind it: what a server does with them.
function insertStatement(
  query: string,
  settings: Readonly<Record<string, string>>,
  body: string,
): string {
  const values = Object.entries(settings).map(([name, value]) => `${name} = '${value}'`);
  return `${query.replace(" FORMAT ", ` SETTINGS ${values.join(", ")} FORMAT `)}\n${body}`;
}
