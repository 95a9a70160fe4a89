// Transcripts on the disk: which files are read, and what of them.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { linkSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { Sandbox } from "../../../scripts/harness/sandbox";
import { readAllUsage, readSessionsUsage } from "../../../lib/transcripts/read-usage";
import { usageLines } from "../../../lib/transcripts/usage-lines";
import { answerLine, billLine, promptLine, TRANSCRIBED } from "../../support/transcript-lines";

let sandbox: Sandbox;
let projects: string;
let folder: string;
beforeEach(() => {
  sandbox = new Sandbox();
  projects = `${sandbox.home}/.claude/projects`;
  folder = `${projects}/-shop`;
  mkdirSync(`${folder}/${TRANSCRIBED}/subagents`, { recursive: true });
});
afterEach(() => sandbox[Symbol.dispose]());

const OTHER = "5b2f0c1e-0000-4000-8000-000000000002";
const text = (lines: readonly unknown[]) =>
  lines.map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`).join("");
const write = (path: string, ...lines: readonly unknown[]) => writeFileSync(path, text(lines));
const session = () => `${folder}/${TRANSCRIBED}.jsonl`;
const subagent = (id = "a1") => `${folder}/${TRANSCRIBED}/subagents/agent-${id}`;
const read = () => readSessionsUsage(projects, [TRANSCRIBED]);
const idsOf = ({ answers }: ReturnType<typeof read>) =>
  Array.from(answers, ({ id }) => id).toSorted();

test("without transcripts nothing was used", () => {
  for (const usage of [read(), readAllUsage(projects), readAllUsage(`${sandbox.home}/nowhere`)])
    expect([idsOf(usage), usage.files]).toEqual([[], 0]);
});

test("an answer is its prompt's, and a subagent's its own, with the call that started it", () => {
  write(
    session(),
    promptLine("p1"),
    answerLine(),
    promptLine("p1", { toolUseResult: { usage: { input_tokens: 9 } } }),
    answerLine({ id: "msg_2", requestId: "req_2" }),
    promptLine("p2"),
    answerLine({ id: "msg_3", requestId: "req_3" }),
    billLine(1),
    billLine(2),
  );
  write(
    `${subagent()}.jsonl`,
    promptLine("p1"),
    answerLine({ id: "msg_4", more: { isSidechain: true } }),
  );
  write(`${subagent()}.meta.json`, { agentType: "Explore", toolUseId: "toolu_1" });
  const usage = read();
  expect(
    Array.from(usage.answers, ({ id, promptId, agentId, agentType }) => [
      id,
      promptId,
      agentId,
      agentType,
    ]).toSorted(),
  ).toEqual([
    ["msg_1", "p1", "", ""],
    ["msg_2", "p1", "", ""],
    ["msg_3", "p2", "", ""],
    ["msg_4", "p1", "a1", "Explore"],
  ]);
  expect(usage.agents.get("a1")).toEqual({ agentType: "Explore", toolUseId: "toolu_1" });
  expect(usage.bills.get(TRANSCRIBED)).toEqual({ costUsd: 2, isGuess: false });
  expect(idsOf(readAllUsage(projects))).toEqual(idsOf(usage));
});

test("an early client's subagent next to the session is found", () => {
  write(session(), answerLine());
  write(
    `${folder}/agent-b2.jsonl`,
    answerLine({ id: "msg_2", more: { isSidechain: true, agentId: "b2" } }),
  );
  expect(idsOf(read())).toEqual(["msg_1", "msg_2"]);
});

test("other sessions are left out, and all sessions are read if asked for", () => {
  write(session(), answerLine());
  write(`${folder}/${OTHER}.jsonl`, answerLine({ id: "msg_2", sessionId: OTHER }));
  expect(idsOf(read())).toEqual(["msg_1"]);
  expect(idsOf(readAllUsage(projects))).toEqual(["msg_1", "msg_2"]);
  expect(idsOf(readAllUsage(projects, { sinceMs: Date.now() + 60_000 }))).toEqual([]);
});

test.each([".", "..", "../x", "a/b", "", "a".repeat(200), "*"])(
  "no path is made of the id %p",
  (id) => {
    expect(readSessionsUsage(projects, [id]).files).toBe(0);
  },
);

test("what leads elsewhere is not read: links to files and folders, second names", () => {
  const outside = `${sandbox.root}/outside`;
  mkdirSync(`${outside}/folder`, { recursive: true });
  write(`${outside}/folder/${OTHER}.jsonl`, answerLine());
  symlinkSync(`${outside}/folder`, `${projects}/-linked`);
  symlinkSync(`${outside}/folder/${OTHER}.jsonl`, session());
  linkSync(`${outside}/folder/${OTHER}.jsonl`, `${folder}/${OTHER}.jsonl`);
  const usage = readAllUsage(projects);
  expect([idsOf(usage), usage.files, usage.skipped.unreadable]).toEqual([[], 0, 1]);
});

test("lines that are torn, or not what they seem, are counted and cost no other", () => {
  const line = JSON.stringify(answerLine({ id: "msg_2" }));
  write(session(), answerLine(), '{"type":"assistant","usage":{ no JSON', "no JSON at all", "");
  writeFileSync(session(), line.slice(0, -20), { flag: "a" });
  const { skipped, ...usage } = read();
  expect(skipped).toEqual({ torn: 1, foreign: 1, tooLong: 0, unreadable: 0 });
  expect(idsOf({ skipped, ...usage })).toEqual(["msg_1"]);
});

test("the last line counts without its newline", () => {
  writeFileSync(session(), JSON.stringify(answerLine()));
  expect(idsOf(read())).toEqual(["msg_1"]);
});

test("answers are found however long the lines around them and they themselves are", () => {
  const long = (length: number) => ({ type: "user", message: "x".repeat(length) });
  const MEGABYTE = 1_048_576;
  const answers = [0, 10, MEGABYTE - 500, MEGABYTE, 3 * MEGABYTE].map((length, at) =>
    answerLine({
      id: `msg_${at}`,
      requestId: `req_${at}`,
      content: [{ type: "text", text: "y".repeat(length) }],
    }),
  );
  write(
    session(),
    long(MEGABYTE - 700),
    ...answers.flatMap((answer) => [answer, long(5 * MEGABYTE)]),
  );
  expect(idsOf(read())).toEqual(["msg_0", "msg_1", "msg_2", "msg_3", "msg_4"]);
});

test("a line that is longer than any answer is passed over, and counted", () => {
  write(
    session(),
    answerLine(),
    { type: "x", text: "z".repeat(40_000_000) },
    answerLine({ id: "msg_2" }),
  );
  const usage = read();
  expect([idsOf(usage), usage.skipped.tooLong]).toEqual([["msg_1", "msg_2"], 1]);
});

test("of the lines of an answer that say the same, one is parsed", () => {
  const other = {
    content: [{ type: "tool_use", id: "t", name: "Bash", input: { usage: { a: 1 } } }],
  };
  write(
    session(),
    answerLine(),
    answerLine(other),
    answerLine({ requestId: "req_2" }),
    answerLine({ output: 11 }),
  );
  const kinds = Array.from(usageLines(session()), ({ kind }) => kind);
  expect(kinds).toEqual(["answer", "answer", "answer"]);
});

test("answers behind a gateway, which gives requests no ids, are counted by their messages", () => {
  const lines = ["msg_1", "msg_1", "msg_2"].map((id) =>
    answerLine({ id, more: { requestId: undefined } }),
  );
  write(session(), ...lines);
  expect(Array.from(usageLines(session()), ({ kind }) => kind)).toEqual(["answer", "answer"]);
  expect(idsOf(read())).toEqual(["msg_1", "msg_2"]);
});

test("a transcript that is gone when it is its turn is counted", () => {
  write(session(), answerLine());
  write(`${subagent()}.jsonl`, answerLine({ id: "msg_2" }));
  let isFirst = true;
  const usage = readSessionsUsage(projects, [TRANSCRIBED], {
    onRead: () => {
      if (isFirst)
        for (const path of [session(), `${subagent()}.jsonl`]) renameSync(path, `${path}.gone`);
      isFirst = false;
    },
  });
  expect([usage.files, usage.skipped.unreadable]).toEqual([1, 1]);
});
