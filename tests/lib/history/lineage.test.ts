// Which sessions continue others, by what their processes did.
import { expect, test } from "bun:test";
import { linkSessions, type LineageEvent } from "../../../lib/history/lineage";

/** `a1 start clear` is the start of session a in process 1, by clear; `a1` is any other event of it. */
function parseEvent(text: string): LineageEvent {
  const [, session_id = "", pid, rest = ""] = /^([a-z])(\d) ?(.*)$/.exec(text) ?? [];
  const [event = "", how] = rest.split(" ");
  const names: Record<string, string> = { start: "SessionStart", end: "SessionEnd", "": "Stop" };
  return { event: names[event] ?? event, session_id, pid: Number(pid), source: how, reason: how };
}

test.each([
  [
    ["a1 start startup", "a1", "a1 end clear", "b1 start clear"],
    ["b continues a by clear"],
    "a clear",
  ],
  [["a1", "b1 start fork"], ["b continues a by fork"], "a fork within a process"],
  [
    ["a1", "b1 start clear", "c1 start clear"],
    ["b continues a by clear", "c continues b by clear"],
    "two in a row",
  ],
  [["a1", "a1 end resume", "b1 start resume"], [], "a session that is resumed continues no other"],
  [["a1", "a1 start compact"], [], "compaction starts no session"],
  [
    ["a1", "a1 end other", "b1 start clear"],
    [],
    "the process has ended, and its number is used again",
  ],
  [["a1", "a1 end prompt_input_exit", "b1 start fork"], [], "the same after an exit at the prompt"],
  [["a1", "b2 start fork"], [], "a fork in a new process does not show its parent"],
  [
    ["a1", "c2", "a1 end clear", "b1 start clear", "d2 start clear"],
    ["b continues a by clear", "d continues c by clear"],
    "two processes side by side",
  ],
  [
    ["a1", "a1 end clear", "b1 start clear", "a1", "b1", "c1 start clear"],
    ["b continues a by clear", "c continues b by clear"],
    "a late event of the parent does not bring it back",
  ],
  [
    ["a1", "a1 end other", "a1", "b1 start clear"],
    [],
    "a late event after the end does not either",
  ],
  [["b1 start clear"], [], "nothing before it was recorded"],
  [["a1", "a1 start clear"], [], "a session does not continue itself"],
])("of %j, %j (%s)", (events, expected) => {
  const links = linkSessions(events.map(parseEvent));
  expect(links.map(({ parent, child, by }) => `${child} continues ${parent} by ${by}`)).toEqual(
    expected,
  );
});
