// What a text must contain before the tables of vendor tokens and the general patterns are searched. These functions run as macros when the hooks are
// compiled, because one string costs a process less than two hundred.
import { generalPatterns } from "./general-patterns";
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
