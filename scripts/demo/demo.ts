// What a newcomer would do, in a temp folder that is gone afterwards: install the programs, let two
// real, captured Claude Code sessions run at once in one project, look at them, uninstall. With
// --server, what becomes of the events when the server they are forwarded to is killed.
//
// usage: bun scripts/demo/demo.ts [--server]
import { median } from "../bench/timing";
import { demoServer } from "./outage";
import { PLAY, Stage, type Played } from "./sandbox";

// What somebody has in their settings already.
const SETTINGS = `{
  "model": "opus", // a comment that stays
  "hooks": {
    "Stop": [{ "hooks": [{ "type": "command", "command": "say done" }] }]
  }
}
`;

const tell = process.argv.includes("--server") ? demoServer : demo;
using stage = await Stage.open();
process.exitCode = (await tell(stage)) ? 0 : 1;

async function demo(on: Stage): Promise<boolean> {
  await Bun.write(on.settings, SETTINGS);
  on.step("Install", "the programs are in ~/.claude/hooks, and some settings are there already");
  on.run("install");

  on.step("Work", `${PLAY.length} events of two sessions, at once and in one project`);
  const played: Played[] = [];
  let current = "";
  for (const line of PLAY) {
    // Just before the last session ends, the pointer names the session last spoken to.
    if (line === PLAY.at(-1)) current = on.output("id");
    played.push(await on.play(line));
  }
  const took = median(played.map(({ ms }) => ms)).toFixed(1);
  console.log(`Each start of a hook took ${took} ms (the median), and nobody saw it.`);
  console.log(`\n$ claude-session id\n${current}`);

  on.step("Look", "what happened");
  for (const line of ["list", "show 04e66903", "stats", "tail -n 3", "doctor"]) on.run(line);

  on.step("Uninstall", "the settings are what they were");
  on.run("uninstall");
  const isRestored = (await Bun.file(on.settings).text()) === SETTINGS;
  console.log(`settings.json has the bytes that it had before: ${isRestored ? "yes" : "NO"}`);

  const { records } = on;
  const right = played.filter(
    ({ sessionId, event }, i) => records[i]?.session_id === sessionId && records[i].event === event,
  ).length;
  console.log(
    `${right} of ${PLAY.length} events are in the log with the session id of their own payload.`,
  );
  return isRestored && right === PLAY.length && records.length === PLAY.length;
}
