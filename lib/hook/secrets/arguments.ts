// Secrets among the arguments of programs that no name identifies: mysql -pX, curl -u bob:X, docker login -p X.
import { isSecretText } from "./values";
import { isAlphanumeric, placesOf, type Span } from "./hint-places";

/**
 * How a program is given a secret:
 * - `next`: in the word after the option, or joined to it by an equals sign: `-p X`, `--pass=X`; also joined without
 *   one if the option has a `+`, and only so if it has an asterisk: `mysql -pX`;
 * - `pair`: like `next`, behind the user's name and a colon, a comma, a percent sign or a slash: `-u bob:X`;
 * - `after`: in the last word after this one that is no option: `cargo login X`;
 * - `assigned`: behind every equals sign: `fly secrets set A=X`.
 */
type How = "next" | "pair" | "after" | "assigned";
/** Programs, a word that must be among their arguments or "", how, and the options or words. */
type Row = readonly [programs: string, when: string, how: How, options: string];

// From the manuals of these programs.
const ROWS: readonly Row[] = [
  [
    "mysql mysqldump mysqladmin mysqlimport mysqlcheck mysqlsh mariadb mariadb-dump mariadb-admin",
    "",
    "next",
    "-p*",
  ],
  [
    "mongosh mongo mongodump mongorestore mongoexport mongoimport cqlsh smbmap crackmapexec netexec nxc evil-winrm hydra psexec rdesktop",
    "",
    "next",
    "-p",
  ],
  ["redis-cli valkey-cli", "", "next", "-a --pass"],
  ["redis-cli valkey-cli", "AUTH", "after", "AUTH"],
  ["sqlcmd bcp osql isql mssql-cli", "", "next", "-P+"],
  ["influx beeline", "", "next", "-p -password"],
  ["sqlplus sqlldr expdp impdp rman", "", "pair", ""],
  [
    "ldapsearch ldapadd ldapmodify ldapdelete ldapmodrdn ldapcompare ldapwhoami ldappasswd ldapexop",
    "",
    "next",
    "-w -s -a",
  ],
  ["curl", "", "pair", "-u+ --user -U+ --proxy-user"],
  ["curl", "", "next", "--oauth2-bearer --pass --proxy-pass --tlspassword"],
  ["http https xh httpie", "", "pair", "-a --auth"],
  ["etcdctl", "", "pair", "--user"],
  ["lftp", "", "pair", "-u"],
  ["skopeo buildah podman", "", "pair", "--creds --src-creds --dest-creds"],
  ["java jenkins-cli", "-auth", "pair", "-auth"],
  [
    "docker podman nerdctl buildah skopeo helm oras crane az oc cf ibmcloud jf glab argocd regctl",
    "login",
    "next",
    "-p -t --token",
  ],
  ["twine poetry dotnet expo eas nuget", "", "next", "-p"],
  ["hatch", "publish", "next", "-a --auth"],
  ["uv vercel codecov doctl", "", "next", "-t --token"],
  ["sshpass", "", "next", "-p+"],
  ["7z 7za 7zz 7zr rar unrar", "", "next", "-p*"],
  ["zip unzip zipcloak", "", "next", "-P"],
  ["openssl", "", "next", "-passin -passout -pass -k -K"],
  ["smbclient rpcclient smbget net winexe", "", "pair", "-U --user"],
  ["ssh-keygen", "", "next", "-N -P"],
  ["net", "use", "after", "/user:*"],
  ["snmpwalk snmpget snmpset snmpbulkwalk", "", "next", "-A -X"],
  ["ipmitool mosquitto_pub mosquitto_sub", "", "next", "-P"],
  ["plink pscp psftp", "", "next", "-pw"],
  ["xfreerdp wlfreerdp cmdkey wmic", "", "next", "/p:+ /pass:+ /password:+"],
  ["schtasks", "", "next", "/rp"],
  ["security", "", "next", "-w -p -P"],
  ["nmcli", "password", "after", "password"],
  ["rabbitmqctl", "", "after", "add_user change_password authenticate_user"],
  ["htpasswd", "-b", "after", "-b"],
  ["htpasswd", "-nb", "after", "-nb"],
  ["mosquitto_passwd", "-b", "after", "-b"],
  ["useradd usermod", "", "next", "-p"],
  ["cargo wandb", "login", "after", "login"],
  ["vault", "login", "after", "login"],
  ["snyk doppler", "auth", "after", "auth"],
  ["ngrok", "", "after", "authtoken add-authtoken"],
  ["bw", "unlock", "after", "unlock"],
  ["rclone", "obscure", "after", "obscure"],
  ["gh glab", "set", "next", "-b --body -v --value"],
  ["aws", "secretsmanager", "next", "--secret-string"],
  ["aws", "put-parameter", "next", "--value"],
  ["az", "secret", "next", "--value"],
  ["kubectl oc", "secret", "assigned", "--from-literal"],
  ["fly flyctl supabase doppler", "secrets", "assigned", ""],
  ["heroku", "config:set", "assigned", ""],
  [
    "composer poetry",
    "config",
    "after",
    "http-basic.* pypi-token.* github-oauth.* gitlab-token.* bearer.*",
  ],
  ["ConvertTo-SecureString", "", "next", "-String"],
  ["ConvertTo-SecureString", "", "after", "ConvertTo-SecureString"],
  ["gitlab-runner", "register", "next", "-r"],
];

/** In lower case; a text without any of these has no such argument. */
export const ARGUMENT_HINTS: readonly string[] = [
  " -",
  "auth",
  "login",
  "pass",
  "secret",
  "config",
  "/p:",
  "/user:",
  "unlock",
  "obscure",
  "sqlplus",
  "add_user",
];

/**
 * Finds the secrets among the arguments of programs in a text, such as a command or a script. A program is looked for
 * in front of each of these hints.
 */
export function argumentSecrets(text: string, hints: readonly string[]): Span[] {
  const found: Span[] = [];
  const search = new ProgramSearch(text);
  let end = 0;
  for (const at of placesOf(text, hints)) {
    // Of the options only those that a row has.
    if (
      at < end ||
      (text.startsWith(" -", at - 2) && !"pPuUawNtkKbXAsrSnc-".includes(text.charAt(at)))
    )
      continue;
    const program = search.before(at);
    if (program === undefined) continue;
    const words = readWords(text, program.end);
    for (const { word, from } of secretWords(
      program.name,
      words.map((one) => one.text),
    )) {
      const { start, end: wordEnd } = words[word] as Word;
      found.push({ start: start + from, end: wordEnd });
    }
    // The rest of this command has been read.
    end = words.at(-1)?.end ?? 0;
  }
  return found;
}

const MAX_BEFORE = 512;
const MAX_NAME = 48;
let programs = "";

interface Program {
  readonly name: string;
  /** Where its name ends. */
  readonly end: number;
}

/** Finds the program of the command that a place is in, looking at each part of the text once. */
class ProgramSearch {
  #last: Program | undefined;
  #searched = 0;

  constructor(readonly text: string) {
    if (programs === "") for (const [row] of ROWS) programs += ` ${row} `;
  }

  before(at: number): Program | undefined {
    let from = at - MAX_BEFORE;
    if (from > this.#searched) this.#last = undefined;
    else from = this.#searched;
    const part = this.text.slice(from, at);
    const command = lastOf(part, "\n|;&") + 1;
    if (command > 0) this.#last = undefined;
    let end = from + command;
    for (const word of part.slice(command).split(" ")) {
      end += word.length;
      // /usr/bin/mysql, $(mysql, "mysql
      const name = word.slice(lastOf(word, "/\"'(`=\\$\t") + 1).replace(".exe", "");
      if (
        name !== "" &&
        (end < at || !isAlphanumeric(this.text, at)) &&
        programs.includes(` ${name} `)
      )
        this.#last = { name, end };
      end++;
    }
    // The last word may go on, and then be the name of a program.
    this.#searched = Math.max(from + part.lastIndexOf(" ") + 1, from + command, at - MAX_NAME);
    return this.#last;
  }
}

function lastOf(text: string, signs: string): number {
  for (let at = text.length - 1; at >= 0; at--) if (signs.includes(text.charAt(at))) return at;
  return -1;
}

/** Finds the secrets in a list of arguments that begins with the program: which item, and from which character. */
export function listedSecrets(items: readonly string[]): SecretWord[] {
  const [program = "", ...words] = items;
  const name = program.slice(program.lastIndexOf("/") + 1);
  return secretWords(name, words).map(({ word, from }) => ({ word: word + 1, from }));
}

/** A secret among the arguments: in which word, and from which character. */
interface SecretWord {
  readonly word: number;
  readonly from: number;
}

function secretWords(program: string, words: readonly string[]): SecretWord[] {
  const found = new Map<number, SecretWord>();
  for (const [names, when, how, options] of ROWS) {
    if (!names.split(" ").includes(program) || (when !== "" && !words.includes(when))) continue;
    for (const { word, from } of candidates(how, program, words, options.split(" "))) {
      const text = words[word] ?? "";
      // A quote in the middle of a word: -p'x'.
      const start = /["']/.test(text.charAt(from)) ? from + 1 : from;
      const value = text.slice(start);
      // Numbers are ports and user ids: -p 3306, -u 1000:1000.
      const isNumber = /^\d{1,5}(?::\d{1,5})*$/.test(value);
      if (value !== "" && !isNumber && !found.has(word) && isSecretText(value, "password", "line"))
        found.set(word, { word, from: start });
    }
  }
  return Array.from(found.values()).toSorted((a, b) => a.word - b.word);
}

/** The words that can be secrets by where they stand. */
function candidates(
  how: How,
  program: string,
  words: readonly string[],
  options: readonly string[],
): SecretWord[] {
  switch (how) {
    case "assigned":
      return assignedTo(options[0] ?? "", words);
    case "after":
      return options.flatMap((option) => lastAfter(option, program, words));
    case "next":
      return valuesOf(options, words).flatMap((at) => passwordAt(at, words));
    case "pair":
      return (options[0] === "" ? firstArgument(words) : valuesOf(options, words)).flatMap((at) =>
        partnerAt(at, words),
      );
  }
}

// A=X, or --from-literal=A=X and --from-literal A=X.
function assignedTo(option: string, words: readonly string[]): SecretWord[] {
  const found: SecretWord[] = [];
  for (const [at, word] of words.entries()) {
    const isJoined = option !== "" && word.startsWith(`${option}=`);
    const isGiven = option === "" ? !word.startsWith("-") : isJoined || words[at - 1] === option;
    const sign = word.indexOf("=", isJoined ? option.length + 1 : 0);
    if (isGiven && sign > 0) found.push({ word: at, from: sign + 1 });
  }
  return found;
}

function lastAfter(option: string, program: string, words: readonly string[]): SecretWord[] {
  const start = option.endsWith("*") ? option.slice(0, -1) : undefined;
  const at =
    program === option
      ? -1
      : words.findIndex((word) => (start === undefined ? word === option : word.startsWith(start)));
  if (at < 0 && program !== option) return [];
  const last = words.findLastIndex((word, n) => n > at && !word.startsWith("-"));
  return last > at ? [{ word: last, from: 0 }] : [];
}

/** The values of options: the next word, or what is joined to the option. */
function valuesOf(options: readonly string[], words: readonly string[]): SecretWord[] {
  const found: SecretWord[] = [];
  for (const option of options) {
    const isJoined = option.endsWith("+") || option.endsWith("*");
    const name = isJoined ? option.slice(0, -1) : option;
    for (const [at, word] of words.entries()) {
      if (word === name) {
        if (!option.endsWith("*")) found.push({ word: at + 1, from: 0 });
      } else if (name.startsWith("--") && word.startsWith(`${name}=`))
        found.push({ word: at, from: name.length + 1 });
      else if (isJoined && word.startsWith(name) && !word.startsWith("--"))
        found.push({ word: at, from: name.length });
    }
  }
  return found;
}

// What openssl takes: pass:X, but not file:X, env:X, fd:3, stdin.
function passwordAt({ word, from }: SecretWord, words: readonly string[]): SecretWord[] {
  const given = (words[word] ?? "").slice(from);
  if (given.startsWith("pass:")) return [{ word, from: from + "pass:".length }];
  if (/^(?:file|env|fd|stdin|val)(?::|$)/.test(given) || (from === 0 && given.startsWith("-")))
    return [];
  return [{ word, from }];
}

// DOMAIN\user:X, user:X, user%X, user,X, user/X.
function partnerAt({ word, from }: SecretWord, words: readonly string[]): SecretWord[] {
  const given = (words[word] ?? "").slice(from);
  const user = /^(?:[^\\/]*\\{1,2})?[^:,%/\s]*[:,%/](?=.)/.exec(given);
  return user === null ? [] : [{ word, from: from + user[0].length }];
}

// sqlplus scott/tiger@db
function firstArgument(words: readonly string[]): SecretWord[] {
  const at = words.findIndex((word) => !word.startsWith("-"));
  return /\/[^@]/.test(words[at] ?? "") ? [{ word: at, from: 0 }] : [];
}

interface Word extends Span {
  readonly text: string;
}

const MAX_WORDS = 64;
const MAX_COMMAND = 4096;

// The words of a command, up to its end: an operator of the shell or a line's end without a backslash.
function readWords(text: string, from: number): Word[] {
  const words: Word[] = [];
  const word =
    /(?:[ \t]|\\\r?\n|\\n(?=[ \t]))*(?:(\\{0,3}')([^'\n]*)'?|(\\{0,3}")((?:[^"\\\n]|\\(?!"))*)\\{0,3}"?|([^\s"'`;|&()<>\\]|\\[^\n"'nr])+)/y;
  word.lastIndex = from;
  const limit = from + MAX_COMMAND;
  while (words.length < MAX_WORDS && word.lastIndex < limit) {
    const at = word.lastIndex;
    const match = word.exec(text);
    if (match === null) break;
    const [whole, single, inSingle, double, inDouble] = match;
    const given =
      single !== undefined ? inSingle : double !== undefined ? inDouble : whole.trimStart();
    const start =
      single !== undefined || double !== undefined
        ? at + whole.indexOf((single ?? double) as string) + (single ?? double ?? "").length
        : at + whole.length - (given ?? "").length;
    // A quote in the middle of a word: -p'x', --password="x".
    const last = words.at(-1);
    const isGlued = last !== undefined && at === last.end && !/^\s/.test(whole);
    if (isGlued && (single !== undefined || double !== undefined))
      words[words.length - 1] = {
        text: text.slice(last.start, start + (given ?? "").length),
        start: last.start,
        end: start + (given ?? "").length,
      };
    else words.push({ text: given ?? "", start, end: start + (given ?? "").length });
  }
  return words;
}
