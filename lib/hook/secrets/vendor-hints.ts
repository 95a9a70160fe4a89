// What a text must have so that the tables of vendors' tokens are worth looking at. Run when the hooks are compiled, as
// macros: one text each costs a process less than two hundred.
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
