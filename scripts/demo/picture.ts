// Draws the pictures of the README: what `claude-session show` prints of a made-up day's work, in light and dark.
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { runCli } from "../harness/run-program";
import { Sandbox } from "../harness/sandbox";
import { exampleSession } from "./example-session";
import { drawTerminal, THEMES } from "./terminal-svg";

const FOLDER = `${dirname(dirname(import.meta.dir))}/docs/images`;
const COMMAND = "show latest";
/** As many as can be read when the picture is 800 pixels wide. */
const COLUMNS = 84;

/** `show` prints the year of a day that is not in this year, so the picture does not change with the calendar. */
const STARTED_MS = Date.UTC(2025, 10, 22, 9, 58, 1);

/** Writes docs/images/show-light.svg and show-dark.svg; the same programs draw the same bytes. */
export async function drawPictures(): Promise<void> {
  using sandbox = new Sandbox();
  await writeLog(sandbox);
  const { code, stdout, stderr } = await runCli(sandbox, COMMAND, {
    env: { COLUMNS: String(COLUMNS), FORCE_COLOR: "1", TZ: "UTC" },
  });
  if (code !== 0) throw new Error(`claude-session ${COMMAND} ended with ${code}: ${stderr}`);
  const screen = { command: `claude-session ${COMMAND}`, output: stdout, columns: COLUMNS };
  mkdirSync(FOLDER, { recursive: true });
  for (const theme of THEMES) {
    const path = `${FOLDER}/show-${theme.name}.svg`;
    await Bun.write(path, drawTerminal(screen, theme));
    console.log(`docs/images/show-${theme.name}.svg`);
  }
}

async function writeLog({ events }: Sandbox): Promise<void> {
  const records = await exampleSession(STARTED_MS);
  const day = new Date(STARTED_MS).toISOString().slice(0, 10);
  const lines = records.map((record) => `${JSON.stringify(record)}\n`);
  mkdirSync(events, { recursive: true, mode: 0o700 });
  await Bun.write(`${events}/${day}.jsonl`, lines.join(""));
}
