// A real ClickHouse server on loopback, with its own configuration, users and data.
import type { Subprocess } from "bun";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const program = Bun.which("clickhouse-server", { PATH });

/** Whether clickhouse-server is installed. */
export const isInstalled = program !== null;

/** The password of the user `guarded`; `default` has none. */
export const PASSWORD = "sesame";

/** It starts in one to three seconds, and much later on a busy machine. */
const PATIENCE_MS = 20_000;

/** A row, by column. */
export type Row = Readonly<Record<string, unknown>>;

/** A server for tests. All its files are in one folder, which it does not remove. */
export class ClickHouse {
  #process: Subprocess | undefined;

  private constructor(
    readonly folder: string,
    readonly port: number,
  ) {}

  /**
   * Starts a server and waits until it answers.
   *
   * @param parent where to create its folder
   */
  static async start(parent: string): Promise<ClickHouse> {
    const folder = `${parent}/clickhouse`;
    for (let triesLeft = 3; ; triesLeft--) {
      const server = new ClickHouse(folder, freePort());
      mkdirSync(`${folder}/data`, { recursive: true });
      writeFileSync(`${folder}/config.xml`, config(folder, server.port));
      writeFileSync(`${folder}/users.xml`, USERS);
      try {
        await server.start();
        return server;
      } catch (error) {
        // Another program may have taken the port since it was found free.
        if (triesLeft === 1) throw error;
      }
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts it again after `kill`, on the same port and with the same data. */
  async start(): Promise<void> {
    const log = `${this.folder}/server.log`;
    const child = Bun.spawn([program ?? "", `--config-file=${this.folder}/config.xml`], {
      env: { PATH, HOME: this.folder },
      cwd: this.folder,
      stdin: "ignore",
      stdout: Bun.file(log),
      stderr: "ignore",
    });
    this.#process = child;
    const deadline = performance.now() + PATIENCE_MS;
    while (!(await this.#answers())) {
      if (child.exitCode === null && child.signalCode === null && performance.now() < deadline) {
        await Bun.sleep(10);
        continue;
      }
      await this.kill();
      throw new Error(`clickhouse-server does not answer:\n${readFileSync(log, "utf8")}`);
    }
  }

  /** Kills it: faster than a shutdown, and a test of what it has stored. */
  async kill(): Promise<void> {
    this.#process?.kill("SIGKILL");
    await this.#process?.exited;
    this.#process = undefined;
  }

  /** Runs a statement; throws unless the answer is a 200. */
  async run(sql: string, database = "default"): Promise<string> {
    const response = await fetch(`${this.url}/?database=${database}`, {
      method: "POST",
      body: sql,
      // It closes idle connections after three seconds, perhaps just when one is reused.
      keepalive: false,
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${response.status} ${text}\nto: ${sql}`);
    return text;
  }

  /** Runs a query and returns its rows. */
  async rows(query: string, database?: string): Promise<Row[]> {
    const text = await this.run(`${query}\nFORMAT JSONEachRow`, database);
    const lines = text.split("\n").filter((line) => line !== "");
    return lines.map((line) => JSON.parse(line) as Row);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  async #answers(): Promise<boolean> {
    try {
      const response = await fetch(`${this.url}/ping`, {
        keepalive: false,
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      return (await response.text()) === "Ok.\n" && this.#process?.exitCode === null;
    } catch {
      return false;
    }
  }
}

function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  listener.stop(true);
  return listener.port;
}

// A time that depends on the server's zone comes out wrong here; this zone even has a half hour.
const FAR_AWAY = "Asia/Kolkata";

function config(folder: string, port: number): string {
  return `<?xml version="1.0"?>
<yandex>
  <logger><level>warning</level><console>1</console></logger>
  <listen_host>127.0.0.1</listen_host>
  <http_port>${port}</http_port>
  ${existsSync(`/usr/share/zoneinfo/${FAR_AWAY}`) ? `<timezone>${FAR_AWAY}</timezone>` : ""}
  <path>${folder}/data/</path>
  <tmp_path>${folder}/tmp/</tmp_path>
  <user_files_path>${folder}/user_files/</user_files_path>
  <format_schema_path>${folder}/format_schemas/</format_schema_path>
  <mark_cache_size>67108864</mark_cache_size>
  <users_config>users.xml</users_config>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
</yandex>
`;
}

// Newer versions do not quote 64-bit integers by default.
const USERS = `<?xml version="1.0"?>
<yandex>
  <profiles>
    <default>
      <output_format_json_quote_64bit_integers>0</output_format_json_quote_64bit_integers>
    </default>
  </profiles>
  <quotas><default/></quotas>
  <users>
    <default>
      <password></password>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
    </default>
    <guarded>
      <password>${PASSWORD}</password>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
    </guarded>
  </users>
</yandex>
`;
