// The official schema of OpenTelemetry, and protoc, which reads a request by it: an oracle that shares no code with us.
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { resolve } from "node:path";
import { unpackDebianPackages } from "../../scripts/harness/debian-packages";

/** Where the schema is, or why no request can be read. */
export type FoundSchema = { readonly folder: string } | { readonly reason: string };

const PACKAGE = "opentelemetry-proto";
const INSTALLED = "/usr/include";
const cache = resolve(import.meta.dir, `../../node_modules/.cache/${PACKAGE}`);
const protoc = Bun.which("protoc", { PATH: "/usr/local/bin:/usr/bin:/bin" });

/** Finds the schema on the system or in the cache, or fetches it: Debian 12 does not have the package. */
export function findSchema(): FoundSchema {
  if (protoc === null) return { reason: "protoc is not installed" };
  for (const folder of [INSTALLED, `${cache}/usr/include`])
    if (existsSync(`${folder}/opentelemetry/proto`)) return { folder };
  console.log("Fetching the schema of OpenTelemetry …");
  try {
    const fresh = `${cache}.${process.pid}`;
    unpackDebianPackages([PACKAGE], fresh);
    mkdirSync(cache, { recursive: true });
    // Another test sees all of it or nothing.
    renameSync(fresh, cache);
    return { folder: `${cache}/usr/include` };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}

/** A message as protoc prints it: of each field, its values in their order. */
export interface Message {
  readonly [field: string]: readonly (Message | string)[];
}

const REQUESTS = {
  logs: ["logs/v1/logs_service.proto", "logs.v1.ExportLogsServiceRequest"],
  traces: ["trace/v1/trace_service.proto", "trace.v1.ExportTraceServiceRequest"],
} as const;

/**
 * Reads a request by the official schema. Numbers stay as they are written, bytes become hexadecimal digits, and a field
 * that the schema does not have is called by its number.
 *
 * @throws {Error} if it is not what the schema says
 */
export function decodeRequest(
  folder: string,
  signal: keyof typeof REQUESTS,
  body: Uint8Array,
): Message {
  const [file, type] = REQUESTS[signal];
  const from = "opentelemetry/proto/collector";
  const { exitCode, stdout, stderr } = Bun.spawnSync(
    [protoc ?? "", "-I", folder, `--decode=opentelemetry.proto.collector.${type}`].concat(
      `${from}/${file}`,
    ),
    { env: {}, cwd: folder, stdin: body },
  );
  if (exitCode !== 0) throw new Error(`protoc ended with ${exitCode}: ${stderr}`);
  return parseText(stdout.toString());
}

/** The messages of a field; a path leads through several. */
export function messagesAt(message: Message, ...path: readonly string[]): Message[] {
  let found = [message];
  for (const field of path)
    found = found.flatMap((one) => one[field] ?? []).filter((one) => typeof one === "object");
  return found;
}

/** The names of all fields, at any depth. */
export function fieldNames(message: Message): string[] {
  const inner = Object.values(message)
    .flat()
    .filter((value) => typeof value === "object");
  return [...Object.keys(message), ...inner.flatMap(fieldNames)];
}

/** Attributes by name; values that are not text as protoc writes them. */
export function attributesOf(message: Message): Record<string, string> {
  return Object.fromEntries(
    messagesAt(message, "attributes").map((attribute) => [
      String(attribute["key"]),
      String(Object.values(messagesAt(attribute, "value")[0] ?? {})),
    ]),
  );
}

const BYTES = new Set(["trace_id", "span_id", "parent_span_id"]);

/** https://protobuf.dev/reference/protobuf/textformat-spec/, as far as protoc writes it: a field or a bracket a line. */
function parseText(text: string): Message {
  const open: Record<string, (Message | string)[]>[] = [{}];
  for (const line of text.split("\n")) {
    const [, name, value] = /^\s*(\w+)(?:: (.*)| \{)$/.exec(line) ?? [];
    if (name === undefined) {
      if (line.trim() === "}") open.pop();
      else if (line !== "") throw new Error(`protoc printed ${line}`);
      continue;
    }
    const values = (open.at(-1)![name] ??= []);
    if (value !== undefined) values.push(toValue(name, value));
    else {
      const inner = {};
      values.push(inner);
      open.push(inner);
    }
  }
  return open[0] as Message;
}

function toValue(name: string, value: string): string {
  if (!value.startsWith('"')) return value;
  // Everything but ASCII is written byte by byte, in octal.
  const bytes = value
    .slice(1, -1)
    .replaceAll(/\\(?:([0-7]{3})|(.))/g, (_, octal?: string, letter = "") =>
      octal === undefined
        ? ({ n: "\n", r: "\r", t: "\t" }[letter as "n"] ?? letter)
        : String.fromCharCode(Number.parseInt(octal, 8)),
    );
  return Buffer.from(bytes, "latin1").toString(BYTES.has(name) ? "hex" : "utf8");
}
