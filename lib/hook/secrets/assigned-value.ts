// The value behind a name: where it begins and ends, by its quotes or by its place.
import type { Span } from "./hint-places";
import type { Syntax } from "./assignment-syntax";
import type { SecretName } from "./names";
import { isSecretText } from "./values";

/** A value, without its quotes. */
export interface Value extends Span {
  /** Its quote with the backslashes in front of it; empty without quotes. */
  readonly quote: string;
}

const MAX_VALUE = 1024;

/** Reads the value that begins here. */
export function readValue(text: string, start: number, syntax: Syntax): Value {
  const window = text.slice(start, start + MAX_VALUE);
  if (syntax === "cell") return { start, end: start + lengthTo(window, /[\s|│┃`]/), quote: "" };
  if (syntax === "element") return { start, end: start + lengthTo(window, /[<\n]/), quote: "" };
  const opening = /^[A-Za-z@$]{0,2}(\\{0,7}["'`])/.exec(window);
  if (opening !== null) {
    const [{ length }, quote = ""] = opening;
    // """x"""
    if (
      window.startsWith(quote + quote, length) &&
      !window.startsWith(quote.repeat(4), length - 1)
    ) {
      const from = length + quote.length * 2;
      return {
        start: start + from,
        end: start + from + lengthToQuote(window.slice(from), quote.repeat(3)),
        quote,
      };
    }
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

/** All that is on the line, if it is one word and no further assignment: a password may contain any sign. */
export function wholeLine(text: string, start: number): Span | undefined {
  const word = /^(?:[^\s\\]|\\(?![nrt"']))+/.exec(text.slice(start, start + MAX_VALUE))?.[0] ?? "";
  if (word === "" || /[;&,][\w.-]+=|&&|^["'`]/.test(word)) return undefined;
  const end = start + word.length;
  return endsLine(text, end) ? { start, end } : undefined;
}

/** What a value is changed to, as Terraform plans it: token = "x" -> "y" */
export function changedTo(text: string, { end }: Span): Span | undefined {
  const arrow = /^\\{0,7}" -> \\{0,7}"/.exec(text.slice(end, end + 24));
  if (arrow === null) return undefined;
  const start = end + arrow[0].length;
  const length = lengthTo(text.slice(start, start + MAX_VALUE), /["\n]/);
  return length === 0 ? undefined : { start, end: start + length };
}

/** What is in quotes in a list: unseal_keys: ["x", "y"]. All of it is one secret. */
export function firstOfList(text: string, at: number, kind: SecretName): Span | undefined {
  const list =
    /^\[\s{0,16}((?:\\{0,7}["'][^"'\\\n]{1,200}\\{0,7}["'](?:\s{0,4},\s{0,16})?){1,8})/.exec(
      text.slice(at, at + MAX_VALUE),
    );
  if (list === null) return undefined;
  const [whole, items = ""] = list;
  for (const item of items.split(","))
    if (!isSecretText(item.replaceAll(/^[\s\\"']+|[\s\\"']+$/g, ""), kind, "quoted"))
      return undefined;
  const start = at + whole.length - items.length;
  const opening = /^\\{0,7}["']/.exec(items)?.[0].length ?? 0;
  const closing = /\\{0,7}["']\s{0,4},?\s{0,16}$/.exec(items)?.[0].length ?? 0;
  return { start: start + opening, end: start + items.length - closing };
}

/** In a connection string of ODBC braces are quotes: Server=db;Uid=app;Pwd={x;y}; */
export function bracedPassword(
  text: string,
  nameStart: number,
  valueStart: number,
): Span | undefined {
  if (text.charAt(valueStart) !== "{") return undefined;
  const before = text.slice(Math.max(0, nameStart - 160), nameStart);
  if (!/(?:uid|user(?: id)?|server|driver|dsn)=[^;"'\n]{1,128};\s?$/i.test(before))
    return undefined;
  const [given = ""] =
    /^\{[^}\n"]{4,256}\}(?=[;"'\s]|$)/.exec(text.slice(valueStart, valueStart + 260)) ?? [];
  return given === "" || /^\{[\w.]*\}$/.test(given)
    ? undefined
    : { start: valueStart + 1, end: valueStart + given.length - 1 };
}

/** Whether nothing but a comment follows on the line. */
export function endsLine(text: string, at: number): boolean {
  return /^["']?[ \t]{0,8}(?:$|[\n\r]|\\[nr]|#)/.test(text.slice(at, at + 10));
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

/** Where a value ends: a key in base64 may be longer than what was read. */
export function endOfRun(text: string, { start, end }: Span): number {
  if (end - start < MAX_VALUE) return end;
  const run = /[\w+/=.-]*/y;
  run.lastIndex = end;
  return end + (run.exec(text)?.[0].length ?? 0);
}
