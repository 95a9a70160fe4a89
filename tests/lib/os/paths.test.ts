// A program's name, and the paths of its siblings, follow from its own path.
import { describe, expect, test } from "bun:test";
import { siblingProgram, programName } from "../../../lib/os/paths";

describe("a program at", () => {
  test.each([
    ["/home/you/.claude/hooks/session-start", "session-start", "/home/you/.claude/hooks/", "linux"],
    ["/session-start", "session-start", "/", "linux"],
    ["/a b/pre-tool-use (deleted)", "pre-tool-use", "/a b/", "linux"],
    ["/hooks/claude-session", "claude-session", "/hooks/", "darwin"],
    [
      "C:\\Users\\you\\.claude\\hooks\\session-end.exe",
      "session-end",
      "C:\\Users\\you\\.claude\\hooks\\",
      "win32",
    ],
    ["C:/hooks\\stop.d/session-event.exe", "session-event", "C:/hooks\\stop.d/", "win32"],
  ] as const)("%s is %s", (path, name, folder, platform) => {
    expect(programName(path)).toBe(name);
    const suffix = platform === "win32" ? ".exe" : "";
    expect(siblingProgram("claude-session", path, platform)).toBe(
      `${folder}claude-session${suffix}`,
    );
  });
});
