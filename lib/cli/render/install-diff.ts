// What an installation would change. Secrets in config.json are masked: a person may share what is on the screen.
import { parseConfig } from "../../config";
import { environment } from "../../environment";
import { readDestinations } from "../../forward/destination";
import { redact, redactionRules, rulesFor } from "../../hook/redact";
import type { ConfigEdit } from "../settings/config-file";
import type { Terminal } from "../terminal";
import { renderDiff } from "./diff";

/** What an installation would change in a settings file and in a config.json, each as `diff -u` shows it. */
export function renderEdits(
  settings: { readonly path: string; readonly before: string; readonly after: string },
  config: ConfigEdit,
  terminal: Pick<Terminal, "colors">,
): string[] {
  const diffs: string[] = [];
  if (settings.after !== settings.before)
    diffs.push(renderDiff(settings.path, settings.before, settings.after, terminal));
  if (config.after !== config.before)
    diffs.push(renderDiff(config.path, masked(config.before), masked(config.after), terminal));
  return diffs;
}

function masked(json: string | undefined): string | undefined {
  if (json === undefined) return undefined;
  const rules = redactionRules(environment, { keys: [], literals: [], allow: [] });
  let safe = String(redact(json, rulesFor(JSON.stringify(json), rules)).value);
  for (const { secrets } of readDestinations(parseConfig(json), environment).usable)
    for (const secret of secrets) safe = safe.replaceAll(secret, "…");
  return safe;
}
