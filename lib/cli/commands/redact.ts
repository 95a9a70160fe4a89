// `claude-session redact`: what the hooks would mask in a text or in an event's payload, and by which rules.
import { loadConfig } from "../../load-config";
import { environment } from "../../environment";
import { redact, redactionRules, rulesFor } from "../../hook/redact";
import { standardInput } from "../../hook/stdin";
import { faultCode } from "../../os/fault";
import { absolutePath } from "../../os/working-folder";
import { CommandError, defineCommand, DONE } from "../command";
import { plural, safeJson } from "../render/text";

export default defineCommand({
  description: "Show what would be masked in a text, and by which rules",
  arguments: {
    file: {
      type: "positional",
      description: "A text file or a JSON payload; - is stdin",
      value: "FILE|-",
      default: "-",
    },
    json: { type: "boolean", description: "Print as JSON" },
  },
  examples: [
    ["redact .env", "what .env would look like in the log"],
    ["redact < payload.json", "the whole payload of an event"],
    ["redact --json notes.txt", "for a script"],
  ],
  async run({ file, json }, terminal) {
    const text = await readText(file);
    const payload = parseObject(text);
    const given = payload ?? text;
    const { config } = loadConfig();
    const rules = redactionRules(environment, config.redact);
    const written = payload === undefined ? JSON.stringify(text) : text;
    const { value } = redact(given, rulesFor(written, rules));
    const counts = countMasks(given, value);
    if (json) {
      const rulesUsed = Object.fromEntries(counts);
      terminal.print(safeJson({ masked: total(counts), rules: rulesUsed, value }, 2));
      return DONE;
    }
    const shown = typeof value === "string" ? value : JSON.stringify(value, undefined, 2);
    terminal.print(shown.replace(/\n$/, ""));
    terminal.note(summary(counts));
    return DONE;
  },
});

async function readText(file: string): Promise<string> {
  if (file === "-") return readInput();
  const path = absolutePath(file);
  if (path === undefined)
    throw new CommandError(`cannot read ${file}: the working folder no longer exists`);
  try {
    return await Bun.file(path).text();
  } catch (error) {
    throw new CommandError(`cannot read ${file}: ${faultCode(error)}`);
  }
}

async function readInput(): Promise<string> {
  const input = standardInput();
  const chunks: Uint8Array[] = [];
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- one chunk after the other
    const chunk = await input.next(PATIENCE_MS);
    if (chunk === "end") return new TextDecoder().decode(Buffer.concat(chunks));
    if (chunk === "unreadable") throw new CommandError("cannot read stdin");
    // A person may type slowly.
    if (chunk !== "late") chunks.push(chunk);
  }
}

const PATIENCE_MS = 60_000;

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** How often each rule masked something, the most frequent first. */
function countMasks(before: unknown, after: unknown): [rule: string, count: number][] {
  const counts = new Map<string, number>();
  const add = (value: unknown, one: number) => {
    for (const [, rule = ""] of JSON.stringify(value).matchAll(/\[redacted:([a-z0-9-]+)\]/g))
      counts.set(rule, (counts.get(rule) ?? 0) + one);
  };
  add(after, 1);
  // What was masked when it came.
  add(before, -1);
  return Array.from(counts)
    .filter(([, count]) => count > 0)
    .toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}

function total(counts: readonly [string, number][]): number {
  return counts.reduce((sum, [, count]) => sum + count, 0);
}

function summary(counts: readonly [string, number][]): string {
  if (counts.length === 0) return "Nothing would be masked.";
  const rules = counts
    .map(([rule, count]) => (count === 1 ? rule : `${count} × ${rule}`))
    .join(", ");
  return `${plural(total(counts), "mask")}: ${rules}.\nTo keep a text, add it or its rule to redact.allow in config.json.`;
}
