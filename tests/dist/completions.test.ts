// Completions and the man page of the built program, in the shells and readers that are on this machine.
import { afterAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { programPath } from "../../scripts/harness/run-program";
import { Sandbox } from "../../scripts/harness/sandbox";
import { NEXT_SESSION, recordedSession, SESSION } from "../support/recorded-session";
import { writeRecords } from "../support/written-log";

const PROGRAM = programPath("claude-session");
const sandbox = new Sandbox();
writeRecords(sandbox, await recordedSession());
afterAll(() => sandbox[Symbol.dispose]());

/** What a command prints, in the environment of the sandbox with the program in `PATH`. */
function output(...command: string[]): string {
  const folder = PROGRAM.slice(0, PROGRAM.lastIndexOf("/"));
  const { stdout, stderr } = Bun.spawnSync(command, {
    env: sandbox.env({ PATH: `${folder}:/usr/bin:/bin`, TERM: "xterm", MANWIDTH: "80" }),
    cwd: sandbox.root,
    stdin: "ignore",
  });
  expect(stderr.toString()).toBe("");
  return stdout.toString();
}

/** Writes what the program prints into a file. */
function save(name: string, ...words: string[]): string {
  const path = `${sandbox.root}/${name}`;
  writeFileSync(path, output(PROGRAM, ...words));
  return path;
}

writeFileSync(`${sandbox.root}/notes.txt`, "");

// What was typed, the last word being the one to complete, and some of what the shell offers.
const CASES = [
  ["a command", ["sh"], ["show"]],
  ["the options of a command", ["show", "--"], ["--full", "--json", "--time"]],
  ["a value of an option", ["install", "--scope", "l"], ["local"]],
  ["an argument with few values", ["completions", "f"], ["fish"]],
  ["a session", ["show", ""], [NEXT_SESSION, SESSION]],
  ["a session by its beginning", ["export", SESSION.slice(0, 4)], [SESSION]],
  ["a session after an option", ["prune", "--session", "222"], [NEXT_SESSION]],
  ["a project", ["list", "--project", ""], ["shop"]],
  ["a file", ["redact", "not"], ["notes.txt"]],
] as const;

const shells = {
  bash: (words: readonly string[], script: string) =>
    output(
      "bash",
      "--norc",
      "-c",
      `source ${script}; COMP_WORDS=(claude-session "$@"); COMP_CWORD=$#; _claude_session 2>/dev/null; printf '%s\\n' "\${COMPREPLY[@]}"`,
      "bash",
      ...words,
    ).split("\n"),
  fish: (words: readonly string[], script: string) =>
    output(
      "fish",
      "--no-config",
      "-c",
      `source ${script}; complete -C "$argv"`,
      "claude-session",
      ...words,
    )
      .split("\n")
      .map((line) => line.split("\t")[0] ?? ""),
  // In a terminal of its own: zsh completes only there. What it offers is written down where it is added, because it shows
  // nothing while more is typed.
  zsh: (words: readonly string[], script: string) => {
    const offered = `${sandbox.root}/offered-${crypto.randomUUID()}`;
    const setUp = `${sandbox.root}/set-up.zsh`;
    writeFileSync(
      setUp,
      `autoload -Uz compinit; compinit -u -D; source ${script}
      zle-line-init() { print -n AT-THE-PROMPT }; zle -N zle-line-init
      compadd() {
        local -a found
        [[ " $* " == *" -"[OAD]" "* ]] || builtin compadd -O found "$@"
        print -rl -- $found >>$1_offered
        builtin compadd "$@"
      }`.replace("$1_offered", "$offered"),
    );
    const line = ["claude-session", ...words].join(" ");
    output(
      "zsh",
      "-f",
      "-c",
      `zmodload zsh/zpty
      zpty shell zsh -f -i
      zpty -w shell 'offered=${offered}; source ${setUp}'
      zpty -r -m shell seen '*AT-THE-PROMPT*'
      zpty -w -n shell ${JSON.stringify(line)}$'\\t\\C-u''print DONE-$((1 + 1))'$'\\n'
      zpty -r -m shell seen '*DONE-2*'
      zpty -d shell`,
    );
    return readFileSync(offered, "utf8").split("\n");
  },
};

describe.each(Object.entries(shells))("%s completes", (shell, complete) => {
  test.skipIf(Bun.which(shell) === null).each(CASES)("%s", (_, words, offered) => {
    const script = save(`completions.${shell}`, "completions", shell);
    const found = complete(words, script);
    for (const value of offered) expect(found).toContain(value);
    // Something else does not match.
    expect(found).not.toContain("--insecure");
  });
});

test.skipIf(Bun.which("pwsh") === null)("PowerShell completes a session", () => {
  const script = save("completions.ps1", "completions", "powershell");
  const line = "claude-session show 111";
  const ask = `. ${script}; (TabExpansion2 '${line}' ${line.length}).CompletionMatches.CompletionText`;
  expect(output("pwsh", "-NoProfile", "-Command", ask).trim()).toBe(SESSION);
});

test("a script knows every command and option of the help", () => {
  const help = output(PROGRAM, "--help");
  const commands = Array.from(help.matchAll(/^ {2}([a-z]+) {2}/gm), ([, name = ""]) => name);
  expect(commands.length).toBeGreaterThan(14);
  for (const shell of ["bash", "zsh", "fish", "powershell"]) {
    const script = output(PROGRAM, "completions", shell);
    for (const command of commands) {
      expect(script).toContain(command);
      const options = output(PROGRAM, command, "--help").matchAll(/--([a-z-]+)/g);
      for (const [, option = ""] of options) expect(script).toContain(option);
    }
  }
});

test("a shell that is not known is wrong usage, with what was meant", () => {
  const { exitCode, stderr } = Bun.spawnSync([PROGRAM, "completions", "fis"], {
    env: sandbox.env(),
  });
  expect(exitCode).toBe(2);
  expect(stderr.toString()).toContain("did you mean fish?");
});

test("an empty log completes nothing, and says nothing", () => {
  using fresh = new Sandbox();
  const { exitCode, stdout, stderr } = Bun.spawnSync(
    [PROGRAM, "completions", "--list", "sessions"],
    { env: fresh.env() },
  );
  expect([exitCode, stdout.toString(), stderr.toString()]).toEqual([0, "", ""]);
});

describe("the man page", () => {
  const page = save("claude-session.1", "man");

  test.skipIf(Bun.which("mandoc") === null)("has no error for mandoc", () => {
    // A page has no date: it would differ each time.
    const { stdout } = Bun.spawnSync(["mandoc", "-T", "lint", "-W", "warning", page]);
    expect(stdout.toString().replace(/^.*missing date.*\n/, "")).toBe("");
  });

  test.skipIf(Bun.which("man") === null)("has every command and what it does", () => {
    // A reader breaks words and lines.
    const text = output("man", "-l", page).replaceAll(/‐\n +/g, "").replaceAll(/\s+/g, " ");
    const rows = output(PROGRAM, "--help").matchAll(/^ {2}([a-z]+) {2,}(\S.*)$/gm);
    for (const [, command = "", what = ""] of rows) {
      expect(text).toContain(`claude-session ${command}`);
      expect(text).toContain(what);
    }
    expect(text).toContain("--scope user|project|local|managed");
  });
});
