// What a text must contain before the tables of vendor tokens and the general patterns are searched. These functions run as macros when the hooks are
// compiled, because one string costs a process less than two hundred.
import { generalPatterns } from "./general-patterns";
import { PROGRAM_ROWS } from "./program-rows";
import { vendorTables } from "./vendor-tokens";

/** The prefixes of the tokens, one a line, in their order. */
export function tokenPrefixes(): string {
  return vendorTables()
    .tokens.map(([, prefix]) => prefix)
    .join("\n");
}

/** The hints of the patterns, one a line, in their order. */
export function patternHints(): string {
  return vendorTables()
    .patterns.map(([, hint]) => hint)
    .join("\n");
}

/** What each general pattern needs, behind a tab, and its hints, one a line, in their order. */
export function generalHints(): string {
  return generalPatterns()
    .map(({ needs = "", hints }) => [`\t${needs}`, ...hints].join("\n"))
    .join("\n");
}

/** The names of all programs, between blanks. */
export function programNames(): string {
  return PROGRAM_ROWS.map(([names]) => ` ${names} `).join("");
}

/** The rows of the programs: names, word, how, and options, apart by tabs; one row a line. */
export function programTable(): string {
  return PROGRAM_ROWS.map((row) => row.join("\t")).join("\n");
}
