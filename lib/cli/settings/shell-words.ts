// A command line of a POSIX shell, split into words and operators: the common subset that people use in settings.
import type { Environment } from "../../os/paths";

/** A word, still quoted, or an operator. */
export interface Token {
  readonly text: string;
  readonly isOperator: boolean;
}

// Blanks and comments are matched and dropped. A line end is an operator, like `;`.
const TOKEN =
  /(?:[^\S\n]|\\\r?\n)+|(?<![^\s;&|()])#.*|(?<operator>&>>?|\d*(?:<<-?|>>|>\||[<>]&|<>|[<>])|\|\||\|&|&&|;;|[;&|\n()])|(?<word>(?:'[^']*'|"(?:[^"\\`]|\\[^])*"|\$\{[^}"'`]*\}|\\[^\n]|[^\s'"\\;&|<>()`])+)/gy;

/** Splits a command; `undefined` if it has more than words and operators, such as `$(…)`. */
export function tokenize(command: string): Token[] | undefined {
  const text = command.trim();
  const tokens: Token[] = [];
  let at = 0;
  for (const match of text.matchAll(TOKEN)) {
    at = match.index + match[0].length;
    const { operator, word } = match.groups ?? {};
    if (operator !== undefined) tokens.push({ text: operator, isOperator: true });
    if (word === undefined) continue;
    if (word.replace(/'[^']*'|\\./g, "").includes("$(")) return undefined;
    tokens.push({ text: word, isOperator: false });
  }
  return at === text.length ? tokens : undefined;
}

/** Removes the quotes of a word, and expands `~` and the variables that are set. */
export function unquote(word: string, env: Environment): string {
  return word.replace(
    /'([^']*)'|"((?:[^"\\]|\\[^])*)"|\\(.)|((?:\$\{[^}]*\}|[^'"\\])+)/g,
    (_, single?: string, double?: string, escaped?: string, plain?: string) =>
      single ??
      escaped ??
      (double === undefined
        ? expand(plain ?? "", env)
        : expandVariables(double.replace(/\\(["\\$`])/g, "$1"), env)),
  );
}

/** Expands `~` at the beginning of a word, and variables. */
export function expand(word: string, env: Environment): string {
  const home = env["HOME"] ?? env["USERPROFILE"];
  const isHome = home !== undefined && /^~(?=\/|$)/.test(word);
  return expandVariables(isHome ? home + word.slice(1) : word, env);
}

/** Expands `$NAME`, `${NAME}` and `${NAME:-text}`; a variable that is not set stays as it is. */
function expandVariables(word: string, env: Environment): string {
  return word.replace(
    /\$(?:\{([A-Za-z_]\w*)(?:(:?)-((?:[^{}]|\$\{\w+\})*))?\}|([A-Za-z_]\w*))/g,
    (whole, braced?: string, colon?: string, otherwise?: string, bare?: string) => {
      const value = env[braced ?? bare ?? ""];
      if (otherwise === undefined) return value ?? whole;
      return value === undefined || (colon === ":" && value === "")
        ? expand(otherwise, env)
        : value;
    },
  );
}
