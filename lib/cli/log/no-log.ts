// What a view prints if there is no log.
import { paths, takenFolder } from "../../environment";
import { listDays } from "../../log/log";
import { describeUser } from "../../os/user-name";
import { escapeLine } from "../render/text";
import type { Terminal } from "../terminal";

/** Whether there is a log; if there is none, explains how to begin. */
export function hasLog(terminal: Terminal): boolean {
  const theirs =
    takenFolder &&
    `${escapeLine(takenFolder.path)} belongs to ${escapeLine(describeUser(takenFolder.userId))}`;
  if (listDays(paths.events).length > 0) {
    if (theirs !== undefined)
      terminal.note(`This is your own log, in ${escapeLine(paths.events)}: ${theirs}.`);
    return true;
  }
  if (theirs !== undefined) {
    terminal.print(`There is no log of yours: ${theirs}.

Run this as that user to see theirs. Yours will be in ${escapeLine(paths.events)}.`);
    return false;
  }
  terminal.print(`Nothing has been recorded yet: there is no log in ${escapeLine(paths.events)}.

Run \`claude-session install\` and restart Claude Code to begin.
If you have done that, \`claude-session doctor\` says what is missing.`);
  return false;
}
