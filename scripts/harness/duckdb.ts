// DuckDB in this process. It is fetched on demand, because 70 MB would make every `npm ci` a third slower.
import { fetchPackage, type Fetched } from "./fetch-package";

/** Finds its library in the cache, or fetches it. */
export function findDuckdb(): Fetched {
  return fetchPackage({
    name: "@duckdb/node-api",
    version: "1.5.6-r.1",
    file: "lib/index.js",
    label: "duckdb",
  });
}

/** A database in memory. */
export interface Duckdb {
  /** Runs a statement, and returns its rows by column. Counts of 64 bits are texts. */
  rows(sql: string): Promise<Readonly<Record<string, unknown>>[]>;
}

/** What is used of the library. */
interface Library {
  readonly DuckDBInstance: {
    create(path: string): Promise<{
      connect(): Promise<{
        runAndReadAll(sql: string): Promise<{ getRowObjectsJson(): Record<string, unknown>[] }>;
      }>;
    }>;
  };
}

/**
 * Opens an empty database.
 *
 * @param path where {@link findDuckdb} found the library
 */
export async function openDuckdb(path: string): Promise<Duckdb> {
  const { DuckDBInstance } = (await import(path)) as Library;
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  return { rows: async (sql) => (await connection.runAndReadAll(sql)).getRowObjectsJson() };
}
