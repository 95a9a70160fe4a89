// A real OpenTelemetry Collector on loopback. It is built once from Debian's packages of its parts, and kept where the real
// Claude Code is kept.
import type { Subprocess } from "bun";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { debianMirror, unpackDebianPackages } from "./debian-packages";

/** Where the Collector is, or why there is none. */
export type FoundCollector = { readonly path: string } | { readonly reason: string };

const SOURCE = `${import.meta.dir}/otel-collector/main.go`;
const PACKAGES = ["golang-opentelemetry-collector-dev", "golang-go"];
const BUILD_MS = 900_000;
/** It starts in half a second, and much later on a busy machine. */
const PATIENCE_MS = 30_000;

/** For so long a failed build is not tried again: each try downloads everything, and a run of the tests has several. */
const FAILURE_LASTS_MS = 3_600_000;

/**
 * Finds the Collector in the cache, or builds it: 330 MB to download, and six minutes of processor time.
 *
 * @param say receives what takes so long
 */
export function findCollector(say: (text: string) => void = console.log): FoundCollector {
  const source = readFileSync(SOURCE, "utf8");
  const key = Bun.hash(source).toString(36);
  const cache = resolve(import.meta.dir, `../../node_modules/.cache/otel-collector-${key}`);
  const path = `${cache}/otelcol`;
  if (existsSync(path)) return { path };
  const failure = `${cache}/failure.txt`;
  if (isNew(failure)) return { reason: readFileSync(failure, "utf8") };
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(`${tmpdir()}/claude-session-hooks-otelcol-`);
  try {
    debianMirror();
    say(
      "Building the OpenTelemetry Collector from Debian's packages (330 MB), once: some minutes …",
    );
    // The others are libraries in C, which Go does without.
    unpackDebianPackages(PACKAGES, `${folder}/debian`, (name) => name.startsWith("golang-"));
    buildCollector(source, folder);
    // Other tests see all of it or nothing.
    writeFileSync(`${path}.new`, readFileSync(`${folder}/otelcol`), { mode: 0o755 });
    renameSync(`${path}.new`, path);
    return { path };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    writeFileSync(failure, reason);
    return { reason };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function isNew(file: string): boolean {
  return existsSync(file) && Date.now() - statSync(file).mtimeMs < FAILURE_LASTS_MS;
}

/** Compiles the source with the Go and the libraries that were unpacked, without a network. */
function buildCollector(source: string, folder: string): void {
  const share = `${folder}/debian/usr/share/gocode`;
  const [goRoot] = [
    ...new Bun.Glob("usr/lib/go-*").scanSync({ cwd: `${folder}/debian`, onlyFiles: false }),
  ];
  if (goRoot === undefined) throw new Error("Debian's golang-go has no compiler");
  const root = `${folder}/debian/${goRoot}`;
  mkdirSync(`${folder}/go/src/otelcol`, { recursive: true });
  writeFileSync(`${folder}/go/src/otelcol/main.go`, source);
  const { exitCode, stderr } = Bun.spawnSync(
    [
      `${root}/bin/go`,
      "build",
      "-trimpath",
      "-ldflags=-s -w",
      "-o",
      `${folder}/otelcol`,
      "otelcol",
    ],
    {
      env: {
        PATH: "/usr/bin:/bin",
        HOME: folder,
        GOCACHE: `${folder}/cache`,
        GOROOT: root,
        GOPATH: `${folder}/go:${share}`,
        GO111MODULE: "off",
        GOTOOLCHAIN: "local",
        CGO_ENABLED: "0",
      },
      cwd: folder,
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
      timeout: BUILD_MS,
    },
  );
  if (exitCode !== 0)
    throw new Error(`go build ended with ${exitCode}: ${stderr.toString().trim().split("\n")[0]}`);
}

/** A Collector that runs until it is disposed of (`await using`): it prints all that it gets, and passes it on as JSON. */
export class OtelCollector implements AsyncDisposable {
  private constructor(
    readonly url: string,
    readonly folder: string,
    readonly process: Subprocess,
  ) {}

  /**
   * Starts one, and waits until it answers.
   *
   * @param folder for its configuration and its output
   * @param receiver the address of what it passes everything on to, before it answers
   */
  static async start(path: string, folder: string, receiver: string): Promise<OtelCollector> {
    for (let triesLeft = 3; ; triesLeft--) {
      const url = `http://127.0.0.1:${freePort()}`;
      writeFileSync(`${folder}/otelcol.yaml`, config(url, receiver));
      const child = Bun.spawn([path, "--config", `file:${folder}/otelcol.yaml`], {
        env: {},
        cwd: folder,
        stdin: "ignore",
        stdout: Bun.file(`${folder}/otelcol.out`),
        stderr: Bun.file(`${folder}/otelcol.log`),
      });
      const collector = new OtelCollector(url, folder, child);
      if (await collector.#answers()) return collector;
      await collector[Symbol.asyncDispose]();
      // Another program may have taken the port since it was found free.
      if (triesLeft === 1) {
        const log = readFileSync(`${folder}/otelcol.log`, "utf8");
        throw new Error(`the Collector does not answer:\n${log}`);
      }
    }
  }

  /** All that it got, as it prints it. */
  get printed(): string {
    return readFileSync(`${this.folder}/otelcol.out`, "utf8");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill("SIGKILL");
    await this.process.exited;
  }

  async #answers(): Promise<boolean> {
    const deadlineMs = performance.now() + PATIENCE_MS;
    while (this.process.exitCode === null && performance.now() < deadlineMs) {
      try {
        // Only the Collector answers a GET with this.
        return (await fetch(`${this.url}/v1/logs`)).status === 405;
      } catch {
        await Bun.sleep(20);
      }
    }
    return false;
  }
}

// Without a queue it answers a request when the receiver has taken it.
function config(url: string, receiver: string): string {
  return `receivers:
  otlp: {protocols: {http: {endpoint: "${new URL(url).host}"}}}
exporters:
  debug: {verbosity: detailed, use_internal_logger: false}
  otlp_http:
    endpoint: ${receiver}
    encoding: json
    compression: none
    sending_queue: {enabled: false}
    retry_on_failure: {enabled: false}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    logs: {receivers: [otlp], exporters: [debug, otlp_http]}
    traces: {receivers: [otlp], exporters: [debug, otlp_http]}
`;
}

function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  listener.stop(true);
  return listener.port;
}
