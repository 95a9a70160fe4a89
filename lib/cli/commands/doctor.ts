// `claude-session doctor`: whether everything works. It collects facts, then checks them; it changes nothing.
import { defineCommand, DONE, FAILED } from "../command";
import { collectFacts } from "../doctor/collect";
import { diagnose } from "../doctor/diagnose";
import { findingJson } from "../doctor/finding";
import { renderFindings } from "../render/findings";
import { safeJson } from "../render/text";

export default defineCommand({
  description: "Check that everything works, and explain how to fix problems",
  arguments: {
    check: { type: "boolean", description: "Also check for a newer release" },
    json: { type: "boolean", description: "Print as JSON" },
  },
  examples: [
    ["doctor", "exit status 1 if a check fails"],
    ["doctor --json | jq '.findings[] | select(.level != \"ok\")'", "for a script"],
  ],
  async run({ check, json }, terminal) {
    const findings = diagnose(await collectFacts(terminal, check), Date.now());
    if (json) {
      terminal.print(safeJson({ findings: findings.map(findingJson) }, 2));
    } else terminal.print(renderFindings(findings, terminal));
    return findings.some(({ level }) => level === "fail") ? FAILED : DONE;
  },
});
