// Writes transcripts as large as those of a busy month, in the form of the client that the e2e tests drive: answers of
// several lines, results of tools, subagents, and what else a transcript holds. The bytes depend on the arguments alone.
//
// usage: bun scripts/bench/generate-transcripts.ts FOLDER [megabytes] [days]
import { mkdirSync, writeFileSync } from "node:fs";
import { seededRandom } from "../harness/random";

const DAY_MS = 86_400_000;
const FIRST_DAY = Date.UTC(2026, 0, 1);
const TURNS_PER_SESSION = 20;
const ANSWERS_PER_TURN = 8;
// Of a small result, a file that was read, and the request that the client keeps.
const RESULT_BYTES = [300, 6000] as const;
const MODELS = ["claude-sonnet-5", "claude-haiku-4-5", "claude-sonnet-4-6", "claude-opus-4-6"];
const PROJECTS = ["shop", "website", "infra", "notes", "compiler"];

/** How much to write. */
export interface TranscriptsSize {
  readonly bytes: number;
  readonly days: number;
}

/** What was written: files, answers of a model, and bytes. */
export interface GeneratedTranscripts {
  readonly files: number;
  readonly answers: number;
  readonly bytes: number;
}

/** Writes transcripts into Claude Code's folder, `CLAUDE/projects`. */
export function generateTranscripts(
  claude: string,
  { bytes, days }: TranscriptsSize,
): GeneratedTranscripts {
  const random = seededRandom(2);
  const written = { files: 0, answers: 0, bytes: 0 };
  const write = (path: string, lines: readonly object[]) => {
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
    writeFileSync(path, text, { mode: 0o600 });
    written.files++;
    written.bytes += text.length;
  };
  for (let number = 0; written.bytes < bytes; number++) {
    const atMs = FIRST_DAY + Math.min(written.bytes / bytes, 0.999) * days * DAY_MS;
    const project = PROJECTS[number % PROJECTS.length] as string;
    const folder = `${claude}/projects/-home-you-${project}`;
    const session = new SessionLines(random, project, atMs);
    for (let turn = 0; turn < TURNS_PER_SESSION; turn++) session.addTurn();
    mkdirSync(`${folder}/${session.id}/subagents`, { recursive: true, mode: 0o700 });
    write(`${folder}/${session.id}.jsonl`, session.lines);
    for (const [agentId, lines] of session.agents) {
      const path = `${folder}/${session.id}/subagents/agent-${agentId}`;
      write(`${path}.jsonl`, lines);
      const meta = { agentType: "Explore", toolUseId: "toolu_1", spawnDepth: 1 };
      writeFileSync(`${path}.meta.json`, JSON.stringify(meta), { mode: 0o600 });
    }
    written.answers += session.answers;
  }
  return written;
}

class SessionLines {
  readonly id: string;
  readonly lines: object[] = [];
  readonly agents = new Map<string, object[]>();
  answers = 0;
  #promptId = "";

  constructor(
    readonly random: () => number,
    readonly project: string,
    private atMs: number,
  ) {
    this.id = this.#uuid();
  }

  /** A prompt, what it led to, and in every fourth a subagent. */
  addTurn(): void {
    this.#promptId = this.#uuid();
    this.lines.push(this.#line("user", {}, { role: "user", content: this.#words(20) }));
    this.lines.push({
      type: "api-request-shape",
      sessionId: this.id,
      shape: { system: [{ type: "text", text: this.#words(1200) }] },
    });
    for (let answer = 0; answer < ANSWERS_PER_TURN; answer++) this.#addAnswer(this.lines, {});
    if (this.random() > 0.25) return;
    const agentId = this.#uuid().replaceAll("-", "").slice(0, 17);
    const lines: object[] = [];
    this.agents.set(agentId, lines);
    for (let answer = 0; answer < ANSWERS_PER_TURN; answer++)
      this.#addAnswer(lines, { agentId, attributionAgent: "Explore" });
  }

  // An answer has a line for each of its blocks, each with the usage of the whole.
  #addAnswer(lines: object[], more: object): void {
    this.answers++;
    const model = MODELS[Math.floor(this.random() ** 2 * MODELS.length)] as string;
    const id = `msg_${this.#uuid()}`;
    const requestId = `req_${this.#uuid()}`;
    const written = Math.floor(this.random() * 4000);
    const usage = {
      input_tokens: Math.floor(this.random() * 100),
      cache_creation_input_tokens: written,
      cache_read_input_tokens: Math.floor(this.random() * 100_000),
      output_tokens: 1 + Math.floor(this.random() * 2000),
      server_tool_use: { web_search_requests: 0, web_fetch_requests: 0 },
      service_tier: "standard",
      cache_creation: { ephemeral_1h_input_tokens: 0, ephemeral_5m_input_tokens: written },
      speed: "standard",
    };
    const common = { id, type: "message", role: "assistant", model, stop_sequence: null };
    const add = (content: object) =>
      lines.push(
        this.#line(
          "assistant",
          { ...more, requestId },
          { ...common, usage, content: [content], stop_reason: "tool_use" },
        ),
      );
    add({ type: "text", text: this.#words(60) });
    const tool = `toolu_${this.#uuid()}`;
    const input = { command: this.#words(10), description: this.#words(5) };
    add({ type: "tool_use", id: tool, name: "Bash", input });
    const size = RESULT_BYTES[Math.floor(this.random() * 2)] as number;
    const content = [{ tool_use_id: tool, type: "tool_result", content: this.#words(size / 5) }];
    lines.push(this.#line("user", more, { role: "user", content }));
  }

  #line(type: string, more: object, message: object): object {
    this.atMs += 2000;
    return {
      parentUuid: this.#uuid(),
      isSidechain: "agentId" in more,
      ...(type === "user" && { promptId: this.#promptId }),
      ...more,
      message,
      type,
      uuid: this.#uuid(),
      timestamp: new Date(this.atMs).toISOString(),
      userType: "external",
      cwd: `/home/you/${this.project}`,
      sessionId: this.id,
      version: "2.1.330",
      gitBranch: "main",
    };
  }

  #words(count: number): string {
    let text = "";
    for (let n = 0; n < count; n++) text += `${WORDS[Math.floor(this.random() * WORDS.length)]} `;
    return text.trimEnd();
  }

  #uuid(): string {
    const digits = Array.from({ length: 4 }, () =>
      Math.floor(this.random() * 2 ** 32)
        .toString(16)
        .padStart(8, "0"),
    ).join("");
    return digits.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, "$1-$2-4$3-8$4-$5");
  }
}

const WORDS =
  'the parser "test" cart price order of a new list when each value is not known\nyet'.split(" ");

if (import.meta.main) {
  const [, , folder, megabytes = "500", days = "30"] = process.argv;
  if (folder === undefined)
    throw new Error("usage: bun scripts/bench/generate-transcripts.ts FOLDER [megabytes] [days]");
  const size = { bytes: Number(megabytes) * 1e6, days: Number(days) };
  const { files, answers, bytes } = generateTranscripts(folder, size);
  console.log(`${files} files, ${answers} answers, ${(bytes / 1e6).toFixed(0)} MB`);
}
