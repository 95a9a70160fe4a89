// What a program can prove about itself before it is registered with Claude Code.
import { paths } from "../environment";
import { appendRecord } from "../log/log";
import { readOwnFile } from "../os/file";
import { nodeFs } from "../os/syscalls-node";
import { projectAt } from "../project";
import { forgetSessionId, getStoredSessionId, storeSessionId } from "../session";
import { version } from "../version";

interface Check {
  readonly name: string;
  /** Why it failed; `undefined` if it passed. */
  readonly reason?: string;
}

const STRICT_OPTION = "--disallow-code-generation-from-strings=strict";

/**
 * Checks everything that a hook relies on, in temp folders that are removed afterwards.
 *
 * @returns the program's name and version and a line for each check, which an installer reads too
 */
export async function reportSelfTest(program: string): Promise<{ text: string; passed: boolean }> {
  const checks: readonly Check[] = [
    // A stripped or truncated program starts as the bare runtime, which would run any code it is given.
    await check("is the compiled program", isCompiled),
    await check("runs no code from strings", runsNoStrings),
    await check("keeps a session pointer", () => inTempFolder(keepsPointer)),
    await check("keeps a log", () => inTempFolder(keepsLog)),
  ];
  const lines = checks.map(({ name, reason }) =>
    reason ? `fail  ${name}: ${reason}` : `ok    ${name}`,
  );
  return {
    text: [`${program} ${version}`, ...lines].join("\n"),
    passed: checks.every(({ reason }) => reason === undefined),
  };
}

function isCompiled(): boolean {
  return Bun.isStandaloneExecutable && version !== "unbuilt";
}

function runsNoStrings(): boolean {
  return process.execArgv.includes(STRICT_OPTION) && !canEvaluate();
}

async function keepsPointer(folder: string): Promise<boolean> {
  const project = projectAt("/self-test");
  await storeSessionId("self-test", project, folder);
  const stored = getStoredSessionId(project, folder);
  forgetSessionId("self-test", project, folder);
  return stored === "self-test" && getStoredSessionId(project, folder) === "unknown";
}

function keepsLog(folder: string): boolean {
  const line = "{}";
  appendRecord(`${folder}/events`, "2025-01-01T00:00:00.000Z", line);
  return readOwnFile(`${folder}/events/2025-01-01.jsonl`, line.length + 1) === `${line}\n`;
}

function canEvaluate(): boolean {
  try {
    // oxlint-disable-next-line no-new-func -- it must throw
    return new Function("return true")() === true;
  } catch {
    return false;
  }
}

async function inTempFolder(
  holds: (folder: string) => boolean | Promise<boolean>,
): Promise<boolean> {
  const { rmSync } = nodeFs();
  const folder = makeTempFolder();
  try {
    return await holds(folder);
  } finally {
    try {
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // Fails under Wine (Bun 1.4.5). The system cleans its temp folder itself.
    }
  }
}

// Where hooks write anyway: a TMPDIR that is gone or full does not concern them.
function makeTempFolder(): string {
  const { mkdtempSync } = nodeFs();
  const prefix = "claude-session-hooks-";
  try {
    return mkdtempSync(`${paths.pointers}/${prefix}`);
  } catch {
    return mkdtempSync(`${paths.claude}/${prefix}`);
  }
}

async function check(name: string, holds: () => boolean | Promise<boolean>): Promise<Check> {
  try {
    return (await holds()) ? { name } : { name, reason: "does not hold" };
  } catch (error) {
    return { name, reason: error instanceof Error ? error.message : String(error) };
  }
}
