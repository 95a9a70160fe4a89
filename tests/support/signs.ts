// Characters for texts that are made by chance.

/** Characters, each of another sort by how many bytes UTF-8 and JSON make of it. */
export const SIGNS = [
  "a",
  '"',
  "\\",
  "\n",
  "\0",
  "\u001B",
  "é",
  "語",
  "😀",
  "\uD800",
  "\u2028",
] as const;
