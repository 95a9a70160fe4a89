// Every system call of a hook fails once in every way, or is the last one: what was kept is kept, what
// comes later is recorded, and Claude Code does not notice.
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { Sandbox } from "../../scripts/harness/sandbox";
import { Tally } from "../support/tally";
import {
  DURING,
  fateOf,
  laterViolations,
  look,
  setScene,
  violations,
  type Scene,
} from "./aftermath";
import { expectToSurvive, isKill, obstacle, type Trial } from "./every-call";
import { runTraced, type Command } from "./strace";

setDefaultTimeout(300_000);

const tally = new Tally("hooks");
afterAll(() => tally.print());
const whyNot = obstacle();
if (whyNot !== undefined) tally.skip(`everything: ${whyNot}`);

const hook = (program: string, event: string): Command => ({
  program,
  input: { session_id: DURING, hook_event_name: event },
});
const aLog = (sandbox: Sandbox) => setScene(sandbox);
const aTornLog = (sandbox: Sandbox) => setScene(sandbox, { isTorn: true });
const itsOwnPointer = (sandbox: Sandbox) => setScene(sandbox, { session: DURING });

describe.skipIf(whyNot !== undefined)("any system call may fail, or be the last, of", () => {
  test.each([
    ["the store", hook("session-start", "SessionStart"), aLog],
    ["the very first store", hook("session-start", "SessionStart"), look],
    ["the append", hook("pre-tool-use", "PreToolUse"), aLog],
    ["the append after a torn line", hook("post-tool-use", "PostToolUse"), aTornLog],
    ["the renewal at a prompt", hook("session-event", "UserPromptSubmit"), aLog],
    ["the end of the session", hook("session-end", "SessionEnd"), itsOwnPointer],
  ])("%s", async (_, command, prepare) => {
    const judge: Trial<Scene>["judge"] = async (sandbox, before, fault, ended) => {
      const found = await violations(sandbox, before, {
        ...ended,
        isKilled: isKill(fault),
        isLasting: fault.isLasting ?? false,
        isEnd: command.program === "session-end",
        cannotRemove: fault.call.name === "unlink",
      });
      // Only that one is no reason to give up.
      const fate = await fateOf(sandbox);
      if (fault.what === "error=EINTR" && fate !== "recorded") found.push(`the event was ${fate}`);
      tally.add(`events ${fate}`);
      if (fate === "lost")
        tally.add(isKill(fault) ? "lost by a kill" : "lost by a fault that lasts");
      return [...found, ...(await laterViolations(sandbox, before))];
    };
    await expectToSurvive({ command, prepare, judge }, tally);
  });
});

// strace only says that so much was written: what the file holds then is no concern of the program's.
test.skipIf(whyNot !== undefined)(
  "a write that takes only a part is followed by the rest",
  async () => {
    const command = hook("session-start", "SessionStart");
    using model = new Sandbox();
    await aLog(model);
    const writes = (await runTraced(model, command)).calls.filter(({ name }) => name === "write");
    expect(writes).toHaveLength(3);
    for (const call of writes) {
      using sandbox = new Sandbox();
      const before = await aLog(sandbox);
      const taken = 10;
      const ended = await runTraced(sandbox, command, { call, what: `retval=${taken}` });
      expect(ended).toMatchObject({ code: 0, stdout: "", stderr: "" });
      const rest = ended.calls.find(
        ({ name, ordinal }) => name === "write" && ordinal === call.ordinal + 1,
      );
      expect(rest).toMatchObject({ what: call.what, bytes: (call.bytes ?? 0) - taken });
      expect(await laterViolations(sandbox, before)).toEqual([]);
      tally.add("short writes");
    }
  },
);
