// Runs the corpus through the redaction of the hooks, and counts what is missed and what is masked for nothing.
import { redact, redactionRules, rulesFor } from "../../lib/hook/redact";
import { seededRandom } from "../harness/random";
import { HOLES, INNOCENTS, SECRETS } from "./corpus";

/** A text of the corpus that was not treated as it should be. */
export interface Mistake {
  readonly group: string;
  readonly given: string;
  readonly redacted: string;
}

/** What became of the texts of the corpus. */
export interface Measurement {
  readonly secrets: number;
  readonly missed: readonly Mistake[];
  readonly innocents: number;
  readonly falseAlarms: readonly Mistake[];
}

const RULES = redactionRules({}, { keys: [], literals: [], allow: [] });

/** The texts with secrets, as what a tool printed or got: one payload for each. */
export function payloadsWithSecrets(seed: number): string[] {
  const random = seededRandom(seed);
  return Object.values(SECRETS)
    .flat()
    .map((text) => {
      const given: unknown = JSON.parse(fill(text, random).given);
      return JSON.stringify({
        session_id: "s",
        hook_event_name: "PostToolUse",
        tool_name: "Bash",
        tool_input: typeof given === "string" ? { command: given } : given,
        tool_response: { stdout: given },
      });
    });
}

/** Fills the texts with secrets that follow from the seed, and redacts each. */
export function measureSecrets(seed: number): Measurement {
  const random = seededRandom(seed);
  const missed: Mistake[] = [];
  const falseAlarms: Mistake[] = [];
  for (const [group, texts] of Object.entries(SECRETS))
    for (const text of texts) {
      const { given, secrets } = fill(text, random);
      const redacted = redactJson(given);
      if (secrets.some((secret) => keepsHalf(redacted, secret)))
        missed.push({ group, given, redacted });
    }
  for (const [group, texts] of Object.entries(INNOCENTS))
    for (const text of texts) {
      const { given } = fill(text, random);
      const redacted = redactJson(given);
      if (redacted !== given) falseAlarms.push({ group, given, redacted });
    }
  return { secrets: count(SECRETS), missed, innocents: count(INNOCENTS), falseAlarms };
}

function count(texts: typeof SECRETS): number {
  return Object.values(texts).reduce((sum, list) => sum + list.length, 0);
}

function redactJson(json: string): string {
  return JSON.stringify(redact(JSON.parse(json), rulesFor(json, RULES)).value);
}

/** Fills the holes of a text, and returns it in JSON, as an event brings it. */
function fill(text: string | object, random: () => number): { given: string; secrets: string[] } {
  const secrets: string[] = [];
  const fillText = (hollow: string) =>
    hollow.replace(/⟦(\w+)⟧/g, (hole, name: string) => {
      const secret = HOLES[name]?.(random) ?? hole;
      secrets.push(secret);
      return secret;
    });
  const filled = JSON.stringify(text, (_key, value: unknown) =>
    typeof value === "string" ? fillText(value) : value,
  );
  return { given: filled, secrets };
}

/** Whether half of a secret is left in one piece: with less it cannot be used, nor easily guessed. */
function keepsHalf(redacted: string, secret: string): boolean {
  const escaped = JSON.stringify(secret).slice(1, -1);
  const half = Math.min(escaped.length, Math.max(8, Math.ceil(escaped.length / 2)));
  for (let at = 0; at + half <= escaped.length; at++)
    if (redacted.includes(escaped.slice(at, at + half))) return true;
  return false;
}

if (import.meta.main) {
  const { secrets, missed, innocents, falseAlarms } = measureSecrets(Number(process.argv[2] ?? 1));
  for (const { group, redacted } of missed) console.log(`missed, ${group}: ${redacted}`);
  for (const { group, redacted } of falseAlarms) console.log(`false alarm, ${group}: ${redacted}`);
  console.log(`${secrets - missed.length} of ${secrets} secrets masked`);
  console.log(`${falseAlarms.length} of ${innocents} innocent texts changed`);
  process.exit(missed.length + falseAlarms.length > 0 ? 1 : 0);
}
