// Which program a hook's command starts. A person or the client may have rewritten our entries: without
// `args`, quoted, behind `exec`, with redirections.
import { basename } from "node:path";
import type { Environment } from "../../os/paths";

/** The program of a command. It is `alone` if nothing else runs in the same command. */
export interface CommandTarget {
  /** As it was written, with `~` and variables expanded: absolute, or a bare name. */
  readonly path: string;
  readonly alone: boolean;
}

/**
 * Finds the program that a command hook starts.
 *
 * @param args `undefined` for the shell form: https://code.claude.com/docs/en/hooks
 * @returns `undefined` for a command that no program can be read from
 */
export function commandTarget(
  command: string,
  args: readonly string[] | undefined,
  env: Environment,
): CommandTarget | undefined {
  if (args === undefined) return shellTarget(command, env);
  const isShell = /^(?:ba|da|z)?sh$/.test(basename(command)) && /^-\w*c$/.test(args[0] ?? "");
  if (isShell && args[1] !== undefined) return shellTarget(args[1], env);
  return { path: expand(command, env), alone: true };
}

function shellTarget(command: string, env: Environment): CommandTarget | undefined {
  // Without a shell's quoting, an absolute path with spaces is what a person most likely meant.
  if (isPlainPath(command)) return { path: command, alone: true };
  const tokens = tokenize(command, env);
  if (tokens === undefined) return undefined;
  const end = tokens.findIndex(({ isOperator }) => isOperator);
  const words = tokens.slice(0, end < 0 ? undefined : end).map(({ text }) => text);
  const path = words[wrapperLength(words)];
  if (path === undefined) return undefined;
  return { path, alone: end < 0 || isHarmlessRest(tokens.slice(end)) };
}

function isPlainPath(command: string): boolean {
  return /^(?:\/|[A-Za-z]:[\\/])[^"'$`;&|<>()*?\n]*$/.test(command) && !/\s-|\s\//.test(command);
}

interface Token {
  readonly text: string;
  readonly isOperator: boolean;
}

// The common subset of POSIX shells: quotes, backslashes, the operators, and the variables that people use
// in settings. A command with anything else, such as `$(…)`, is not understood, and so never changed.
const TOKEN =
  /\s+|(?<operator>\d*(?:>>|>&|[<>])&?\d*|\|\||&&|[;&|\n()])|(?<word>(?:'[^']*'|"(?:[^"\\`]|\\.)*"|\\.|[^\s'"\\;&|<>()`])+)/gy;

function tokenize(command: string, env: Environment): Token[] | undefined {
  const tokens: Token[] = [];
  let at = 0;
  for (const match of command.trim().matchAll(TOKEN)) {
    at = match.index + match[0].length;
    const { operator, word } = match.groups ?? {};
    if (operator !== undefined) tokens.push({ text: operator, isOperator: true });
    if (word !== undefined) {
      const text = unquote(word, env);
      if (text.includes("$(")) return undefined;
      tokens.push({ text, isOperator: false });
    }
  }
  return at === command.trim().length ? tokens : undefined;
}

function unquote(word: string, env: Environment): string {
  return word.replace(
    /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^'"\\]+)/g,
    (_, single?: string, double?: string, escaped?: string, plain?: string) =>
      single ??
      escaped ??
      (double === undefined
        ? expand(plain ?? "", env)
        : expandVariables(double.replace(/\\(["\\$`])/g, "$1"), env)),
  );
}

function expand(word: string, env: Environment): string {
  const home = env["HOME"] ?? env["USERPROFILE"];
  const isHome = home !== undefined && /^~(?=\/|$)/.test(word);
  return expandVariables(isHome ? home + word.slice(1) : word, env);
}

function expandVariables(word: string, env: Environment): string {
  return word.replace(
    /\$(?:\{(HOME|CLAUDE_CONFIG_DIR|CLAUDE_PROJECT_DIR)\}|(HOME|CLAUDE_CONFIG_DIR|CLAUDE_PROJECT_DIR)\b)/g,
    (whole, braced?: string, bare?: string) => env[braced ?? bare ?? ""] ?? whole,
  );
}

/** How many words come before the program: assignments, and commands that run another one. */
function wrapperLength(words: readonly string[]): number {
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at] ?? "";
    if (/^\w+=/.test(word) || /^(?:exec|command|env|nice|nohup|time)$/.test(word)) continue;
    if (word !== "timeout") return at;
    at++; // Its duration.
  }
  return at;
}

// Redirections, and what makes a failure silent: `>/dev/null 2>&1 || true`.
function isHarmlessRest(tokens: readonly Token[]): boolean {
  const rest = tokens.map(({ text }) => text).join(" ");
  return /^(?:\d*(?:>>|>|<)\s*\/dev\/null\s*|\d*>&\d\s*)*(?:(?:\|\||;)\s*(?:true|:|exit 0))?\s*;?$/.test(
    rest,
  );
}
