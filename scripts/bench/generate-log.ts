// Writes a log as large as that of a busy year: many parallel sessions over many days. The bytes depend on the
// arguments alone, so two runs of a bench read the same log.
//
// usage: bun scripts/bench/generate-log.ts FOLDER [records] [days]
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import type { EventRecord } from "../../lib/log/record";
import { seededRandom } from "../harness/random";

const DAY_MS = 86_400_000;
const PARALLEL_SESSIONS = 8;
const CALLS_PER_TURN = 6;
const TURNS_PER_SESSION = 12;
const FIRST_DAY = Date.UTC(2026, 0, 1);
/** How much text is collected before it is written. */
const MAX_PENDING_CHARS = 4_000_000;

/** How much to write. */
export interface LogSize {
  readonly records: number;
  readonly days: number;
}

/**
 * Writes day files into a folder, about 690 bytes a record.
 *
 * @returns the paths of the files, the oldest day first
 */
export function generateLog(events: string, { records, days }: LogSize): string[] {
  mkdirSync(events, { recursive: true, mode: 0o700 });
  const random = seededRandom(1);
  const sessions: Generator<Moment>[] = Array.from({ length: PARALLEL_SESSIONS }, (_, i) =>
    session(random, i),
  );
  const paths: string[] = [];
  let started = PARALLEL_SESSIONS;
  for (let day = 0; day < days; day++) {
    const dayMs = FIRST_DAY + day * DAY_MS;
    const path = `${events}/${new Date(dayMs).toISOString().slice(0, 10)}.jsonl`;
    const today = Math.floor((records * (day + 1)) / days) - Math.floor((records * day) / days);
    const file = openSync(path, "w", 0o600);
    let lines = "";
    for (let n = 0; n < today; n++) {
      const lane = Math.floor(random() * PARALLEL_SESSIONS);
      let next = sessions[lane]?.next();
      if (next === undefined || next.done === true) {
        const fresh = session(random, started++);
        sessions[lane] = fresh;
        next = fresh.next();
      }
      const atMs = dayMs + Math.floor((DAY_MS * n) / today);
      lines += `${JSON.stringify(toRecord(next.value as Moment, atMs, random))}\n`;
      if (lines.length < MAX_PENDING_CHARS) continue;
      writeSync(file, lines);
      lines = "";
    }
    writeSync(file, lines);
    closeSync(file);
    paths.push(path);
  }
  return paths;
}

/** The fields of a record that its session decides. */
type Moment = Pick<EventRecord, "event" | "session_id" | "project" | "project_dir" | "pid"> &
  Partial<EventRecord>;

const TOOLS = ["Bash", "Read", "Edit", "Grep", "Write", "Glob", "WebFetch", "mcp__docs__search"];
const PROJECTS = ["shop", "website", "infra", "notes", "compiler"];

function* session(random: () => number, number: number): Generator<Moment> {
  const id = uuid(random);
  const project = PROJECTS[number % PROJECTS.length] as string;
  const common = {
    session_id: id,
    project,
    project_dir: `/home/you/${project}`,
    pid: 2000 + (number % 30_000),
  };
  const sent = {
    cwd: common.project_dir,
    transcript_path: `/home/you/.claude/projects/-home-you-${project}/${id}.jsonl`,
    permission_mode: "default",
  };
  yield { ...common, event: "SessionStart", payload: { ...sent, source: "startup" } };
  for (let turn = 0; turn < TURNS_PER_SESSION; turn++) {
    const prompt_id = uuid(random);
    const prompt = `Turn ${turn + 1}: make the ${words(random, 8)} work`;
    yield { ...common, event: "UserPromptSubmit", prompt_id, payload: { ...sent, prompt } };
    for (let call = 0; call < CALLS_PER_TURN; call++) {
      const tool = TOOLS[Math.floor(random() ** 2 * TOOLS.length)] as string;
      const ids = { prompt_id, tool, tool_use_id: `toolu_01${uuid(random).replaceAll("-", "")}` };
      const parameters = { command: words(random, 5), description: words(random, 3) };
      yield { ...common, ...ids, parameters, event: "PreToolUse", payload: sent };
      const duration_ms = Math.floor(-Math.log(1 - random()) * 400);
      const answer =
        random() < 0.05
          ? { event: "PostToolUseFailure", payload: { ...sent, error: "Exit code 1" } }
          : {
              event: "PostToolUse",
              payload: { ...sent, tool_response: { stdout: words(random, 5), stderr: "" } },
            };
      yield { ...common, ...ids, duration_ms, parameters, ...answer };
    }
    yield {
      ...common,
      event: "Stop",
      prompt_id,
      payload: { ...sent, last_assistant_message: words(random, 12) },
    };
  }
  yield { ...common, event: "SessionEnd", payload: { ...sent, reason: "other" } };
}

function toRecord(moment: Moment, atMs: number, random: () => number): EventRecord {
  const { event, session_id, project, project_dir, pid, parameters, payload, ...ids } = moment;
  return {
    v: 1,
    id: uuid(random),
    timestamp: new Date(atMs).toISOString(),
    event,
    session_id,
    session_id_source: "payload",
    project,
    project_dir,
    user: "you",
    pid,
    should_notify: false,
    // In the order of our own writer: what may be long comes last.
    ...ids,
    ...(parameters !== undefined && { parameters }),
    payload,
  };
}

const WORDS =
  "the parser test cart price order of a new list when each value is not known yet".split(" ");

function words(random: () => number, count: number): string {
  let text = "";
  for (let n = 0; n < count; n++) text += `${WORDS[Math.floor(random() * WORDS.length)]} `;
  return text.trimEnd();
}

function uuid(random: () => number): string {
  const digits = Array.from({ length: 4 }, () =>
    Math.floor(random() * 2 ** 32)
      .toString(16)
      .padStart(8, "0"),
  ).join("");
  return digits.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, "$1-$2-7$3-8$4-$5");
}

if (import.meta.main) {
  const [, , folder, records = "1000000", days = "30"] = process.argv;
  if (folder === undefined)
    throw new Error("usage: bun scripts/bench/generate-log.ts FOLDER [records] [days]");
  const paths = generateLog(folder, { records: Number(records), days: Number(days) });
  const bytes = paths.reduce((sum, path) => sum + Bun.file(path).size, 0);
  console.log(`${records} records, ${(bytes / 1e6).toFixed(0)} MB, ${paths.length} days`);
}
