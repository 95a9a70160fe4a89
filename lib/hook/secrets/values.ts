// Which values are secrets, given their name and context.
import type { SecretName } from "./names";
import { isAlphanumeric } from "./hint-places";

/**
 * Where a value stands: the value of a field in the payload; in quotes; alone on a line, in a shell or in a
 * query, where it is the whole text; or in code, where it may be a name.
 */
export type Place = "field" | "quoted" | "line" | "code";

/** Whether this value, under such a name and in such a place, is a secret that has to be masked. */
export function isSecretText(text: string, name: SecretName, place: Place): boolean {
  const value = text.length > MAX_JUDGED ? text.slice(0, MAX_JUDGED) : text;
  if (isWord(value) || isReference(value) || isPlaceholder(value) || isVersion(value)) return false;
  if (isEncrypted(value) || (place !== "field" && isCode(value))) return false;
  if (name === "key") return isRandomKey(value);
  if (name === "token")
    return place === "field" && /\s/.test(value) ? true : isTokenText(value, place);
  if (place === "field") return true;
  const hasDigit = /\d/.test(value);
  if (value.length < 4 || (!hasDigit && namesSecret(value))) return false;
  if (place === "quoted") return !isLabel(value);
  if (place === "line") return !isMember(value) && !isForeignWord(value);
  return hasDigit && value.length >= 6 && !isIdentifier(value);
}

// Nothing that a person or a client calls a token, a key or a password is longer; what follows says nothing new.
const MAX_JUDGED = 512;

// Words that stand where a value could: types, switches, methods, and what people call things in code and in
// sentences. A text with blanks around each, because a pattern of them takes longer to compile than to run.
const WORDS =
  " str string text varchar char chararray character bool boolean int integer int32 int64 uint32 uint64 float double number numeric byte bytes bytea blob any object array list map dict option optional unknown never void none null nil undefined secretstr secretstring true false yes no on off enable enabled disable disabled require required default auto inherit prompt ask always hidden visible masked redacted include omit same-origin localhost identifier keyword operator punctuation comment input output request response result value values data body args args arguments options option flags argument param params self this props state user users username admin root read write basic bearer digest negotiate oauth oauth2 saml ldap kerberos jwt md5 sha1 sha-1 sha256 sha-256 sha512 sha-512 scram-sha-256 trust peer ident cert file path flag pass passwd pwd hash hashed encrypted plain clear is to and or the for with from when if in as of at must should can will was are be not that which it a an via reset field expired missing invalid incorrect wrong valid rotated stored changed there only lmstudio ollama ok found present granted accepted active inactive configured loaded saved updated created deleted strong weak medium short long set unset empty exists fine good bad old new same different ";

function isWord(value: string): boolean {
  return value.length <= 16 && WORDS.includes(` ${value.toLowerCase()} `);
}

/** Whether it stands for a value that is elsewhere: $X, ${X}, {{ x }}, %X%, <x>, !Ref x, @file, op://vault/x. */
function isReference(value: string): boolean {
  if (value.includes("${") || value.includes("{{")) return true;
  if (!isAlphanumeric(value, 0))
    return (
      !isRandomPath(value) &&
      /^(?:\$\(|\$[A-Za-z_][\w:]*$|\$\d$|%[A-Za-z_]\w*%|\{[\w.]+\}$|<[^>]*>?$|%\(|\[redacted:|!(?:Ref|Sub|GetAtt|secret|env|vault|ImportValue)\b|[*&][A-Za-z][\w-]*$|@[\w./~-]*$|@Microsoft\.KeyVault|#\{|(?:\.{0,2}|~)\/[\w.-]+(?:\/|$))/.test(
        value,
      )
    );
  return (
    (value.includes(":") &&
      /^(?:op|vault|ref\+\w+|ssm|awssm|gcpsm|akv|keyring|secret|secretref|file|env|keychain|doppler|infisical|bws?|aws-?sm|azurekeyvault|arn:aws[\w-]*):|^[A-Za-z]:\\/.test(
        value,
      )) ||
    // gcp:///projects/x/secrets/y
    /^(?:projects\/[^/]+\/secrets\/|[a-z][\w+.-]{1,24}:\/\/\/)/.test(value)
  );
}

// A key in base64 may begin with a slash.
function isRandomPath(value: string): boolean {
  return (
    /^(?=.{0,480}?\d)\/[A-Za-z0-9+/]{31,512}={0,2}$/.test(value) &&
    !isWords(value.replaceAll(/[\d+=]/g, ""))
  );
}

/** Whether it says that a value goes there: xxx, ****, your-api-key, <token>, changeme, abc... */
function isPlaceholder(value: string): boolean {
  if (
    value.includes("****") ||
    value.endsWith("...") ||
    value.endsWith("…") ||
    value.startsWith("...")
  )
    return true;
  // AKIAIOSFODNN7EXAMPLE, as Amazon writes them.
  if (/EXAMPLE(?:KEY)?$/.test(value)) return true;
  return /^(?:x{3,}|\*{3,}|\.{2,}|-+|_+|[•●]+)$|x{6}|^(?:your|my|the|some|enter|insert|add|put|an?)[-_ ]|(?:^|[-_ ])(?:here|example|placeholder|dummy|changeit)$|^(?:change|replace|fill)[-_ ]?(?:me|this|it|in)(?![A-Za-z])|^(?:example|sample|dummy|fake|placeholder|todo|tbd|fixme|n\/a|na)$/i.test(
    value,
  );
}

// What only the owner of a key can read: sops, Jasypt, Spring, Maven, sealed secrets, OpenPGP, Vault's transit.
function isEncrypted(value: string): boolean {
  return /^(?:ENC[[(]|\{cipher\}|\{[A-Za-z0-9+/]{24,}={0,2}\}$|vault:v\d+:|Ag[A-Za-z0-9+/]{150}|wc[BF]M[A-D][A-Za-z0-9+/])/.test(
    value,
  );
}

// A validator, a pattern, a command: 'required|min:8', r'gh[pousr]_\w{36}', "openssl rand -hex 32".
function isCode(value: string): boolean {
  return (
    /^[a-z_]{2,24}(?::[\w,.]{1,24})?(?:\|[a-z_]{2,24}(?::[\w,.]{1,24})?){1,12}$/.test(value) ||
    /\(\?[:=!i<]|\\[sSdDwWb](?:[+*{]|$)|\.[*+](?:$|[?/)\\"'])|\[\^?[^\]]{1,64}\](?:[+*]|\{\d)/.test(
      value,
    ) ||
    /^(?:openssl|node|npx?|npm|pnpm|yarn|bunx?|python3?|ts-node|tsx|cat|echo|printf|pwgen|uuidgen|head|vault|op|pass|gcloud|aws|az|kubectl|sh|bash|make|cargo|go|deno|ruby|php|dotnet|docker|git|gh|curl) [-\w./]/.test(
      value,
    )
  );
}

/** Whether a value is long and random, and so nothing but a key; not a UUID, which may name anything. */
export function isRandomKey(value: string): boolean {
  return (
    (/^[A-Fa-f0-9]{32,256}$/.test(value) ||
      (/^(?=[^\d]*\d)(?=[^A-Z]*[A-Z])(?=[^a-z]*[a-z])[\w+/=.~-]{20,512}$/.test(value) &&
        changesOften(value)) ||
      /^(?=(?:[^\d]*\d){4})(?=[^a-z]*[a-z])[a-z\d]{24,512}$/.test(value) ||
      /^(?=(?:[^\d]*\d){2})[A-Z2-7]{24,256}$/.test(value)) &&
    !isNumberedWords(value) &&
    !isMember(value)
  );
}

/**
 * Whether a value in a sentence is nothing but a password: of digits, letters and another kind of character, and
 * neither numbered words, an address, a path nor a call.
 */
export function isStrongPassword(value: string): boolean {
  if (value.length < 8 || value.length > 128 || !/\d/.test(value) || !/[a-z]/.test(value))
    return false;
  if (/[()[\]<>]|:\/\/|^[\w.+-]+@[\w-]+\.\w|^[~.]?\/|^--?[a-z]|\.\w{1,4}$/.test(value))
    return false;
  if (isReference(value) || isPlaceholder(value) || isVersion(value) || isUuid(value)) return false;
  // 8-character-long, SHA-256-hashed, 2026-01-01T10:00:00Z
  if (
    /^(?:\d{0,5}[A-Za-z]{0,14}\d{0,3}(?:[-_./:,+]|$))+$/.test(value) &&
    isWords(value.replaceAll(/\d|[,+]/g, ""))
  )
    return false;
  const kinds = [/[A-Z]/, /[^A-Za-z\d\s]/].filter((kind) => kind.test(value)).length;
  return (
    kinds === 2 ||
    (kinds === 1 && /[^A-Za-z\d\s_-]|\d[A-Za-z]{1,4}\d|\d{3}/.test(value) && value.length >= 10)
  );
}

function isUuid(value: string): boolean {
  return /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(value);
}

// Words have three letters or more between a capital and the next.
function changesOften(value: string): boolean {
  const parts = value.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+/g) ?? [];
  return parts.length * 3.2 > value.length;
}

// 1.2.3, ^11.7.1, v2.0.0-rc.1
function isVersion(value: string): boolean {
  return (
    /^[~^v>=]{0,2}(?:\d{1,3}:)?\d{1,5}\.\d{1,5}(?:\.\d{1,5})?(?:[-+.~][\w.+~-]{1,40})?$/.test(
      value,
    ) && /\..*\.|[:~^>=+]|^\d+\.\d+$/.test(value)
  );
}

// process.env.X, os.environ["X"], random_password.db.result
const MEMBER =
  /^[A-Za-z_$]+(?:\d{1,2}[A-Za-z_$]*)?(?:\??\.[A-Za-z_$]+(?:\d{1,2}[A-Za-z_$]*)?|\[[\w'"$.]*\])+[!?]?$/;

// The parts of a member are words; those of a password with a dot are not.
function isMember(value: string): boolean {
  return MEMBER.test(value) && isWords(value.replaceAll(/\d|\[[^\]]*\]|[?!$]/g, ""));
}

function namesSecret(value: string): boolean {
  return /pass(?:w(?:or)?d|phrase|code|wort)|secret|token|api[-_ ]?key|credential|(?:^|[-_ .])(?:pw|pwd|keys?|auth)(?:$|[-_ .])/i.test(
    value,
  );
}

// The address of a contract or an account, which everyone may see, and a color.
const ADDRESS = /^(?:0x[\dA-Fa-f]{40}|#(?:[\dA-Fa-f]{3,4}|[\dA-Fa-f]{6}|[\dA-Fa-f]{8}))$/;

// A token has digits and letters, or letters in no order that words have.
function isTokenText(value: string, place: Place): boolean {
  const hasDigit = /\d/.test(value);
  if (ADDRESS.test(value) || (place !== "field" && /[^ -~\s]/.test(value))) return false;
  if (/\s/.test(value)) return place === "quoted" && hasDigit && !isLabel(value);
  if (!hasDigit && place === "code") return false;
  if (!hasDigit) return /^(?:[a-z]{15,}|[A-Z]{15,})$/.test(value) || isJumble(value);
  if (!/[A-Za-z]/.test(value)) return value.length >= (place === "field" ? 6 : 20);
  if (/^https?:\/\//.test(value)) return /[A-Za-z0-9_-]{32}/.test(value);
  // v2, 1.2.3rc, 30d, 10MB
  if (/^0x[\dA-Fa-f]{1,8}$|^v?\d+(?:\.\d+){0,4}[A-Za-z]{0,3}$/.test(value)) return false;
  if (place === "field") return true;
  if (isNumberedWords(value)) return false;
  if (place === "code") return value.length >= 8 && !isIdentifier(value);
  return value.length >= 6 && !(place === "line" && isMember(value));
}

// theme-v2, CRAM-MD5, web-shop-2026
function isNumberedWords(value: string): boolean {
  return /^[A-Za-z]{2,14}(?:[-_./:](?:[A-Za-z]{1,14}\d{0,3}|\d{1,4})){1,8}$/.test(value);
}

// QxRtYpLm, but neither PreToolUse nor HTTPBasicAuth.
function isJumble(value: string): boolean {
  return (
    /^[A-Za-z+/=_-]{8,}$/.test(value) &&
    /[a-z]/.test(value) &&
    /[A-Z]/.test(value) &&
    !isWords(value)
  );
}

/** Whether a text is made of words: `PreToolUse`, `my-web-shop`, `PLATFORM`, `localhost`. */
export function isWords(value: string): boolean {
  for (const word of value.split(/[-_. /:]/)) {
    if (/^(?:[a-z]{0,14}|[A-Z]{0,14})$/.test(word)) continue;
    for (const part of word.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^A-Za-z]+/g) ?? [])
      if (!/^(?:[A-Z]{1,5}|[A-Z][a-z]{2,14}|[a-z]{2,14})$/.test(part)) return false;
  }
  return true;
}

// get_token2, userId, password3: what code calls things.
function isIdentifier(value: string): boolean {
  return (
    MEMBER.test(value) ||
    /^[a-z]+(?:_[a-z]+)+_?\d{0,2}$/.test(value) ||
    /^[a-z]+(?:[A-Z][a-z]{2,})+\d{0,2}$/.test(value) ||
    (/^[A-Za-z_$]+\d{0,2}$/.test(value) && namesSecret(value))
  );
}

// Contraseña, as a translation says it.
function isForeignWord(value: string): boolean {
  return /[^ -~]/.test(value) && /^\p{L}{2,24}$/u.test(value);
}

// "Passwort", "Mot de passe", "Forgot it?": what a screen says.
function isLabel(value: string): boolean {
  if (/[^ -~\s]/.test(value) && /^[\p{L}\s?¿!¡'’.:-]+$/u.test(value)) return true;
  if (!/\s/.test(value)) return /^[A-Z][a-z]{2,11}$/.test(value);
  if (/\d/.test(value))
    return /^\p{Lu}(?=(?:\S+\s){3})(?:(?:[\p{L}'’-]+|\d{1,4})?[.,:;!?]?(?:\s|$))+$/u.test(value);
  return /^[^a-z\s]?[A-Z]|[?:.!]$/.test(value);
}
