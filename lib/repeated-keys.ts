// Keys that an object of a JSON text has more than once. Parsers keep the last of them and say nothing, but in a file
// that was merged by hand, either may be what its author wants.
//
// Every hook of a user with a `config.json` runs this, once: a plain loop, because a regular expression would have to be
// compiled first.

interface Container {
  /** The keys so far; `undefined` in a list. */
  readonly names: Set<string> | undefined;
  /** The key or the index that is being read. */
  at: string | number;
}

/**
 * Finds keys that occur twice in one object.
 *
 * @param text JSON that a parser has accepted, also with comments, trailing commas and single quotes, as Bun.JSONC does
 * @returns their paths, such as `capture`, `redact.keys` and `destinations[0].url`
 */
export function repeatedKeys(text: string): string[] {
  const repeated: string[] = [];
  const open: Container[] = [];
  let inner: Container | undefined;
  let last = "";
  for (let at = 0; at < text.length; at++)
    switch (text[at]) {
      case '"':
      case "'": {
        const end = endOfString(text, at);
        last = text.slice(at, end + 1);
        at = end;
        break;
      }
      case ":":
        if (inner?.names === undefined) break;
        inner.at = last.includes("\\") ? String(Bun.JSONC.parse(last)) : last.slice(1, -1);
        if (inner.names.has(inner.at)) repeated.push(pathOf(open));
        inner.names.add(inner.at);
        break;
      case "{":
      case "[":
        inner = text[at] === "{" ? { names: new Set(), at: "" } : { names: undefined, at: 0 };
        open.push(inner);
        break;
      case "}":
      case "]":
        open.pop();
        inner = open.at(-1);
        break;
      case ",":
        if (typeof inner?.at === "number") inner.at++;
        break;
      case "/":
        at = endOfComment(text, at);
        break;
    }
  return [...new Set(repeated)];
}

function endOfString(text: string, begin: number): number {
  let end = begin + 1;
  for (; end < text.length && text[end] !== text[begin]; end++) if (text[end] === "\\") end++;
  return end;
}

function endOfComment(text: string, begin: number): number {
  if (text[begin + 1] !== "*") return begin + (/^.*/.exec(text.slice(begin))?.[0].length ?? 0);
  const end = text.indexOf("*/", begin + 2);
  return end < 0 ? text.length : end + 1;
}

function pathOf(open: readonly Container[]): string {
  return open
    .map(({ at }, depth) => (typeof at === "number" ? `[${at}]` : depth === 0 ? at : `.${at}`))
    .join("");
}
