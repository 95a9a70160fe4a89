// `claude-session completions`: the script that lets a shell complete commands, options, sessions and projects.
import { paths } from "../../environment";
import { defineCommand, DONE, UsageError } from "../command";
import { bashScript } from "../completions/bash";
import { fishScript } from "../completions/fish";
import { grammarOf, type Grammar } from "../completions/grammar";
import { powershellScript } from "../completions/powershell";
import { zshScript } from "../completions/zsh";
import { recentProjects, recentSessions } from "../completions/from-log";

const SHELLS = ["bash", "zsh", "fish", "powershell"] as const;
const SCRIPTS: Readonly<Record<(typeof SHELLS)[number], (grammar: Grammar) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
  powershell: powershellScript,
};

export default defineCommand({
  description: "Print a script that lets a shell complete commands",
  arguments: {
    shell: {
      type: "positional",
      choices: SHELLS,
      description: "The shell that runs the script",
      value: "SHELL",
    },
    list: {
      type: "choice",
      choices: ["sessions", "projects"],
      description: "Print the values that the scripts offer, newest first",
    },
  },
  examples: [
    ["completions bash > FILE", "a file for ~/.bashrc to source"],
    [
      "completions zsh > FILE",
      "the same for ~/.zshrc, after compinit; or _claude-session in fpath",
    ],
    ["completions fish | source", "in ~/.config/fish/config.fish"],
    ["completions powershell | Out-String | iex", "in your PowerShell profile"],
  ],
  async run({ shell, list }, terminal, program) {
    if (list !== undefined) {
      const lines =
        list === "sessions"
          ? recentSessions(paths.events).map(({ id, project }) => `${id}\t${project}`)
          : recentProjects(paths.events);
      if (lines.length > 0) terminal.print(lines.join("\n"));
      return DONE;
    }
    if (shell === undefined)
      throw new UsageError(`completions needs a shell: ${SHELLS.join(", ")}`);
    terminal.print(SCRIPTS[shell](await grammarOf(program)).trimEnd());
    return DONE;
  },
});
