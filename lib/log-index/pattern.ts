// The user's regular expressions, for search. RE2 reads a text once, so no pattern can hang. The price is that it has no
// backreferences and no lookaround.
import { RE2JS } from "re2js";

/** Where something matches. */
export interface Match {
  readonly at: number;
  readonly length: number;
}

/** A pattern that was understood. */
export interface Pattern {
  /** The first place in a text that matches. */
  find(text: string): Match | undefined;
  /** A text that every match contains, to look for first; `undefined` if none is known. */
  readonly literal: string | undefined;
}

/**
 * Compiles a regular expression in RE2's syntax.
 *
 * @throws {SyntaxError} if it is none
 */
export function compilePattern(source: string, isCaseExact: boolean): Pattern {
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(source, isCaseExact ? 0 : RE2JS.CASE_INSENSITIVE);
  } catch (error) {
    throw new SyntaxError((error as Error).message, { cause: error });
  }
  return {
    literal: literalIn(source),
    find(text) {
      const matcher = compiled.matcher(text);
      if (!matcher.find()) return undefined;
      return { at: matcher.start(), length: matcher.end() - matcher.start() };
    },
  };
}

// A bracket that comes first in a class is one of its characters.
const ATOM = /\\[^\w\s]|\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]|[\s\S]/gy;

/** The longest text that all matches of a pattern contain, found by a simple analysis. */
function literalIn(source: string): string | undefined {
  // With alternatives, no part is certain to occur.
  if (source.includes("|") || source.includes("(?")) return undefined;
  const literals: string[] = [];
  let run = "";
  let depth = 0;
  const end = () => {
    literals.push(run);
    run = "";
  };
  for (const [atom] of source.matchAll(ATOM)) {
    if (atom === "(") depth++;
    if (depth > 0 || /^(?:[.^$()]|\[|\\\w)/.test(atom)) end();
    else if (atom === "?" || atom === "*" || atom === "{") {
      run = run.slice(0, -1);
      end();
      // What is between the braces is not part of the text.
      if (atom === "{") return longest(literals);
    } else if (atom === "+") end();
    else run += atom.replace(/^\\/, "");
    if (atom === ")") depth--;
  }
  end();
  return longest(literals);
}

function longest(texts: readonly string[]): string | undefined {
  const [first = ""] = texts.toSorted((a, b) => b.length - a.length);
  return first === "" ? undefined : first;
}
