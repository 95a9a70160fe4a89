// Characters for generated texts.

/** Characters of different lengths in UTF-8 and in JSON, and half a surrogate pair, which has none in UTF-8. */
export const ODD_CHARACTERS = [
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
