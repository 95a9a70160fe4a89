// The report of `claude-session doctor`.
import type { Finding, Level } from "../doctor/finding";
import type { Terminal } from "../terminal";
import { plural, wrap } from "./text";

/** Renders findings under their topics, each with its fix below it, and their counts at the end. */
export function renderFindings(
  findings: readonly Finding[],
  { columns, colors }: Pick<Terminal, "columns" | "colors">,
): string {
  const { bold, dim, green, yellow, red } = colors;
  const signs: Readonly<Record<Level, string>> = {
    ok: green("✓"),
    warn: yellow("!"),
    fail: red("✗"),
  };
  const lines: string[] = [];
  let lastTopic = "";
  for (const { level, topic, what, fix } of findings) {
    if (topic !== lastTopic) lines.push(...(lastTopic === "" ? [] : [""]), bold(topic));
    lastTopic = topic;
    lines.push(`  ${signs[level]} ${wrap(what, columns, "    ")}`);
    if (fix !== undefined) lines.push(`    ${dim("→")} ${wrap(fix, columns, "      ")}`);
  }
  const count = (level: Level) => findings.filter((finding) => finding.level === level).length;
  const summary = [
    ...(count("fail") > 0 ? [red(plural(count("fail"), "problem"))] : []),
    ...(count("warn") > 0 ? [yellow(plural(count("warn"), "warning"))] : []),
    green(`${plural(count("ok"), "check")} passed`),
  ];
  return [...lines, "", summary.join(", ")].join("\n");
}
