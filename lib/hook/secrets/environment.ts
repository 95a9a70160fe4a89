// The secrets in the environment, and their encoded forms.
import { isWords } from "./values";

const VARIABLE_WORDS: readonly string[] = [
  "PASSW",
  "PASSPHRASE",
  "SECRET",
  "TOKEN",
  "API_KEY",
  "APIKEY",
  "PRIVATE_KEY",
  "ACCESS_KEY",
  "AUTH_KEY",
  "MASTER_KEY",
  "ENCRYPTION_KEY",
  "SIGNING_KEY",
  "MYSQL_PWD",
  "SSHPASS",
  "COOKIE",
  "CREDENTIAL",
];
const VARIABLE_ENDS: readonly string[] = ["_KEY", "_AUTH", "_PAT", "_PASS", "_PWD"];
// The path of a secret is not a secret: GOOGLE_KEY_FILE, SSH_AUTH_SOCK. Neither is its name or its address.
const PLACE_ENDS: readonly string[] = [
  "_FILE",
  "_PATH",
  "_DIR",
  "_SOCK",
  "_NAME",
  "_BACKEND",
  "_STORE",
  "_MANAGER",
  "_TYPE",
];

/** Shorter values, such as `true` or a port, are parts of ordinary text. */
const MIN_SECRET_LENGTH = 8;

/** Whether an environment variable of this name probably holds a secret: `ANTHROPIC_API_KEY`. */
export function isSecretVariable(name: string): boolean {
  const upper = name.toUpperCase();
  for (const end of PLACE_ENDS) if (upper.endsWith(end)) return false;
  for (const word of VARIABLE_WORDS) if (upper.includes(word)) return true;
  for (const end of VARIABLE_ENDS) if (upper.endsWith(end)) return true;
  return false;
}

/**
 * Whether the value of such a variable is a secret and not a word, an address or a path, because masking those would
 * hide ordinary text. For example, LM Studio's instructions are to set `ANTHROPIC_AUTH_TOKEN=lmstudio`.
 */
export function isSecretValue(name: string, value: string): boolean {
  if (value.length < MIN_SECRET_LENGTH) return false;
  if (/^[^\s@]+@[^\s@]+\.[A-Za-z]+$/.test(value) || isPath(value)) return false;
  // A reference that nothing has replaced.
  if (/^\$(?:\w+|\{[^}]*\})$/.test(value)) return false;
  // A URL is as secret as what is in it.
  if (/^https?:\/\//.test(value)) return /:\/\/[^/]*@|[A-Za-z0-9_-]{20}/.test(value);
  // A date, a version or an address.
  if (/^\d{1,4}(?:[.:/-]\d{1,4}){1,3}$/.test(value)) return false;
  // A host with its port.
  if (/^(?:localhost|[a-z][a-z-]*(?:\.[a-z-]+)+)(?::\d{1,5})?$/i.test(value)) return false;
  // A password may be a word. A token or a key is none: those have digits, or mix capitals with small letters.
  return (
    (/PASS|_PWD/i.test(name) && !/^[a-z]+$/i.test(value)) ||
    !isWords(value) ||
    isPassphrase(name, value)
  );
}

// A key in base64 may begin with a slash, too: some of its parts mix digits, capitals and small letters.
function isPath(value: string): boolean {
  if (!/^(?:[~.]?\/|[A-Za-z]:\\)/.test(value)) return false;
  if (!/^\/[A-Za-z0-9+/]+={0,2}$/.test(value)) return true;
  for (const part of value.split("/")) {
    const stem = part.replace(/\d+$/, "");
    if (/\d/.test(stem) && /[a-z]/.test(stem) && /[A-Z]/.test(stem)) return false;
  }
  return true;
}

function isPassphrase(name: string, value: string): boolean {
  return (
    /PASS|_PWD/i.test(name) &&
    value.length >= MIN_SECRET_LENGTH &&
    !/^(?:localhost|disabled?|required?|password|development|production)$/i.test(value)
  );
}

/**
 * The forms in which a secret can occur in a text: verbatim, in either form of Unicode, escaped in a JSON string, in an
 * address, and in base64, at any of three alignments.
 */
export function encodingsOf(secret: string): string[] {
  const encodings = [secret];
  const add = (encoding: string) => {
    if (encoding.length >= MIN_SECRET_LENGTH && !encodings.includes(encoding))
      encodings.push(encoding);
  };
  if (!/^[\x20-\x7e]*$/.test(secret))
    // macOS writes the names of files decomposed.
    for (const form of [secret.normalize("NFC"), secret.normalize("NFD")]) {
      add(form);
      add(escapeUnicode(form));
    }
  const inJson = JSON.stringify(secret).slice(1, -1);
  add(inJson);
  if (inJson !== secret) add(JSON.stringify(inJson).slice(1, -1));
  if (secret.isWellFormed()) {
    const inAddress = encodeURIComponent(secret);
    add(inAddress);
    add(inAddress.replaceAll("%20", "+"));
    add(encodeURI(secret));
  }
  for (let offset = 0; offset < 3; offset++) {
    const encoded = Buffer.from(" ".repeat(offset) + secret).toString("base64");
    // Without the characters that also encode what is in front or behind.
    const core = encoded
      .replace(/=+$/, "")
      .slice(offset === 0 ? 0 : offset + 1, (offset + secret.length) % 3 === 0 ? undefined : -1);
    if (core.length >= 10) add(core);
  }
  return encodings;
}

// As the writers of JSON do that keep to ASCII, such as Python's.
function escapeUnicode(text: string): string {
  return text.replaceAll(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
