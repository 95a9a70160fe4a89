// Secrets among the arguments of programs that no name identifies: mysql -pX, curl -u bob:X, docker login -p X.
import { isAlphanumeric, lowerCase, placesOf, type Span } from "./hint-places";
import { isOpenKey } from "./manifests";
import { secretName } from "./names";
import { programNames, programTable } from "./hints" with { type: "macro" };
import type { How } from "./program-rows";
import { isSecretText } from "./values";

/**
 * In lower case; a text without any of these has no such argument. Some are without their first letter: searching for
 * one that is frequent takes five times as long.
 */
export const ARGUMENT_HINTS: readonly string[] = [
  " -",
  "auth",
  "login",
  "pass",
  "secret",
  "config",
  "pw",
  "psk",
  "/p:",
  "/rp ",
  "/user:",
  "/add",
  "unlock",
  "bscure",
  "qlplus",
  "xpdp",
  "mpdp",
  "add_user",
  "ecurestring",
  "igntool",
  "hodan",
  "mc alias",
  "privkey",
  "kv put",
  "etcdctl",
  "et-env",
];

/**
 * Finds the secrets among the arguments of programs in a text, such as a command or a script. A program is looked for
 * in front of each of these hints.
 */
export function argumentSecrets(text: string, hints: readonly string[]): Span[] {
  const found: Span[] = [];
  const search = new ProgramSearch(text);
  let end = 0;
  for (const place of placesOf(lowerCase(text), hints)) {
    // A hint may be the beginning of the program's name.
    let at = place;
    if (text.charAt(place - 1) !== "-")
      while (at - place < MAX_NAME && isAlphanumeric(text, at)) at++;
    // Of the options only those that a row has.
    if (
      at < end ||
      (text.startsWith(" -", at - 2) && !"pPuUawNtkKbXAsrSnc-".includes(text.charAt(at)))
    )
      continue;
    const program = search.before(at);
    if (program === undefined || !search.mayGetSecret(program.name)) continue;
    const words = readWords(text, program.end);
    for (const word of words) if (/\$\(|`/.test(word.text)) found.push(...substituted(word, hints));
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
  return inOrder(found);
}

// What a command in a command gets: -p "$(openssl passwd X)".
function substituted({ text, start }: Word, hints: readonly string[]): Span[] {
  const inner = text.slice(text.search(/\$\(|`/) + 1);
  const from = start + text.length - inner.length;
  return argumentSecrets(inner, hints).map((span) => ({
    start: from + span.start,
    end: from + span.end,
  }));
}

// Without those in another one.
function inOrder(spans: readonly Span[]): Span[] {
  const kept: Span[] = [];
  for (const span of spans.toSorted((a, b) => a.start - b.start || b.end - a.end))
    if (span.start >= (kept.at(-1)?.end ?? 0)) kept.push(span);
  return kept;
}

const MAX_BEFORE = 512;
const MAX_NAME = 48;
const PROGRAMS = programNames();
const ROWS = programTable();

interface Program {
  readonly name: string;
  /** Where its name ends. */
  readonly end: number;
}

/** Finds the program of the command that a place is in, looking at each part of the text once. */
class ProgramSearch {
  #last: Program | undefined;
  #searched = 0;
  // The names of programs that are given no secret in this text, between blanks.
  #ruledOut = "";

  constructor(readonly text: string) {}

  /** Whether the text has the words that a row of the program needs, or a command in a command. */
  mayGetSecret(program: string): boolean {
    if (this.#ruledOut.includes(` ${program} `)) return false;
    const { text } = this;
    if (text.includes("$(") || text.includes("`")) return true;
    for (const row of rowsOf(program)) {
      const [, when = "", , options = ""] = row.split("\t");
      if (text.includes(when) && hasOption(text, options)) return true;
    }
    this.#ruledOut += ` ${program} `;
    return false;
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
        PROGRAMS.includes(` ${name} `)
      )
        this.#last = { name, end };
      end++;
    }
    // The last word may go on, and then be the name of a program.
    this.#searched = Math.max(from + part.lastIndexOf(" ") + 1, from + command, at - MAX_NAME);
    return this.#last;
  }
}

function hasOption(text: string, options: string): boolean {
  for (const option of options.split(" "))
    if (option.startsWith("-~") || text.includes(option.replace(/[*+]$|>\d+$/, ""))) return true;
  return false;
}

/** The rows of a program. */
function rowsOf(program: string): string[] {
  const rows: string[] = [];
  for (let at = ROWS.indexOf(program); at >= 0;) {
    const start = ROWS.lastIndexOf("\n", at) + 1;
    const next = ROWS.indexOf("\n", at);
    const end = next < 0 ? ROWS.length : next;
    const row = ROWS.slice(start, end);
    if (` ${row.slice(0, row.indexOf("\t"))} `.includes(` ${program} `)) rows.push(row);
    at = ROWS.indexOf(program, end);
  }
  return rows;
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
  for (const row of program === "" ? [] : rowsOf(program)) {
    const [, when = "", how, options = ""] = row.split("\t");
    if (when !== "" && !words.includes(when)) continue;
    for (const { word, from } of candidates(how as How, program, words, options.split(" "))) {
      const text = words[word] ?? "";
      // A quote in the middle of a word: -p'x'.
      const start = /["']/.test(text.charAt(from)) ? from + 1 : from;
      const value = text.slice(start);
      if (how === "cookie") {
        if (isSecretText(value.split(";", 1)[0] ?? "", "token", "line"))
          found.set(word, { word, from: start });
        continue;
      }
      // A share of Windows: net use \\server\x
      if (value.startsWith("\\")) continue;
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
    case "cookie":
      return options.flatMap((option) => assignedTo(option, words));
    case "after":
      return options.flatMap((option) => wordAfter(option, program, words));
    case "entry":
      return options.flatMap((option) => entryAfter(option, words));
    case "both":
      return options
        .flatMap((option) => wordAfter(option, program, words))
        .filter(({ word }) => /^[^:/]{4,128}:[^:/]{4,128}$/.test(words[word] ?? ""));
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
    // A user's name is none: vault kv put secret/db username=app password=x
    if (isGiven && sign > 0 && !isOpenKey(word.slice(0, sign)))
      found.push({ word: at, from: sign + 1 });
  }
  return found;
}

// consul kv put app/db_password X: the word behind a name that says what it is.
function entryAfter(option: string, words: readonly string[]): SecretWord[] {
  const at = words.indexOf(option);
  if (at < 0) return [];
  for (let name = at + 1; name + 1 < words.length; name++) {
    const word = words[name] as string;
    if (!word.startsWith("-") && secretName(word.slice(word.lastIndexOf("/") + 1)) !== undefined)
      return [{ word: name + 1, from: 0 }];
  }
  return [];
}

// The last word after `set` for "set", after any word that begins so for "set*", and the second one for "set>2".
function wordAfter(given: string, program: string, words: readonly string[]): SecretWord[] {
  const [option = "", nth] = given.split(">");
  const at = words.findIndex((word) => isOption(word, option));
  if (at < 0 && program !== option) return [];
  // An option is -x, and /x for the programs of Windows.
  const rest = words.flatMap((word, n) =>
    n <= at || word.startsWith("-") || (program === "net" && word.startsWith("/")) ? [] : [n],
  );
  const word = nth === undefined ? rest.at(-1) : rest[Number(nth) - 1];
  return word === undefined ? [] : [{ word, from: 0 }];
}

function isOption(word: string, option: string): boolean {
  if (option.startsWith("-~")) return /^-[A-Za-z]+$/.test(word) && word.includes(option.slice(2));
  return option.endsWith("*") ? word.startsWith(option.slice(0, -1)) : word === option;
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
  // curl -u KEY: and -u KEY:x, where a key is all there is to know.
  const alone = /^[^:\s]{16,256}(?=:[xX]?$)/.exec(given);
  if (alone !== null) return isSecretText(alone[0], "key", "line") ? [{ word, from }] : [];
  const user = /^(?:[^\\/]*\\{1,2})?[^:,%/\s]*[:,%/](?=.)/.exec(given);
  return user === null ? [] : [{ word, from: from + user[0].length }];
}

// sqlplus scott/tiger@db
function firstArgument(words: readonly string[]): SecretWord[] {
  const at = words.findIndex((word) => !word.startsWith("-"));
  return /\/[^@]/.test(words[at] ?? "") ? [{ word: at, from: 0 }] : [];
}

/** A word of a command, without its quotes. */
export interface Word extends Span {
  readonly text: string;
}

const MAX_WORDS = 64;
const MAX_COMMAND = 4096;

/** Reads the words of a command, up to its end: an operator of the shell or a line's end without a backslash. */
export function readWords(text: string, from: number): Word[] {
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
