// What a program can prove about itself before anybody registers it with Claude Code.
import { appendRecord } from "../log/log";
import { readOwn } from "../os/file";
import { nodeFs } from "../os/syscalls-node";
import { projectAt } from "../project";
import { forgetSessionId, getStoredSessionId, storeSessionId } from "../session";
import { version } from "../version";

/** One thing that was tried; without a fault it holds. */
export interface Check {
  readonly name: string;
  readonly fault?: string;
}

const FLAG = "--disallow-code-generation-from-strings=strict";

/** Tries everything that a hook relies on, in a temp folder that is gone afterwards. */
export function selfTest(): Check[] {
  return [
    // A stripped or truncated program starts as the bare runtime, which would run what it is told.
    check("is the compiled program", () => Bun.isStandaloneExecutable && version !== "unbuilt"),
    check("runs no code from strings", () => process.execArgv.includes(FLAG) && !canEvaluate()),
    check("keeps a session pointer", () => inTemporaryFolder(keepsPointer)),
    check("keeps a log", () => inTemporaryFolder(keepsLog)),
  ];
}

/** The same for a person or an installer to read, after the program's name and version. */
export function reportSelfTest(program: string): { text: string; passed: boolean } {
  const checks = selfTest();
  const lines = checks.map(({ name, fault }) =>
    fault ? `fail  ${name}: ${fault}` : `ok    ${name}`,
  );
  return {
    text: [`${program} ${version}`, ...lines].join("\n"),
    passed: checks.every(({ fault }) => fault === undefined),
  };
}

function keepsPointer(folder: string): boolean {
  const project = projectAt("/self-test");
  storeSessionId("self-test", project, folder);
  const stored = getStoredSessionId(project, folder);
  forgetSessionId("self-test", project, folder);
  return stored === "self-test" && getStoredSessionId(project, folder) === "unknown";
}

function keepsLog(folder: string): boolean {
  appendRecord(`${folder}/events`, "2025-01-01T00:00:00.000Z", "{}");
  return readOwn(`${folder}/events/2025-01-01.jsonl`, 64) === "{}\n";
}

function canEvaluate(): boolean {
  try {
    // oxlint-disable-next-line no-new-func -- that it throws is the point
    return new Function("return true")() === true;
  } catch {
    return false;
  }
}

function inTemporaryFolder(holds: (folder: string) => boolean): boolean {
  // An `import` of `node:os` would cost every hook its loading, from whatever depth.
  const { tmpdir } = require("node:os") as typeof import("node:os");
  const { mkdtempSync, rmSync } = nodeFs();
  const folder = mkdtempSync(`${tmpdir()}/claude-session-hooks-`);
  try {
    return holds(folder);
  } finally {
    try {
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // Wine cannot, with Bun 1.4.5. What is left lies where the system clears away.
    }
  }
}

function check(name: string, holds: () => boolean): Check {
  try {
    return holds() ? { name } : { name, fault: "does not hold" };
  } catch (error) {
    return { name, fault: error instanceof Error ? error.message : String(error) };
  }
}
