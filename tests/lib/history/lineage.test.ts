import { expect, test } from "bun:test";
import { lineage, type Sign } from "../../../lib/history/lineage";

// `a1` is session a in process 1; what follows is what happened.
const sign = (told: string): Sign => {
  const [, session_id = "", pid, what = ""] = /^([a-z])(\d) ?(.*)$/.exec(told) ?? [];
  const [event = "", how] = what.split(" ");
  const names: Record<string, string> = { start: "SessionStart", end: "SessionEnd", "": "Stop" };
  return { event: names[event] ?? event, session_id, pid: Number(pid), source: how, reason: how };
};

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
    "one after the other",
  ],
  [["a1", "a1 end resume", "b1 start resume"], [], "another session that is resumed is its own"],
  [["a1", "a1 start compact"], [], "a session goes on by itself"],
  [["a1", "a1 end other", "b1 start clear"], [], "the process had ended: another has its number"],
  [["a1", "a1 end prompt_input_exit", "b1 start fork"], [], "the same, by hand"],
  [["a1", "b2 start fork"], [], "a fork in a process of its own does not say of what"],
  [
    ["a1", "c2", "a1 end clear", "b1 start clear", "d2 start clear"],
    ["b continues a by clear", "d continues c by clear"],
    "two processes side by side",
  ],
  [
    ["a1", "a1 end clear", "b1 start clear", "a1", "b1", "c1 start clear"],
    ["b continues a by clear", "c continues b by clear"],
    "what comes late of the one before does not bring it back",
  ],
  [["a1", "a1 end other", "a1", "b1 start clear"], [], "nor after its process has ended"],
  [["b1 start clear"], [], "nothing is known of before"],
  [["a1", "a1 start clear"], [], "a session does not continue itself"],
])("%j: %j (%s)", (told, expected) => {
  const links = lineage(told.map(sign));
  expect(links.map(({ parent, child, by }) => `${child} continues ${parent} by ${by}`)).toEqual(
    expected,
  );
});
