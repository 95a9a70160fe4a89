// Secrets that a name in front of them gives away: DB_PASSWORD=x, "apiKey": "x", --token x, setPassword("x"),
// <password>x</password>, getenv("TOKEN", "x"), name: PASSWORD and then value: x.
//
// The value behind a name is read by the rules of its quotes, and judged by its name and its place. Each character
// is looked at a bounded number of times.
import { secretName, type SecretName } from "./names";
import { isAlphanumeric, lowerCase, placesOf, type Span } from "./hint-places";
import { isSecretText, type Place } from "./values";

/**
 * Finds the secrets that names give away, in the order in which they stand in the text. Only names with one of these
 * hints are looked at.
 */
export function assignedSecrets(text: string, hints: readonly string[]): Span[] {
  const found: Span[] = [];
  let end = 0;
  for (const at of placesOf(lowerCase(text), hints)) {
    // Another hint in the same name changes nothing.
    if (at < end) continue;
    // A hint may end with what ends the name.
    const nameEnd = endOfName(text, isNameCharacter(text, at - 1) ? at : at - 1);
    const secret = secretAfter(text, nameEnd);
    if (secret !== undefined) found.push(secret);
    end = secret?.end ?? nameEnd + 1;
  }
  return found;
}

function secretAfter(text: string, nameEnd: number): Span | undefined {
  const joined = jointAt(text, nameEnd);
  if (joined === undefined) return undefined;
  const nameStart = startOfName(text, nameEnd);
  const name = text.slice(nameStart, nameEnd);
  const kind = secretName(name.slice(name.lastIndexOf("/") + 1));
  if (kind === undefined || text.endsWith("[redacted:", nameStart)) return undefined;
  const { joint, valueStart } = joined;
  const value = readValue(text, valueStart, joint);
  if (value.end === value.start) return undefined;
  const sign = text.slice(nameEnd, valueStart);
  const judged = judge(text, { name, nameStart, joint, sign, value }, kind);
  if (judged === undefined) return undefined;
  const [place, span, as] = judged;
  if (!isSecretText(text.slice(span.start, span.end), as, place)) return undefined;
  return { start: span.start, end: endOfRun(text, span) };
}

const MAX_NAME = 80;

function isNameCharacter(text: string, at: number): boolean {
  return isAlphanumeric(text, at) || (at >= 0 && "_.-".includes(text.charAt(at) || " "));
}

function endOfName(text: string, at: number): number {
  let end = at;
  while (isNameCharacter(text, end)) end++;
  return end;
}

function startOfName(text: string, nameEnd: number): number {
  let start = nameEnd;
  while (
    nameEnd - start < MAX_NAME &&
    (isNameCharacter(text, start - 1) || text[start - 1] === "/")
  )
    start--;
  start += lengthOfEscape(text, start);
  // "API key", as people write it.
  const owner = /(?:api|access|secret|private|auth) (?=keys?$)/i.exec(
    text.slice(Math.max(0, start - 8), nameEnd),
  );
  return owner === null ? start : start - owner[0].length;
}

// Escape sequences that end in a letter but are not part of the name that follows: `\n`, `\u003d`, `%3D`, a terminal's color.
function lengthOfEscape(text: string, at: number): number {
  const before = text.charAt(at - 1);
  const pattern =
    before === "\\"
      ? /^(?:u[\dA-Fa-f]{4}|[bfnrt])/
      : before === "%"
        ? /^[\dA-Fa-f]{2}/
        : before === "[" || before === ";"
          ? /^\d{0,3}[mK]/
          : undefined;
  return pattern?.exec(text.slice(at, at + 5))?.[0].length ?? 0;
}

/**
 * How a name is joined to its value:
 * - `sign`: name: x, "name": "x", name = x, name => x, name := x, name || x, ${name:-x}
 * - `comma`: f("name", "x"), locate("name").fill("x")
 * - `call`: setName("x")
 * - `element`: <name>x, <name type="y">x, <key>name</key><string>x
 * - `pair`: name="name" value="x", "name": "name", "value": "x", - name: name⏎  value: x
 * - `space`: --name x, name 'x'
 */
type Joint = "sign" | "comma" | "call" | "element" | "pair" | "space";

interface Joined {
  readonly joint: Joint;
  readonly valueStart: number;
}

function jointAt(text: string, nameEnd: number): Joined | undefined {
  const quoted = afterQuote(text, nameEnd);
  const next = skipBlanks(text, quoted + ("])".includes(text.charAt(quoted) || " ") ? 1 : 0));
  const character = text.charAt(next);
  const second = text.charAt(next + 1);
  const joined = (joint: Joint, end: number) => ({ joint, valueStart: skipBlanks(text, end) });
  if (character === ":") return joined("sign", next + (second === "=" || second === "-" ? 2 : 1));
  if (character === "=" && second !== "=") return joined("sign", next + (second === ">" ? 2 : 1));
  if ((character === "|" || character === "?") && second === character)
    return joined("sign", next + (text.charAt(next + 2) === "=" ? 3 : 2));
  if (
    character === "," ||
    character === "\n" ||
    character === "\r" ||
    character === "\\" ||
    quoted > nameEnd
  ) {
    const pair = PAIR_VALUE.exec(text.slice(quoted, quoted + 64));
    if (pair !== null) return { joint: "pair", valueStart: quoted + pair[0].length };
  }
  if (quoted > nameEnd && text.charAt(quoted) === ">")
    return { joint: "element", valueStart: quoted + 1 };
  if (quoted > nameEnd) {
    const more =
      /^[ \t]{0,4}(?:,[ \t]{0,4}|\)\.(?:fill|type|send_?keys|setValue)\()(?=[A-Za-z@$]{0,2}\\{0,7}["'`])/.exec(
        text.slice(quoted, quoted + 32),
      );
    return more === null ? undefined : { joint: "comma", valueStart: quoted + more[0].length };
  }
  if (character === "(") return joined("call", next + 1);
  if (character === ">" || character === "<" || text.charAt(nameEnd) === " ") {
    const tag = /^(?:[ \t]{1,4}[\w:]{1,32}="[^"<>]{0,128}"){0,3}(?:<\/key>\s{0,16}<string)?>/.exec(
      text.slice(nameEnd, nameEnd + 256),
    );
    if (tag !== null) return { joint: "element", valueStart: nameEnd + tag[0].length };
  }
  const isSpace =
    " \t".includes(text.charAt(nameEnd) || "x") && character !== "" && character !== "\n";
  return isSpace ? { joint: "space", valueStart: next } : undefined;
}

const PAIR_VALUE =
  /^,?(?:[ \t]|\r?\n|\\+[nrt]){0,32}(?:\\{0,7}["'])?value(?:\\{0,7}["'])?[ \t]{0,4}[:=][ \t]{0,4}/i;

// Behind a quote and the backslashes in front of it, if there is one.
function afterQuote(text: string, at: number): number {
  let end = at;
  while (end - at < 7 && text.charAt(end) === "\\") end++;
  const quote = text.charAt(end);
  return quote === '"' || quote === "'" || quote === "`" ? end + 1 : at;
}

function skipBlanks(text: string, at: number): number {
  let end = at;
  while (end - at < 16 && (text.charAt(end) === " " || text.charAt(end) === "\t")) end++;
  return end;
}

/** A name, what joins it to its value, and the value. */
interface Assignment {
  readonly name: string;
  readonly nameStart: number;
  readonly joint: Joint;
  /** The text of the joint: ` = `. */
  readonly sign: string;
  readonly value: Value;
}

interface Value extends Span {
  /** Its quote with the backslashes in front of it; empty without quotes. */
  readonly quote: string;
}

type Judged = readonly [place: Place, value: Span, kind: SecretName];

/** Says in which place the value stands, and how much of the text it is; nothing if it is no value. */
function judge(text: string, found: Assignment, kind: SecretName): Judged | undefined {
  const { name, value, joint } = found;
  switch (joint) {
    case "sign":
      return judgeSign(text, found, kind);
    case "comma":
      // ['password', 'email'] is a list of names; env('DB_PASSWORD', 'x') has a default.
      return isUpper(text.slice(value.start, value.end))
        ? undefined
        : ["quoted", value, isUpper(name) ? kind : "token"];
    case "call":
      if (value.quote === "") return undefined;
      if (/^(?:.*\.)?(?:set|with)|^(?:.*\.)?pass(?:word|phrase)$/i.test(name))
        return ["quoted", value, kind];
      return isRandom(text.slice(value.start, value.end)) ? ["quoted", value, kind] : undefined;
    case "element":
      return text.charAt(found.nameStart - 1) === "<" || /^(?:<|\\*["'])/.test(found.sign)
        ? text.startsWith("</", value.end) && !name.startsWith("/")
          ? ["quoted", value, kind]
          : undefined
        : undefined;
    case "pair":
      if (value.quote !== "") return ["quoted", value, kind];
      return endsLine(text, value.end) ? ["line", value, kind] : undefined;
    case "space":
      return judgeSpace(text, found, kind);
  }
}

function judgeSign(text: string, found: Assignment, kind: SecretName): Judged | undefined {
  const { name, nameStart, sign, value } = found;
  const before = text.charAt(nameStart - 1);
  if (value.quote !== "") {
    // grep 'password:' src
    const closes = before !== "" && value.quote.endsWith(before) && sign.startsWith(":");
    // A variable's value is no label: API_TOKEN="x y"
    return closes ? undefined : [isUpper(name) && sign === "=" ? "field" : "quoted", value, kind];
  }
  // A call or a type: get_token(), Option<String>, string[].
  const next = text.charAt(value.end);
  const isShellName = isUpper(name) && sign === "=";
  if (next !== "" && "([{<".includes(next) && !isShellName) return undefined;
  if (startsLine(text, nameStart)) {
    const whole = wholeLine(text, value.start);
    if (
      whole !== undefined &&
      (isShellName || !/[({,;]$|\(|^[[{!&*]/.test(text.slice(whole.start, whole.end)))
    )
      return ["line", whole, kind];
  }
  // In a header: -H 'X-Api-Key: x'.
  if (before !== "" && "\"'`".includes(before) && (next === before || next === "\\"))
    return ["line", value, kind];
  if (sign === ":-") return ["line", value, kind];
  if (sign !== "=") return ["code", value, kind];
  // Arguments and members in code: f(password=pw), this.password=pw;
  const follows = text.slice(value.end, value.end + 24);
  if (/^\)|^,(?![\w.]+=)|^[\]}]/.test(follows)) return ["code", value, kind];
  if (next === ";" && name.includes(".") && !/^;\s?[\w ]+=/.test(follows))
    return ["code", value, kind];
  return ["line", value, kind];
}

function judgeSpace(text: string, found: Assignment, kind: SecretName): Judged | undefined {
  const { name, nameStart, value } = found;
  const given = text.slice(value.start, value.end);
  if (name.startsWith("-")) {
    // An option, and not the next one, nor `--secret id=npmrc`.
    if (value.quote === "" && (given.startsWith("-") || /^\w+=/.test(given))) return undefined;
    return [value.quote === "" ? "line" : "quoted", value, kind];
  }
  // set -x TOKEN x, ENV TOKEN x, aws configure set aws_secret_access_key x
  if (
    /\b(?:set|setx|setenv|ENV|ARG)[ \t]{1,8}(?:-[\w-]{1,16}[ \t]{1,8}){0,4}["']?(?:\S{1,64}:)?$/.test(
      text.slice(Math.max(0, nameStart - 96), nameStart),
    )
  )
    return given.startsWith("-")
      ? undefined
      : [value.quote === "" ? "line" : "quoted", value, kind];
  // WITH PASSWORD 'x', storePassword 'x'
  if (value.quote !== "") return kind === "password" ? ["quoted", value, kind] : undefined;
  if (startsLine(text, nameStart) && endsLine(text, value.end))
    return /^(?:requirepass|masterauth)$/.test(name) ||
      (/[\d!#%&*+]/.test(given) && kind === "password")
      ? ["line", value, kind]
      : undefined;
  // In a sentence only what can be nothing else.
  return isRandom(given) ? ["line", value, kind] : undefined;
}

// Nothing but a token is so long and has so many digits among its letters.
function isRandom(value: string): boolean {
  return /^(?=(?:\D*\d){3})(?=.*[A-Za-z])[\w+/=~-]{20,}$/.test(value);
}

function isUpper(name: string): boolean {
  return /^[A-Z][A-Z0-9_]*$/.test(name);
}

// What stands before a name at the start of its line: a diff's sign, a line number, a list's dash, export, -e.
const LINE_START =
  /(?:^|[\n\r]|\\[nr])(?:[ \t]*\d{1,6}(?:[ \t]*[→|:\t-]|\t))?[ \t>+\-:#*]*(?:export[ \t]+|set[ \t]+|\$env:|\$)?["']?$/i;

function startsLine(text: string, at: number): boolean {
  return LINE_START.test(text.slice(Math.max(0, at - 32), at)) || at === 0;
}

function endsLine(text: string, at: number): boolean {
  return /^["']?[ \t]{0,8}(?:$|[\n\r]|\\[nr]|#)/.test(text.slice(at, at + 10));
}

// All that is on the line, if it is one word and no further assignment: a password may contain any sign.
function wholeLine(text: string, start: number): Span | undefined {
  const word = /^(?:[^\s\\]|\\(?![nrt"']))+/.exec(text.slice(start, start + MAX_VALUE))?.[0] ?? "";
  if (word === "" || /[;&,][\w.-]+=|&&|^["'`]/.test(word)) return undefined;
  const end = start + word.length;
  return endsLine(text, end) ? { start, end } : undefined;
}

const MAX_VALUE = 1024;

function readValue(text: string, start: number, joint: Joint): Value {
  const window = text.slice(start, start + MAX_VALUE);
  if (joint === "element") return { start, end: start + lengthTo(window, /[<\n]/), quote: "" };
  const opening = /^[A-Za-z@$]{0,2}(\\{0,7}["'`])/.exec(window);
  if (opening !== null) {
    const [{ length }, quote = ""] = opening;
    return {
      start: start + length,
      end: start + length + lengthToQuote(window.slice(length), quote),
      quote,
    };
  }
  const block = /^[|>][-+\d]{0,2}[ \t]*(?:\r?\n|\\n)[ \t]+/.exec(window);
  const from = start + (block?.[0].length ?? 0);
  const word =
    /^(?:[^\s"'`,;&|<>(){}[\]\\$]|\$(?![A-Za-z_{(])|^\$[A-Za-z_]\w*|\\(?![bfnrtu"'\\\n]))+/;
  return {
    start: from,
    end: from + (word.exec(text.slice(from, from + MAX_VALUE))?.[0].length ?? 0),
    quote: "",
  };
}

function lengthTo(text: string, stop: RegExp): number {
  const at = text.search(stop);
  return at < 0 ? text.length : at;
}

// Up to the same quote with as many backslashes, or to the end of the line if it was cut.
function lengthToQuote(text: string, quote: string): number {
  const line = lengthTo(text, /[\n\r]/);
  for (
    let at = text.indexOf(quote);
    at >= 0 && at < line;
    at = text.indexOf(quote, at + quote.length)
  )
    if (text.charAt(at - 1) !== "\\") return at;
  return line;
}

// A key in base64 may be longer than what was read.
function endOfRun(text: string, { start, end }: Span): number {
  if (end - start < MAX_VALUE) return end;
  const run = /[\w+/=.-]*/y;
  run.lastIndex = end;
  return end + (run.exec(text)?.[0].length ?? 0);
}
