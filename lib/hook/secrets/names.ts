// Which names say that their value is a secret: names of keys, variables, options, headers and elements.

/**
 * What a name says of its value. A `password` may be any text; a `token` also looks like one, so that
 * `token: 'identifier'` is not taken for a secret.
 */
export type SecretName = "password" | "token";

/** In lower case; every name that is secret contains the letters of one of these, in upper or lower case. */
export const NAME_HINTS: readonly string[] = [
  "pass",
  "pwd",
  "secret",
  "token",
  "credential",
  "key",
  "auth",
  "cookie",
  "jwt",
  "salt",
  "bearer",
  "mnemonic",
  "otp",
  "psk",
  // With what ends the name, because of `_path`.
  '_pat"',
  "_pat=",
  '_pw"',
  "_pw=",
];

// The lists are texts with blanks around their words, because sets would have to be built by each hook.

// At the end of a name these do not change what it names: API_TOKEN_DEV, secret_key_base, client-key-data.
const QUALIFIERS =
  " dev develop development prod production stage staging test testing live sandbox local demo ci old new current previous prev default plain plaintext clear cleartext value val base data b64 base64 string str text encoded raw primary secondary backup main env confirmation confirm repeat again input ";
// At the beginning they make it a switch, a count or a label: useSecretManager, forgot_password.
const ABOUT =
  " disable disabled enable enabled use uses using require requires required has have is show hide allow allowed forgot forgotten lost no without max min num number count validate valid invalid missing wrong incorrect unexpected expected weak strong enter empty skip ignore ask prompt ";
// `reset_token` is a token all the same.
const ABOUT_PASSWORDS = " reset change update ";
// Tokens that say where to go on reading, or when to stop.
const POSITIONS = " next page continuation cancel cancellation sync resume start unexpected ";
// Whose key is a secret.
const KEY_OWNERS =
  " api access private secret signing sign signature encryption encrypt decryption decrypt master auth account app shared service session deploy deployment ssh client webhook hmac jwt cipher crypto crypt subscription admin server security function host consumer integration ingest ingestion write tls ssl gpg pgp wallet seed validator license licence application stream aes rsa des machine recovery token password cookie nonce bot merchant root team ";
// In a variable every other key is one, too: GROQ_KEY.
const HARMLESS_KEYS =
  " public publishable pub primary foreign cache sort partition row range hash index unique idempotency translation object event group registry project issue lookup dedupe dedup routing message map search sorting hot shortcut menu enter return escape tab arrow any anon id name type version tenant user state storage ";

/** What this name says of its value: `db_password`, `Authorization`, `apiKey`; nothing for `secret_name`. */
export function secretName(name: string): SecretName | undefined {
  const words = name.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g);
  if (words === null) return undefined;
  let last = words.length - 1;
  while (last > 0 && has(QUALIFIERS, words[last])) last--;
  const noun = (words[last] as string).toLowerCase();
  const owner = last > 0 ? (words[last - 1] as string).toLowerCase() : "";
  const kind = kindOf(noun, owner, name);
  if (kind === undefined || owner === "") return kind;
  if (has(ABOUT, words[0]) || (kind === "password" && has(ABOUT_PASSWORDS, words[0])))
    return undefined;
  return noun === "token" && has(POSITIONS, owner) ? undefined : kind;
}

function has(list: string, word = ""): boolean {
  return list.includes(` ${word.toLowerCase()} `);
}

function kindOf(noun: string, owner: string, name: string): SecretName | undefined {
  switch (noun) {
    case "secret":
      return "password";
    case "pass":
    case "pw":
      // Alone it is also a verdict: `pass: 12`.
      return owner === "" ? "token" : "password";
    case "token":
    case "jwt":
    case "salt":
    case "bearer":
    case "authorization":
    case "auth":
    case "cookie":
    case "cookies":
    case "credential":
    case "credentials":
      return "token";
    case "pat":
      return owner === "" ? undefined : "token";
    case "key":
    case "keys":
      if (has(KEY_OWNERS, owner)) return "token";
      return owner !== "" && !has(HARMLESS_KEYS, owner) && isVariable(name) ? "token" : undefined;
    default:
      return kindOfCompound(noun);
  }
}

// Words written as one: PGPASSWORD, requirepass, apikey, authtoken.
function kindOfCompound(noun: string): SecretName | undefined {
  if (
    /passw(?:or)?d$|passphrase$|^(?:passcode|mnemonic|(?:mysql)?pwd|t?otp|psk|masterauth|(?:require|ssh|user|db|store|key|smtp|mysql|pg|root|admin|ldap|ftp|imap|mail|redis|master)pass)$/.test(
      noun,
    )
  )
    return "password";
  return /.token$|^(?:api|access|auth|private|secret|account|master|signing|encryption|ssh|shared|session|service)keys?$/.test(
    noun,
  )
    ? "token"
    : undefined;
}

function isVariable(name: string): boolean {
  return /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/.test(name);
}
