// What a view of the log says where there is none.
import { paths } from "../../environment";
import { listDays } from "../../log/log";
import { escapeLine } from "../render/text";
import type { Terminal } from "../terminal";

/** Whether there is a log; where there is none, explains how to begin. */
export function hasLog(terminal: Terminal): boolean {
  if (listDays(paths.events).length > 0) return true;
  terminal.print(`Nothing has been recorded yet: there is no log in ${escapeLine(paths.events)}.

Run \`claude-session install\` and restart Claude Code to begin.
If you have done that, \`claude-session doctor\` says what is missing.`);
  return false;
}
