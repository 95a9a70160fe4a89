// `claude-session doctor`: whether all of it works. It looks first, then judges, and changes nothing.
import { defineCommand, DONE, FAILED, type Terminal } from "../command";
import { collectFacts } from "../doctor/collect";
import { diagnose } from "../doctor/diagnose";
import type { Finding, Level } from "../doctor/finding";
import { plural, safeJson, wrap } from "../render/text";

export default defineCommand({
  description: "Says whether everything works, and what to do where it does not",
  args: { json: { type: "boolean", description: "Print the findings as JSON" } },
  examples: [
    ["doctor", "exit status 1 if something fails"],
    ["doctor --json | jq '.findings[] | select(.level != \"ok\")'", "for a program"],
  ],
  async run({ json }, terminal) {
    const findings = diagnose(await collectFacts(terminal), Date.now());
    terminal.print(json ? safeJson({ findings }, 2) : renderFindings(findings, terminal));
    return findings.some(({ level }) => level === "fail") ? FAILED : DONE;
  },
});

/** Sets findings under their topics, each in a line or more with its remedy below. */
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
  let topic = "";
  for (const { level, topic: its, what, fix } of findings) {
    if (its !== topic) lines.push(...(topic === "" ? [] : [""]), bold(its));
    topic = its;
    lines.push(`  ${signs[level]} ${wrap(what, columns, "    ")}`);
    if (fix !== undefined) lines.push(`    ${dim("→")} ${wrap(fix, columns, "      ")}`);
  }
  const count = (level: Level) => findings.filter((finding) => finding.level === level).length;
  const summary = [
    ...(count("fail") > 0 ? [red(plural(count("fail"), "problem"))] : []),
    ...(count("warn") > 0 ? [yellow(plural(count("warn"), "warning"))] : []),
    green(`${plural(count("ok"), "check")} fine`),
  ];
  return [...lines, "", summary.join(", ")].join("\n");
}
