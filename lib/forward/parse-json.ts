// JSON from a file or a server, which may be damaged or not JSON at all.

/** Parses JSON; `undefined` where the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
