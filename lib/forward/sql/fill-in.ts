// SQL with placeholders such as `{range}`: the same query serves a month at a prompt and a dashboard's selection.

/**
 * Fills the holes of a text.
 *
 * @throws {Error} for a hole without a value, which is a mistake in the text
 */
export function fillIn(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{([a-z]+)\}/g, (hole, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`${hole} has no value`);
    return value;
  });
}
