// The difference between two versions of a config.json, without the secrets in it: a person may share what is on the
// screen.
import { parseConfig } from "../../config";
import { environment } from "../../environment";
import { readDestinations } from "../../forward/destination";
import { redact, redactionRules, rulesFor } from "../../hook/redact";
import type { ConfigEdit } from "../settings/config-file";
import type { Terminal } from "../terminal";
import { renderDiff } from "./diff";

/** What an edit changes, as `diff -u` shows it. */
export function renderConfigDiff(
  { path, before, after }: ConfigEdit,
  terminal: Pick<Terminal, "colors">,
): string {
  return renderDiff(path, masked(before), masked(after), terminal);
}

function masked(json: string | undefined): string | undefined {
  if (json === undefined) return undefined;
  const rules = redactionRules(environment, { keys: [], literals: [], allow: [] });
  let safe = String(redact(json, rulesFor(JSON.stringify(json), rules)).value);
  for (const { secrets } of readDestinations(parseConfig(json), environment).usable)
    for (const secret of secrets) safe = safe.replaceAll(secret, "…");
  return safe;
}
