// Secrets among the arguments of functions, where their place tells them: createHmac("sha256", "x"),
// new PDO(dsn, "app", "x"), auth=("app", "x").
import { isAlphanumeric, lowerCase, placesOf, type Span } from "./hint-places";
import { skipWrapper } from "./assignment-syntax";
import { isRandomKey, isSecretText } from "./values";

// In lower case, what is in front of the parenthesis, by which of the arguments is the secret. From the documentation
// of these functions. A text, because a table would have to be built by each hook.
const CALLS: readonly string[] = [
  // Passwords to hash, keys, tokens.
  " hashpw bcrypt bcrypt.hash hashsync hash::make password_hash generate_password_hash make_password crypt argon2.hash password.create passwordencoder.encode pwd_context.hash pbkdf2 pbkdf2sync scrypt scryptsync fernet multifernet aesgcm secretkeyspec hmacshakeyfor algorithm.hmac256 algorithm.hmac512 urlsafetimedserializer urlsafeserializer cookieparser hmac.new hmacsha1 hmacsha256 hmacsha512 privatekeytoaccount ethers.wallet wallet account.from_key fromsecretkey bs58.decode fromphrase frommnemonic from_mnemonic mnemonictoseed mnemonictoseedsync signingkey unsafeplaintext newstore newcookiestore newfilesystemstore symmetricsecuritykey bearer_auth bearerauth setbearerauth with_token ",
  // Behind a user's name, an algorithm, or what is signed.
  " setbasicauth basic_auth basicauth withbasicauth addbasicauthentication basicauthentication httpbasicauth httpdigestauth httpproxyauth networkcredential usernamepasswordcredentials passwordauthentication usernamepasswordauthenticationtoken credentials.basic authtokens.basic auth.basic auth login simple_bind simple_bind_s oci_connect cx_oracle.connect oracledb.connect username_pw_set wifi.begin createhmac createcipheriv createdecipheriv hmac.hexdigest hmac.digest aes.encrypt aes.decrypt hmac.new jwt.sign jwt.verify jwt.encode jwt.decode plaintextauthprovider plaincredentials basic twilio algoliasearch ",
  // Behind a host or an address, and a user's name.
  " mysqli_connect mysqli pdo dbi->connect drivermanager.getconnection datasource.getconnection pymysql.connect mysqldb.connect mysql_connect odbc_connect ldap_bind ftp_login ftplib.ftp imap_open ssh2_auth_password sequelize keyring.set_password hash_hmac openssl_encrypt openssl_decrypt smtp.plainauth minio connect connection ",
  // Behind a realm, a host and a user's name.
  " credentials connect ",
];

/** In lower case; a text without any of these has no such call. Those of names are searched anyway. */
export const CALL_HINTS: readonly string[] = [
  "pass",
  "pw",
  "auth",
  "key",
  "jwt",
  "cookie",
  "credential",
  "login",
  "hash",
  "crypt",
  "hmac",
  "connect",
  "rializer(",
  "store(",
  "fernet(",
  "pdo(",
  "mysqli(",
  "ldap",
  "wifi.",
  "ftp",
  "quelize(",
  "wallet(",
  "phrase",
  "mnemonic",
  "secret",
  "twilio",
];

// Where a call may be: what the names of functions have in common.
const CALL_PLACES: readonly string[] = [
  "password",
  "passwordencoder",
  "hash",
  "crypt",
  "hmac",
  "aes",
  "pbkdf2",
  "fernet(",
  "keyspec(",
  "shakeyfor(",
  "cookieparser(",
  "serializer(",
  "auth(",
  "auth=(",
  "auth.basic(",
  "authtokens.basic(",
  "authentication",
  "credential",
  "jwt.",
  "login(",
  "basic(",
  "store(",
  "provider(",
  "securitykey(",
  "bind(",
  "bind_s(",
  "connect(",
  "connection(",
  "mysqli(",
  "pdo(",
  "ftp(",
  "pw_set(",
  "imap_open(",
  "wifi.begin(",
  "sequelize(",
  "with_token(",
  "privatekeyto",
  "wallet(",
  "from_key(",
  "fromsecretkey(",
  "bs58.decode(",
  "phrase(",
  "mnemonic",
  "signingkey(",
  "plaintext(",
  "twilio(",
  "algoliasearch(",
  "minio(",
];

const MAX_NAME = 40;
const MAX_ARGUMENTS = 1024;

/** Finds the secrets that functions are called with, in the order in which they stand in the text. */
export function callSecrets(text: string): Span[] {
  const found: Span[] = [];
  let end = 0;
  for (const place of placesOf(lowerCase(text), CALL_PLACES)) {
    const at = parenthesisAt(text, place);
    if (at < end) continue;
    const name = nameBefore(text, at - 1);
    if (name === "") continue;
    for (const [index, names] of CALLS.entries()) {
      if (!isCalled(name, names)) continue;
      const literal = literalAt(text, at, index);
      if (literal === undefined) continue;
      // auth("admin", "editor") is a rule, and login("google", "popup") a choice.
      const kind =
        /(?:^|\.)(?:auth|login|basic|connect(?:ion)?)$/.test(name) && text.charAt(at - 2) !== "="
          ? "token"
          : "password";
      if (!isSecretText(text.slice(literal.start, literal.end), kind, "quoted")) continue;
      found.push(literal);
      break;
    }
    // A bot's: client.login("x")
    const only = /(?:^|\.)login$/.test(name) ? literalAt(text, at, 0) : undefined;
    if (only !== undefined && isRandomKey(text.slice(only.start, only.end))) found.push(only);
    end = Math.max(at + 1, found.at(-1)?.end ?? 0);
  }
  return found;
}

// Behind the parenthesis that opens after a hint, which may be the beginning of a name; -1 if there is none.
function parenthesisAt(text: string, place: number): number {
  let at = text.charAt(place - 1) === "(" ? place - 1 : place;
  while (
    at - place < MAX_NAME &&
    (isAlphanumeric(text, at) || "_.:->=".includes(text.charAt(at) || " "))
  )
    at++;
  return text.charAt(at) === "(" ? at + 1 : -1;
}

// `hash` of `await bcrypt.hash(`, with what it belongs to; `auth=` of Python's tuple.
function nameBefore(text: string, at: number): string {
  let start = at;
  if (text.charAt(start - 1) === "=") start--;
  while (
    at - start < MAX_NAME &&
    (isAlphanumeric(text, start - 1) || "_.:>-".includes(text.charAt(start - 1) || " "))
  )
    start--;
  const name = text.slice(start, at).toLowerCase();
  return name.endsWith("=") ? (name === "auth=" ? "auth" : "") : name;
}

// `bcrypt.hash` is called by `this.bcrypt.hash`, and `login` by `server.login`.
function isCalled(name: string, names: string): boolean {
  for (let from = 0; from >= 0 && from < name.length;) {
    if (names.includes(` ${name.slice(from)} `)) return true;
    const next = name.slice(from).search(/[.:>]/);
    if (next < 0) return false;
    from += next + 1;
  }
  return false;
}

// The text that is the argument of this index, if it is nothing else.
function literalAt(text: string, start: number, index: number): Span | undefined {
  const limit = Math.min(text.length, start + MAX_ARGUMENTS);
  let depth = 0;
  let left = index;
  let at = start;
  while (at < limit && left > 0) {
    const character = text.charAt(at);
    if ("\"'`".includes(character)) {
      at = endOfQuoted(text, at, limit) + 1;
      continue;
    }
    if ("([{".includes(character)) depth++;
    else if (")]}".includes(character)) {
      if (depth-- === 0) return undefined;
    } else if (character === "," && depth === 0) left--;
    at++;
  }
  if (left > 0) return undefined;
  at += /^(?:\s|\\[nrt]){0,32}/.exec(text.slice(at, at + 64))?.[0].length ?? 0;
  at = skipWrapper(text, at);
  const opening = /^[bBruf@$]{0,2}\\{0,3}(?=["'`])/.exec(text.slice(at, at + 8));
  if (opening === null) return undefined;
  at += opening[0].length;
  const end = endOfQuoted(text, at, limit);
  // What is added to it is no part of the literal: "x" + y.
  const escapes = opening[0].length - opening[0].replaceAll("\\", "").length;
  return end >= limit ? undefined : { start: at + 1, end: end - escapes };
}

// Where the quote of this kind closes: behind as many backslashes as it was opened with.
function endOfQuoted(text: string, at: number, limit: number): number {
  const quote = text.charAt(at);
  const escape = text.charAt(at - 1) === "\\";
  for (
    let end = text.indexOf(quote, at + 1);
    end >= 0 && end < limit;
    end = text.indexOf(quote, end + 1)
  )
    if ((text.charAt(end - 1) === "\\") === escape) return end;
  return limit;
}
