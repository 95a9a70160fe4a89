// Placeholder until the real one is written.
/** The SQL. */
export function clickhouseSql(): string {
  return "";
}
