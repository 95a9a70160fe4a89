// The values in Kubernetes Secrets, which are secret under any name.
import type { Span } from "./hint-places";
import { isSecretText } from "./values";

/** In lower case; a text without any of these has no Secret. */
export const MANIFEST_HINTS: readonly string[] = ["stringdata", "kind: secret", '\\"secret\\"'];

// What a Secret also has, and does not hide.
const OPEN = () =>
  /(?:^|[_.-])(?:user(?:name)?|host(?:name)?|port|url|uri|endpoint|database|db|name|email|region|type|ca\.crt|tls\.crt|crt)$/i;

/** Whether a key of a Secret's data names something that everyone may see. */
export function isOpenKey(key: string): boolean {
  return OPEN().test(key);
}

/** Finds the values of Secrets in YAML and JSON, in the order in which they stand in the text. */
export function manifestSecrets(text: string): Span[] {
  const found: Span[] = [];
  const blocks = /^([ \t]{0,32})(stringData|data):[ \t]{0,8}\r?\n/gm;
  const isSecret = /^[ \t]{0,16}kind: Secret[ \t]{0,8}$/m.test(text);
  for (let block = blocks.exec(text); block !== null; block = blocks.exec(text)) {
    const [whole, indent = "", key] = block;
    if (key === "stringData" || isSecret)
      rowsOf(text, block.index + whole.length, indent.length, found);
  }
  const objects = /\\{0,3}"(stringData|data)\\{0,3}"\s{0,4}:\s{0,4}\{([^{}]{1,8192})\}/g;
  const isJsonSecret = /\\{0,3}"kind\\{0,3}"\s{0,4}:\s{0,4}\\{0,3}"Secret\\{0,3}"/.test(text);
  for (let object = objects.exec(text); object !== null; object = objects.exec(text)) {
    const [whole, key, fields = ""] = object;
    if (key === "stringData" || isJsonSecret)
      fieldsOf(fields, object.index + whole.length - 1 - fields.length, found);
  }
  return found.toSorted((a, b) => a.start - b.start);
}

// The rows of a mapping: each is deeper than the mapping's own key.
function rowsOf(text: string, start: number, indent: number, found: Span[]): void {
  const row = /([ \t]{0,64})([^\r\n]{0,65536})(?:\r?\n|$)/y;
  row.lastIndex = start;
  let block: number | undefined;
  for (let left = 512; left > 0 && row.lastIndex < text.length; left--) {
    const at = row.lastIndex;
    const [, blanks = "", rest = ""] = row.exec(text) ?? [];
    if (rest === "") {
      if (row.lastIndex === 0) return;
      continue;
    }
    if (blanks.length <= indent) return;
    const from = at + blanks.length;
    // A row of a text that goes over several.
    if (block !== undefined && blanks.length > block) {
      if (!rest.startsWith("[redacted")) found.push({ start: from, end: from + rest.length });
      continue;
    }
    block = undefined;
    const field = /^(["']?)([\w.-]{1,128})\1:[ \t]{1,8}(["']?)/.exec(rest);
    if (field === null) return;
    const [{ length }, , key = "", quote = ""] = field;
    const value = rest.slice(length).replace(quote === "" ? /\s+#.*$|\s+$/ : /["']\s{0,8}$/, "");
    if (/^[|>][-+\d]{0,2}$/.test(value)) block = blanks.length;
    else push(found, key, value, from + length);
  }
}

function fieldsOf(fields: string, start: number, found: Span[]): void {
  const field = /\\{0,3}"([\w.-]{1,128})\\{0,3}"\s{0,4}:\s{0,4}\\{0,3}"([^"\\]{1,4096})/g;
  for (const match of fields.matchAll(field)) {
    const [whole, key = "", value = ""] = match;
    push(found, key, value, start + match.index + whole.length - value.length);
  }
}

function push(found: Span[], key: string, value: string, start: number): void {
  if (!isOpenKey(key) && isSecretText(value, "password", "quoted"))
    found.push({ start, end: start + value.length });
}
