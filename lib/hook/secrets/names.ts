// Which names say that their value is a secret: names of keys, variables, options, headers and elements.

/**
 * What a name says of its value. A `password` may be any text; a `token` also looks like one, so that
 * `token: 'identifier'` is not taken for a secret; a `key` is long and random, because most keys are no secrets:
 * `routing_key: orders.created`.
 */
export type SecretName = "password" | "token" | "key";

/** In lower case; every name that is secret contains the letters of one of these, in upper or lower case. */
export const NAME_HINTS: readonly string[] = [
  "pass",
  "pw",
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
  "phrase",
  "honeycomb",
  "_session",
  // With what ends the name, because of `path`.
  '_pat"',
  "_pat=",
  "-pat ",
  "-pat=",
  // Passwords in other languages, where their letters are ASCII's.
  "kennwort",
  "wachtwoord",
];

// The lists are texts with blanks around their words, because sets would have to be built by each hook.

// At the end of a name these do not change what it names: API_TOKEN_DEV, secret_key_base, client-key-data.
const QUALIFIERS =
  " dev develop development prod production stage staging test testing live sandbox local demo ci old new current previous prev default plain plaintext clear cleartext value val base data b64 base64 string str text encoded raw primary secondary backup main env confirmation confirm repeat again input b ";
// At the beginning they make it a switch, a count or a label: useSecretManager, forgot_password.
const ABOUT =
  " disable disabled enable enabled use uses using require requires required has have is show hide allow allowed forgot forgotten lost no without max min num number count validate valid invalid missing wrong incorrect unexpected expected weak strong enter empty skip ignore ask prompt existing ";
// `reset_token` is a token all the same.
const ABOUT_PASSWORDS = " reset change update ";
// Tokens that say where to go on reading, or when to stop.
const POSITIONS = " next page continuation cancel cancellation sync resume start unexpected ";
// Whose key is a secret.
const KEY_OWNERS =
  " api access private secret signing sign signature encryption encrypt decryption decrypt master auth account app shared service session deploy deployment ssh client webhook hmac jwt cipher crypto crypt subscription admin server security function host consumer integration ingest ingestion write tls ssl gpg pgp wallet seed validator license licence application stream aes rsa des machine recovery token password cookie nonce bot merchant root team fernet preshared unseal validation storage vault ";
// A secret that is kept elsewhere: `pullSecret: registry-login`.
const REFERRED = " existing pull ";
// Whose phrase is a secret.
const PHRASES = " pass seed recovery secret backup mnemonic ";
// In a variable every other key is one, too: GROQ_KEY. In other names it is one if its value can be nothing else.
const HARMLESS_KEYS =
  " public publishable pub primary foreign cache sort partition row range hash index unique idempotency translation object event group registry project issue lookup dedupe dedup routing message map search sorting hot shortcut menu enter return escape tab arrow any anon id name type version tenant user state site query file image document job node shard entity item data path commit content checksum asset component trace host known authorized verify parent child recv send default ";

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
  // What browsers get: NEXT_PUBLIC_POSTHOG_KEY.
  if (kind !== "password" && /(?:^|_)PUBLIC_/.test(name)) return undefined;
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
      return has(REFERRED, owner) ? undefined : "password";
    case "ident":
      // Yarn's npmAuthIdent: name:password.
      return owner === "auth" ? "password" : undefined;
    case "phrase":
      return has(PHRASES, owner) ? "password" : undefined;
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
      return owner === "" && name !== "--pat" ? undefined : "token";
    case "key":
    case "keys":
      if (has(KEY_OWNERS, owner)) return "token";
      if (owner === "" || has(HARMLESS_KEYS, owner)) return owner === "routing" ? "key" : undefined;
      return isVariable(name) ? "token" : "key";
    case "session":
      return "key";
    default:
      // OP_SESSION_my, and a header whose name says nothing.
      return /_SESSION_|^x-honeycomb-team$/i.test(name) ? "key" : kindOfCompound(noun);
  }
}

// Words written as one: PGPASSWORD, requirepass, apikey, authtoken.
function kindOfCompound(noun: string): SecretName | undefined {
  if (
    /passw(?:or)?d$|passphrase$|^(?:pass?wort|kennwort|wachtwoord|passcode|authtok|(?:bind|root|admin|user|ldap|db)pw|mnemonic|(?:mysql|user|db|admin|root)?pwd|t?otp|psk|masterauth|(?:require|ssh|user|db|store|key|smtp|mysql|pg|root|admin|ldap|ftp|imap|mail|redis|master|proxy|wifi|sudo|become|bind|http|sasl|keystore|truststore|remote|local|rpc|login|service|cert|vpn|vnc|rdp|sql|pgsql|mongo|rabbit|mq|mqtt|host|router|device|account)pass)$/.test(
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
