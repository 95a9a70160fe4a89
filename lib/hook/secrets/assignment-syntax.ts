// How a name is joined to its value in code, configuration and output: name = x, name: Type = x, f("name", x).
import { isAlphanumeric } from "./hint-places";

/**
 * How a name is joined to its value:
 * - `sign`: name: x, "name": "x", name = x, name => x, name := x, name || x, ${name:-x}, name: Type = x
 * - `comma`: f("name", "x"), fetch("name") { "x" }
 * - `fill`: locate("name").fill("x")
 * - `default`: option("name", default="x")
 * - `call`: setName("x")
 * - `element`: <name>x, <name type="y">x, <key>name</key><string>x
 * - `pair`: name="name" value="x", "name": "name", "value": "x", - name: name⏎  value: x, "name": { "value": "x" }
 * - `cell`: | name | x |
 * - `atom`: {name, "x"}, {name, <<"x">>}
 * - `word`: "--name" "x"
 * - `space`: --name x, name 'x', ${name}    x
 */
export type Syntax =
  | "sign"
  | "comma"
  | "fill"
  | "default"
  | "call"
  | "element"
  | "pair"
  | "cell"
  | "atom"
  | "word"
  | "space";

/** How the name that ends somewhere is joined to its value, and where that begins. */
export interface Assignment {
  readonly syntax: Syntax;
  readonly valueStart: number;
}

/** What is behind a name, if it joins it to a value. */
export function assignmentAt(text: string, nameEnd: number): Assignment | undefined {
  const quoted = afterQuote(text, nameEnd);
  const isQuoted = quoted > nameEnd;
  const bracket = text.charAt(quoted);
  const next = skipBlanks(
    text,
    quoted + (bracket === "]" || (isQuoted && bracket === ")") ? 1 : 0),
  );
  const sign = signAt(text, next, isQuoted && next > quoted);
  if (sign !== undefined) {
    const behind = skipBlanks(text, next + sign);
    // On the next line, or behind the name of YAML's anchor.
    const valueStart =
      behind + ("\r\n&!".includes(text.charAt(behind) || " ") ? lengthOf(APART, text, behind) : 0);
    const parameter =
      text.charAt(valueStart) === "\n" || text.charAt(valueStart) === "\r"
        ? match(text, valueStart, PARAMETER, "pair")
        : undefined;
    if (parameter !== undefined) return parameter;
    const inObject =
      text.charAt(valueStart) === "{"
        ? OBJECT_VALUE().exec(text.slice(valueStart, valueStart + 256))
        : null;
    return inObject === null
      ? { syntax: "sign", valueStart: skipWrapper(text, valueStart) }
      : { syntax: "pair", valueStart: valueStart + inObject[0].length };
  }
  return isQuoted
    ? afterQuotedName(text, quoted)
    : bracket === "]"
      ? match(text, quoted, FILLED, "fill")
      : afterBareName(text, nameEnd, next);
}

// The length of the sign that assigns, of which there are many.
function signAt(text: string, at: number, isApart: boolean): number | undefined {
  const second = text.charAt(at + 1);
  switch (text.charAt(at)) {
    case ":":
      // An attribute of Vue behind another one: "form.password" :rules="…".
      if (isApart && isAlphanumeric(text, at + 1)) return undefined;
      return second === "=" || second === "-"
        ? 2
        : 1 + (isApart || second === "" ? 0 : lengthOf(TYPE, text, at + 1));
    case "=":
      if (second === "=") return undefined;
      // PHP's var_dump: ["name"]=>⏎  string(5) "x"
      return second === ">" ? 2 + lengthOf(DUMPED, text, at + 2) : 1;
    case "|":
      return second === "|" ? (text.charAt(at + 2) === "=" ? 3 : 2) : undefined;
    case "?":
      return second === "?"
        ? text.charAt(at + 2) === "="
          ? 3
          : 2
        : "=:".includes(second || " ")
          ? 2
          : undefined;
    case "+":
      return second === "=" ? 2 : undefined;
    case "<":
      return second === "-" ? 2 : undefined;
    default:
      return undefined;
  }
}

// Functions, because a hook that has no name at hand would create all of these for nothing.

// name: Type = "x", up to and with the sign.
const TYPE = () =>
  /^[ \t]{0,4}(?:&(?:'\w{1,16} )?)?[A-Za-z][\w.]{0,48}(?:[[<][\w., |[\]<>]{0,48}[\]>])?\??(?: \| \w{1,24}){0,3}[ \t]{0,4}=(?![=>])(?=[ \t]{0,4}(?:[A-Za-z][\w.:]{0,24}\((?:default=)?)?[A-Za-z@]{0,2}["'`])/;
const APART = () => /^(?:\r?\n[ \t]{1,32}(?=[bf@]?["'`])|&[\w-]{1,32} |!!str )/;
// A parameter of CloudFormation: Name:⏎  Type: String⏎  Default: x
const PARAMETER = () =>
  /^(?:\r?\n[ \t]{1,16}(?:Type|NoEcho|Description|Min\w{1,10}|Max\w{1,10}|Allowed\w{1,10}|Constraint\w{1,12}): [^\r\n]{0,80}){1,6}\r?\n[ \t]{1,16}Default: {1,4}/;
const DUMPED = () => /^[ \t]{0,4}\r?\n[ \t]{0,32}string\(\d{1,4}\)/;
// var name string = "x", Dim Name As String = "x", char name[] = "x", string Name { get; set; } = "x"
const DECLARED = () =>
  /^(?:\[\d{0,4}\]|[ \t]{1,4}(?:As[ \t]{1,4})?[A-Za-z][\w.]{0,24}|[ \t]{0,4}\{ ?get;[ \w;]{0,32}\})[ \t]{0,8}=(?![=>])[ \t]{0,8}(?=[A-Za-z@]{0,2}["'`])/;
// "name": { "type": "string", "value": "x" }
const OBJECT_VALUE = () =>
  /^\{\s{0,24}(?:\\{0,7}"(?:sensitive|type|description)\\{0,7}"\s{0,4}:\s{0,4}(?:true|false|\\{0,7}"[^"\\\n]{0,64}\\{0,7}")\s{0,4},\s{0,24}){0,3}\\{0,7}"value\\{0,7}"\s{0,4}:\s{0,4}/;
// What makes a secret of a text: SecretStr("x"), String::from("x"), []byte("x"), crypt('x').
const WRAPPER = () =>
  /^(?:new )?(?:Field\((?:default=)?|Some\(|String::from\(|\[\](?:byte|rune)\(|Secret(?:Str|String|Value)?(?:::new|::from|\.unsafePlainText)?\(|bytes\(|Encoding\.\w{4,8}\.GetBytes\(|Buffer\.from\(|GuardedString\(|lazy\(|crypt\(|PASSWORD\(|ENCRYPT\(|<<)(?=[A-Za-z@]{0,2}\\{0,3}["'`])/i;

/** Where a value begins behind what makes a secret of a text: `Some(`, `[]byte(`. */
export function skipWrapper(text: string, at: number): number {
  return "\"'`".includes(text.charAt(at) || " ") ? at : at + lengthOf(WRAPPER, text, at);
}

function lengthOf(expression: () => RegExp, text: string, at: number): number {
  return expression().exec(text.slice(at, at + 128))?.[0].length ?? 0;
}

const PAIR_VALUE = () =>
  /^(?:\s{0,16},\s{0,24}\\{0,7}"\w{1,24}\\{0,7}"\s{0,4}:\s{0,4}(?:\\{0,7}"[^"\\\n]{0,48}\\{0,7}"|true|false|\d{1,9})){0,3},?(?:[ \t]|\r?\n|\\+[nrt]){0,32}(?:\\{0,7}["'])?(?:[a-z]{1,16}:|parameter|attribute)?value(?:\\{0,7}["'])?[ \t]{0,4}[:=][ \t]{0,4}/i;
// Further attributes of an element.
const ATTRIBUTE_VALUE = () => /^(?:\s{1,16}[\w:-]{1,32}="[^"<>\n]{0,64}"){1,4}\s{1,16}value=/;
const MORE_ATTRIBUTES = () => /^(?:\s{1,16}[\w:-]{1,32}="[^"<>\n]{0,64}"){1,4}>/;
// variable "name" {⏎  type = string⏎  default = "x"
const BLOCK = () => /^ ?\{[^{}]{0,160}?\bdefault\s{1,16}= {1,4}(?=")/;
// A part of a form: name="name"⏎⏎x
const PART = () => /^(?:\r?\n){2}(?=[^\s-])/;
const FALLBACK = () =>
  /^\) ?(?:or |\.orElse\(|\.getOrElse\(|\.unwrap_or\(|\.unwrap_or_else\(\|\w{0,8}\| ?)(?=[bf@]?["'])/;
const COMMA = () => /^(?:\)?[ \t]{0,4},[ \t]{0,4}|\) \{ )(?=[A-Za-z@$]{0,2}\\{0,7}["'`])/;
const FILLED = () =>
  /^[\]"'`}\s]{0,6}\){1,3}(?:\.(?:first|last|clear|focus|click)\([^()]{0,16}\)){0,2}\.(?:(?:perform\()?(?:fill|type|typeText|replaceText|send_?keys|setValue|pressSequentially|val|clear\(\)\.type)\(|set )(?=["'`])/i;
const DEFAULT = () =>
  /^[ \t]{0,4},\s{0,24}(?:\{ ?)?(?:[a-z_]{1,24}[=:] ?[\w.'"[\]]{1,48},\s{0,24}){0,4}(?:default|with)[=:] ?(?=[bru]?["'])/;
// Only of options and of npm's keys: what stands in quotes next to each other may be anything.
const WORD = () => /^[ ,]{1,3}(?=["'])/;

function afterQuotedName(text: string, quoted: number): Assignment | undefined {
  const character = text.charAt(quoted);
  if (character === ">") return { syntax: "element", valueStart: quoted + 1 };
  if (character === ")") {
    const fallback = match(text, quoted, FALLBACK, "comma");
    if (fallback !== undefined) return fallback;
  }
  // A list in a sentence: `password`, `token`.
  if (text.charAt(quoted - 1) === "`") return undefined;
  return (
    match(text, quoted, PAIR_VALUE, "pair") ??
    match(text, quoted, COMMA, "comma") ??
    (character === "," ? match(text, quoted, DEFAULT, "default") : undefined) ??
    (" \n".includes(character || "x")
      ? (match(text, quoted, ATTRIBUTE_VALUE, "pair") ??
        match(text, quoted, MORE_ATTRIBUTES, "element") ??
        match(text, quoted, BLOCK, "default") ??
        match(text, quoted, WORD, "word"))
      : undefined) ??
    ("\r\n".includes(character || "x") ? match(text, quoted, PART, "pair") : undefined) ??
    match(text, quoted, FILLED, "fill")
  );
}

function afterBareName(text: string, nameEnd: number, next: number): Assignment | undefined {
  const character = text.charAt(next);
  if (character === "(") return { syntax: "call", valueStart: skipBlanks(text, next + 1) };
  if (character === "|" || character === "│" || character === "┃")
    return { syntax: "cell", valueStart: skipBlanks(text, next + 1) };
  if (",\n\r\\".includes(character || "x")) {
    const pair = match(text, nameEnd, PAIR_VALUE, "pair");
    if (pair !== undefined) return pair;
  }
  if (character === ",") {
    const valueStart = skipWrapper(text, skipBlanks(text, next + 1));
    return "\"'".includes(text.charAt(valueStart) || " ")
      ? { syntax: "atom", valueStart }
      : undefined;
  }
  if (character === ">" || character === "<" || text.charAt(nameEnd) === " ") {
    const tag = match(text, nameEnd, TAG, "element");
    if (tag !== undefined) return tag;
  }
  if (character === ")") return match(text, next, FILLED, "fill");
  if (text.charAt(nameEnd) === "}") return match(text, nameEnd, ROBOT, "space");
  const declared = text.slice(nameEnd, nameEnd + 64).includes("=")
    ? match(text, nameEnd, DECLARED, "sign")
    : undefined;
  if (declared !== undefined) return declared;
  if (!" \t".includes(text.charAt(nameEnd) || "x") || character === "" || character === "\n")
    return undefined;
  return match(text, nameEnd, NUMBERED, "sign") ?? { syntax: "space", valueStart: next };
}

const TAG = () => /^(?:[ \t]{1,4}[\w:]{1,32}="[^"<>]{0,128}"){0,3}(?:<\/key>\s{0,16}<string)?>/;
// Unseal Key 1: x
const NUMBERED = () => /^ \d{1,2}: {1,4}/;
// A variable of Robot Framework: ${NAME}    x
const ROBOT = () => /^\}(?: {2,16}|\t{1,4})(?=\S)/;

function match(
  text: string,
  at: number,
  expression: () => RegExp,
  syntax: Syntax,
): Assignment | undefined {
  const found = expression().exec(text.slice(at, at + 256));
  return found === null ? undefined : { syntax, valueStart: at + found[0].length };
}

// Behind a quote and the backslashes in front of it, if there is one.
function afterQuote(text: string, at: number): number {
  let end = at;
  while (end - at < 7 && text.charAt(end) === "\\") end++;
  const quote = text.charAt(end);
  return quote === '"' || quote === "'" || quote === "`" ? end + 1 : at;
}

function skipBlanks(text: string, at: number): number {
  let end = at;
  while (end - at < 64 && (text.charAt(end) === " " || text.charAt(end) === "\t")) end++;
  return end;
}
