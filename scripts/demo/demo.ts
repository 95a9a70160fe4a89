// Shows a newcomer what the programs do, in a temporary home: install them, let two captured Claude Code sessions
// run at the same time in one project, look at them, uninstall. With --server, the events are also forwarded to a
// server that is killed half-way. With --otlp, a session is forwarded to an OpenTelemetry Collector. With --dashboard, sessions
// go on while you look at them in a browser. With --picture, only draws the pictures of the README, or with both, those of the
// dashboard.
//
// usage: bun scripts/demo/demo.ts [--server | --otlp | --dashboard [ROUNDS]] [--picture]
import { median } from "../bench/timing";
import { demoOtlp } from "./otlp";
import { demoOutage } from "./outage";
import { drawPictures } from "./picture";
import { DemoSandbox, SCENARIO, type Played } from "./sandbox";

/** Settings that a user might already have. */
const SETTINGS = `{
  "model": "opus", // a comment that stays
  "hooks": {
    "Stop": [{ "hooks": [{ "type": "command", "command": "say done" }] }]
  }
}
`;

const [, , ...words] = process.argv;
if (words.includes("--dashboard")) {
  const { demoDashboard, drawDashboard } = await import("./dashboard");
  const rounds = Number(words.find((word) => /^\d+$/.test(word)) ?? Infinity);
  if (words.includes("--picture")) await drawDashboard();
  else process.exitCode = (await demoDashboard(rounds)) ? 0 : 1;
} else if (words.includes("--picture")) await drawPictures();
else {
  using sandbox = await DemoSandbox.open();
  const isRight = await demoOf(words)(sandbox);
  process.exitCode = isRight ? 0 : 1;
}

function demoOf(asked: readonly string[]): (sandbox: DemoSandbox) => Promise<boolean> {
  if (asked.includes("--otlp")) return demoOtlp;
  return asked.includes("--server") ? demoOutage : demoSessions;
}

/** Returns whether every event was recorded under its own session, and the settings were restored. */
async function demoSessions(sandbox: DemoSandbox): Promise<boolean> {
  await Bun.write(sandbox.settings, SETTINGS);
  sandbox.showStep("Install", "the programs are in ~/.claude/hooks, next to settings that exist");
  sandbox.show("install");

  sandbox.showStep("Work", `${SCENARIO.length} events of two parallel sessions in one project`);
  const played: Played[] = [];
  let current = "";
  for (const line of SCENARIO) {
    // Before the last session ends, the session pointer names the one that was used last.
    if (line === SCENARIO.at(-1)) current = sandbox.output("id");
    played.push(await sandbox.play(line));
  }
  const tookMs = median(played.map(({ ms }) => ms)).toFixed(1);
  console.log(`A hook took ${tookMs} ms (median of ${played.length}) and printed nothing.`);
  console.log(`\n$ claude-session id\n${current}`);

  sandbox.showStep("Look", "what happened");
  for (const line of ["list", "show 04e66903", "stats", "tail -n 3", "doctor"]) sandbox.show(line);

  sandbox.showStep("Uninstall", "the settings are as they were");
  sandbox.show("uninstall");
  const isRestored = (await Bun.file(sandbox.settings).text()) === SETTINGS;
  console.log(`settings.json is byte for byte what it was: ${isRestored ? "yes" : "NO"}`);

  const { records } = sandbox;
  const right = played.filter(
    ({ sessionId, event }, i) => records[i]?.session_id === sessionId && records[i].event === event,
  ).length;
  console.log(`${right} of ${played.length} events are in the log under their own session id.`);
  return isRestored && right === played.length && records.length === played.length;
}
