// Secrets that a name in front of them gives away: DB_PASSWORD=x, "apiKey": "x", --token x, setPassword("x"),
// <password>x</password>, getenv("TOKEN", "x"), name: PASSWORD and then value: x.
//
// The value behind a name is read by the rules of its quotes, and judged by its name and its place. Each character
// is looked at a bounded number of times.
import {
  bracedPassword,
  changedTo,
  endOfRun,
  endsLine,
  firstOfList,
  readValue,
  wholeLine,
  type Value,
} from "./assigned-value";
import { isAlphanumeric, lowerCase, placesOf, type Span } from "./hint-places";
import { assignmentAt, type Syntax } from "./assignment-syntax";
import { secretName, type SecretName } from "./names";
import { isRandomKey, isSecretText, isStrongPassword, type Place } from "./values";

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
    const changed = secret === undefined ? undefined : changedTo(text, secret);
    if (changed !== undefined) found.push(changed);
    end = changed?.end ?? secret?.end ?? nameEnd + 1;
  }
  return found;
}

function secretAfter(text: string, nameEnd: number): Span | undefined {
  const assignment = assignmentAt(text, nameEnd);
  if (assignment === undefined) return undefined;
  const nameStart = startOfName(text, nameEnd);
  const name = text.slice(nameStart, nameEnd);
  const kind = secretName(name.slice(name.lastIndexOf("/") + 1));
  if (kind === undefined || text.endsWith("[redacted:", nameStart)) return undefined;
  const { syntax, valueStart } = assignment;
  const braced = syntax === "sign" ? bracedPassword(text, nameStart, valueStart) : undefined;
  if (braced !== undefined) return braced;
  if (syntax === "sign" && text.charAt(valueStart) === "[" && /s(?:_b64)?$/i.test(name))
    return firstOfList(text, valueStart, kind);
  const value = readValue(text, valueStart, syntax);
  if (value.end === value.start) return undefined;
  const sign = text.slice(nameEnd, valueStart);
  const judged = judge(text, { name, nameStart, syntax, sign, value }, kind);
  if (judged === undefined) return undefined;
  const [place, span, as] = judged;
  if (isSecretText(text.slice(span.start, span.end), as, place))
    return { start: span.start, end: endOfRun(text, span) };
  const changed = value.quote === "" ? undefined : changedTo(text, value);
  return changed !== undefined && isSecretText(text.slice(changed.start, changed.end), as, place)
    ? changed
    : undefined;
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
  const owner =
    /(?:api|access|secret|private|auth|unseal|recovery|signing|encryption|master|account|storage|license|shared|webhook|session|deploy|service|root) (?=keys?$)/i.exec(
      text.slice(Math.max(0, start - 11), nameEnd),
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

/** A name, what joins it to its value, and the value. */
interface Assignment {
  readonly name: string;
  readonly nameStart: number;
  readonly syntax: Syntax;
  /** The text of the syntax: ` = `. */
  readonly sign: string;
  readonly value: Value;
}

type Judged = readonly [place: Place, value: Span, kind: SecretName];

/** Says in which place the value stands, and how much of the text it is; nothing if it is no value. */
function judge(text: string, found: Assignment, kind: SecretName): Judged | undefined {
  const { name, value, syntax } = found;
  switch (syntax) {
    case "sign":
      return judgeSign(text, found, kind);
    case "fill":
    case "default":
      return value.quote === "" ? undefined : ["quoted", value, kind];
    case "word":
      return /^--?\w/.test(name) || name.includes("/") || name.startsWith("_")
        ? ["quoted", value, kind]
        : undefined;
    case "atom":
      return /\{:?$/.test(text.slice(Math.max(0, found.nameStart - 2), found.nameStart))
        ? ["quoted", value, kind]
        : undefined;
    case "cell":
      return isRow(text, found.nameStart, value.end) &&
        isCellSecret(name, text.slice(value.start, value.end))
        ? ["line", value, "token"]
        : undefined;
    case "comma":
      // ['password', 'email'] is a list of names; env('DB_PASSWORD', 'x') has a default.
      return isUpper(text.slice(value.start, value.end))
        ? undefined
        : ["quoted", value, isUpper(name) || kind === "key" ? kind : "token"];
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
    const closes = before !== "" && value.quote.endsWith(before) && /^[:=]/.test(sign);
    // The quote closes an older one: echo 'Your password:' | tee
    if (
      sign === ":" &&
      /^[\s);]/.test(text.charAt(value.start)) &&
      text.charAt(value.end) !== value.quote.at(-1)
    )
      return undefined;
    // A command's output: TOKEN=`cat file`
    if (value.quote === "`" && isUpper(name) && sign === "=") return undefined;
    // A variable's value is no label: API_TOKEN="x y"
    return closes ? undefined : [isUpper(name) && sign === "=" ? "field" : "quoted", value, kind];
  }
  // A part of an id: arn:aws:secretsmanager:eu-west-1:1:secret:x
  if (sign === ":" && before === ":" && isAlphanumeric(text, nameStart - 2)) return undefined;
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
  // ${NAME:-x}, ${NAME:=x}, and Spring's ${name:x}
  if (sign === ":-" || (text.startsWith("${", nameStart - 2) && next === "}"))
    return ["line", value, kind];
  if (sign === ":" && isGoStruct(text, nameStart, value.end)) return ["line", value, kind];
  // PHP's print_r: [name] => x
  if (before === "[" && sign.includes("=>") && endsLine(text, value.end))
    return ["line", value, kind];
  // Words in a row are no identifier.
  if (kind === "password" && /^[a-z]{15,48}$/.test(text.slice(value.start, value.end)))
    return ["line", value, kind];
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
  if (text.charAt(nameStart - 1) === "{") {
    // ${NAME}    x
    const isVariable = text.startsWith("${", nameStart - 2) && startsLine(text, nameStart - 2);
    return isVariable && found.sign.startsWith("}") && endsLine(text, value.end)
      ? ["line", value, kind]
      : undefined;
  }
  if (name.startsWith("-")) {
    // An option, and not the next one, nor `--secret id=npmrc`, nor what a usage calls its value: `--token TOKEN`.
    if (value.quote === "" && /^(?:-|\w+=|[A-Z][A-Z_]{0,24}$)/.test(given)) return undefined;
    return [value.quote === "" ? "line" : "quoted", value, kind];
  }
  // set -x TOKEN x, ENV TOKEN x, aws configure set aws_secret_access_key x, jq --arg token x
  if (
    /(?:\b(?:set|setx|setenv|ENV|ARG)|--arg|--argjson|--build-arg|--var|\((?:setq|def|defvar|defconst|define))[ \t]{1,8}(?:-[\w-]{1,16}[ \t]{1,8}){0,4}["']?(?:\S{1,64}:)?$/.test(
      text.slice(Math.max(0, nameStart - 96), nameStart),
    )
  )
    return given.startsWith("-")
      ? undefined
      : [value.quote === "" ? "line" : "quoted", value, kind];
  // WITH PASSWORD 'x', storePassword 'x'
  // But what kubectl prints is a name: secret "x" deleted
  if (value.quote !== "")
    return kind === "password" && name !== "secret" ? ["quoted", value, kind] : undefined;
  if (startsLine(text, nameStart) && endsLine(text, value.end)) {
    // Samples in comments: # requirepass foobared
    if (/^pass$/i.test(name) && isSetting(text, nameStart)) return ["line", value, "password"];
    if (kind !== "password") return isRandomKey(given) ? ["line", value, kind] : undefined;
    if (/#[ \t]{0,8}$/.test(text.slice(Math.max(0, nameStart - 9), nameStart))) return undefined;
    return /^(?:requirepass|masterauth|bindpw|rootpw)$/.test(name) ||
      /[\d!#%&*+]/.test(given) ||
      (given.length >= 8 && (/[a-z]_[a-z]/.test(name) || isSetting(text, nameStart)))
      ? ["line", value, kind]
      : undefined;
  }
  // user app password x, and password x
  const isLogin =
    kind === "password" &&
    /(?:\d|^[a-z]{14,48}$)/.test(given) &&
    /\b(?:user|username|login)[ \t]{1,4}["']?(?!and\b|or\b|name\b)[\w.@\\-]{1,64}["']?[ \t]{1,4}(?:and |with )?(?:insecure-)?$/i.test(
      text.slice(Math.max(0, nameStart - 100), nameStart),
    );
  if (isLogin || isPreset(text, nameStart)) return ["line", value, kind];
  // In a sentence only what can be nothing else.
  return isRandom(given) ? ["line", value, kind] : undefined;
}

// Debian's installer and Red Hat's: d-i passwd/root-password password x, rootpw --plaintext x
function isPreset(text: string, nameStart: number): boolean {
  return /\bd-i [\w/-]{1,64} $/.test(text.slice(Math.max(0, nameStart - 72), nameStart));
}

// Whether the line above is a setting of the same form: user app⏎password x
function isSetting(text: string, nameStart: number): boolean {
  return /(?:^|\n|\\n)[ \t]{0,16}(?:user|username|login|host|account|server|port|from|machine|auth)[ \t]{1,16}[^\s\\]{1,128}[ \t]{0,8}(?:\r?\n|\\n)[ \t]{0,16}$/i.test(
    text.slice(Math.max(0, nameStart - 200), nameStart),
  );
}

// Whether name and value are cells next to each other: | name | value |, or a table that only has lines between.
function isRow(text: string, nameStart: number, end: number): boolean {
  return (
    /(?:[|│┃]|^|\n|\\n)[ \t`]{0,64}$/.test(text.slice(Math.max(0, nameStart - 65), nameStart)) &&
    /^`?[ \t]{0,64}(?:[|│┃]|$|\r?\n|\\n)/.test(text.slice(end, end + 66))
  );
}

// A table mostly says something of passwords: their type, their length, whether they are required.
function isCellSecret(name: string, value: string): boolean {
  return isRandomKey(value) || isStrongPassword(value) || (isUpper(name) && !value.includes("("));
}

// What Go prints of a struct: {Host:db Password:x Port:5432}
function isGoStruct(text: string, nameStart: number, end: number): boolean {
  return (
    /^[A-Z]/.test(text.charAt(nameStart)) &&
    (/^ [A-Z]\w{0,32}:\S/.test(text.slice(end, end + 36)) ||
      (text.charAt(end) === "}" &&
        /[ {][A-Z]\w{0,32}:[^\s:]{0,64} $/.test(
          text.slice(Math.max(0, nameStart - 100), nameStart),
        )))
  );
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
