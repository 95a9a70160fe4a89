// Secrets among the arguments of programs, where no name tells them: mysql -pX, curl -u bob:X, docker login -p X.
import { isSecretText } from "./values";
import { isAlphanumeric, placesOf, type Span } from "./places";

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
export function listedSecrets(items: readonly string[]): { word: number; from: number }[] {
  const [program = "", ...words] = items;
  const name = program.slice(program.lastIndexOf("/") + 1);
  return secretWords(name, words).map(({ word, from }) => ({ word: word + 1, from }));
}

function secretWords(program: string, words: readonly string[]): { word: number; from: number }[] {
  const found: { word: number; from: number }[] = [];
  const seen = new Set<number>();
  const add = (word: number, from: number, isCertain = true) => {
    // A quote in the middle of a word: -p'x'.
    if (/^["']/.test((words[word] ?? "").slice(from))) from++;
    const value = (words[word] ?? "").slice(from);
    if (value === "" || seen.has(word) || (!isCertain && value.startsWith("-"))) return;
    if (/^\d{1,5}(?::\d{1,5})*$/.test(value) || !isSecretText(value, "password", "line")) return;
    seen.add(word);
    found.push({ word, from });
  };
  for (const [row, when, how, options] of ROWS) {
    if (!row.split(" ").includes(program)) continue;
    if (when !== "" && !words.includes(when)) continue;
    if (how === "assigned")
      for (const [at, word] of words.entries()) {
        const [option] = options.split(" ");
        const sign = word.indexOf(
          "=",
          option !== "" && word.startsWith(`${option}=`) ? `${option}=`.length : 0,
        );
        if (
          sign > 0 &&
          (option === ""
            ? !word.startsWith("-")
            : word.startsWith(`${option}=`) || words[at - 1] === option)
        )
          add(at, sign + 1);
      }
    else if (how === "after") {
      for (const option of options.split(" ")) {
        const at =
          program === option
            ? -1
            : option.endsWith("*")
              ? words.findIndex((word) => word.startsWith(option.slice(0, -1)))
              : words.indexOf(option);
        if (at < 0 && program !== option) continue;
        const last = words.findLastIndex((word, n) => n > at && !word.startsWith("-"));
        if (last > at) add(last, 0, false);
      }
    } else addOptions(words, options, how, add);
  }
  return found.toSorted((a, b) => a.word - b.word);
}

type Add = (word: number, from: number, isCertain?: boolean) => void;

function addOptions(
  words: readonly string[],
  options: string,
  how: "next" | "pair",
  add: Add,
): void {
  const put = (at: number, from: number) => {
    if (how === "next") {
      const prefix = /^pass:/.exec((words[at] ?? "").slice(from))?.[0].length ?? 0;
      if (prefix > 0 || !/^(?:file|env|fd|stdin|val):?/.test(words[at] ?? ""))
        add(at, from + prefix, from > 0);
      return;
    }
    const secret = /^[^:,%/\s]*[:,%/](?=.)/.exec(
      (words[at] ?? "")
        .slice(from)
        .replace(/^[^\\/]*\\{1,2}/, (domain) => "_".repeat(domain.length)),
    );
    if (secret !== null) add(at, from + secret[0].length);
  };
  if (options === "") {
    const at = words.findIndex((word) => !word.startsWith("-"));
    const [, end = ""] = /\/([^@]*)/.exec(words[at] ?? "") ?? [];
    if (at >= 0 && end !== "") put(at, 0);
    return;
  }
  for (const option of options.split(" ")) {
    const isJoined = option.endsWith("+") || option.endsWith("*");
    const name = isJoined ? option.slice(0, -1) : option;
    for (const [at, word] of words.entries()) {
      if (word === name) {
        if (!option.endsWith("*")) put(at + 1, 0);
      } else if (name.startsWith("--") && word.startsWith(`${name}=`)) put(at, name.length + 1);
      else if (isJoined && word.startsWith(name) && !word.startsWith("--")) put(at, name.length);
    }
  }
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
