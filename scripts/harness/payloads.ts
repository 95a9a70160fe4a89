// Payloads captured from the real Claude Code: one for each event, and variants.
import { basename } from "node:path";

const folder = `${import.meta.dir}/../../tests/fixtures/payloads`;

/** One captured payload. */
export interface Captured {
  /** The name of its file: `PreToolUse`, or `PreToolUse.Bash` for a variant. */
  readonly name: string;
  readonly event: string;
  /** The content of the file. */
  readonly text: string;
  readonly payload: Record<string, unknown>;
}

/** All captured payloads, sorted by name. */
export async function capturedPayloads(): Promise<Captured[]> {
  const files = await Array.fromAsync(new Bun.Glob("**/*.json").scan(folder));
  // Names that begin with `_` describe the capture.
  return Promise.all(
    files
      .filter((file) => !file.startsWith("_"))
      .toSorted()
      .map(read),
  );
}

/** One captured payload, by name: `PreToolUse`, or `variants/PreToolUse.Bash`. */
export function capturedPayload(name: string): Promise<Captured> {
  return read(`${name}.json`);
}

async function read(file: string): Promise<Captured> {
  const text = await Bun.file(`${folder}/${file}`).text();
  const payload = JSON.parse(text) as Record<string, unknown>;
  return {
    name: basename(file, ".json"),
    event: String(payload["hook_event_name"]),
    text,
    payload,
  };
}
