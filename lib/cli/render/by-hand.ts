// Settings that we cannot write, so the user or the program that manages them has to.
import { FAILED, type ExitStatus } from "../command";
import type { SettingsFile } from "../settings/settings-file";
import type { Terminal } from "../terminal";
import { escapeLine } from "./text";

/**
 * Says why nothing was changed, and prints the whole text that the file should have.
 *
 * @param or the end of the instruction: an alternative, or the next step
 */
export function printByHand(
  { path }: Pick<SettingsFile, "path">,
  text: string,
  reason: string,
  terminal: Terminal,
  or = ", or use --settings FILE for another file",
): ExitStatus {
  terminal.note(
    `claude-session: ${escapeLine(path)} is managed elsewhere: ${reason}. Nothing was changed.`,
  );
  terminal.note(`Put this text there yourself${or}:\n`);
  terminal.print(text.trimEnd());
  return FAILED;
}
