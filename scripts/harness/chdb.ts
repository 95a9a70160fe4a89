// ClickHouse in this process: chDB, the engine of a current server without the server. It is fetched on demand (546 MB).
import { existsSync } from "node:fs";
import { fetchPackage, type Fetched } from "./fetch-package";

/** The package's version; the engine is 26.7. */
export const CHDB_VERSION = "3.4.0";

/** Finds its library in the cache, or fetches it. */
export function findChdb(): Fetched {
  if (process.platform !== "linux" || process.arch !== "x64")
    return { reason: `it is tried on Linux on x64, not on ${process.platform}` };
  const found = fetchPackage({
    name: "chdb",
    version: CHDB_VERSION,
    file: "index.mjs",
    label: "chdb",
  });
  if ("reason" in found) return found;
  // The engine is a package of its own, which npm leaves out where it cannot be had.
  const engine = found.path.replace("/chdb/index.mjs", "/@chdb/lib-linux-x64-gnu/libchdb.so");
  return existsSync(engine) ? found : { reason: `${engine} is not there` };
}

/** A row, by column. */
export type Row = Readonly<Record<string, unknown>>;

/** What is used of the library. */
interface Library {
  readonly Session: new (folder: string) => {
    query(sql: string, format?: string): string;
    cleanup(): void;
  };
}

/** A database in a folder. A process may have one at a time. */
export class Chdb implements Disposable {
  readonly #session: InstanceType<Library["Session"]>;

  private constructor(session: InstanceType<Library["Session"]>) {
    this.#session = session;
  }

  /**
   * Opens a database.
   *
   * @param path where {@link findChdb} found the library
   * @param folder where it keeps its data
   */
  static async open(path: string, folder: string): Promise<Chdb> {
    const { Session } = (await import(path)) as Library;
    return new Chdb(new Session(folder));
  }

  /** Runs a statement; throws with what the engine says is wrong. */
  run(sql: string): void {
    this.#session.query(sql);
  }

  /** Runs a query, and returns its rows. */
  rows(query: string): Row[] {
    const text = this.#session.query(query, "JSONEachRow");
    const lines = text.split("\n").filter((line) => line !== "");
    return lines.map((line) => JSON.parse(line) as Row);
  }

  [Symbol.dispose](): void {
    this.#session.cleanup();
  }
}
