// `claude-session man`: the man page.
import { version } from "../../version";
import { defineCommand, DONE } from "../command";
import { manPage } from "../man-page";

export default defineCommand({
  description: "Print the man page",
  arguments: {},
  examples: [
    ["man | man -l -", "read it"],
    ["man > claude-session.1", "save it to a man1 folder in MANPATH"],
  ],
  async run(_, terminal, program) {
    terminal.print((await manPage(program, version)).trimEnd());
    return DONE;
  },
});
