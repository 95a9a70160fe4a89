// Every system call of a hook fails in every way, or kills it: earlier records and pointers survive, later
// events are recorded, and Claude Code does not notice.
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { Sandbox } from "../../scripts/harness/sandbox";
import { Tally } from "../support/tally";
import { expectToSurvive, isKill, whyNoFaults, type Trial } from "./fail-each-call";
import { prepareScene, sceneOf, type Scene } from "./scene";
import { runTraced, type Command } from "./strace";
import { DURING, fateOf, laterViolations, violations } from "./violations";

setDefaultTimeout(600_000);

const tally = new Tally("hooks");
afterAll(() => tally.print());
const whyNot = whyNoFaults();
if (whyNot !== undefined) tally.skip(`everything: ${whyNot}`);

const hook = (program: string, event: string): Command => ({
  program,
  input: { session_id: DURING, hook_event_name: event },
});
const withLog = (sandbox: Sandbox) => prepareScene(sandbox);
const withTornLog = (sandbox: Sandbox) => prepareScene(sandbox, { isTorn: true });
const withOwnPointer = (sandbox: Sandbox) => prepareScene(sandbox, { session: DURING });

describe.skipIf(whyNot !== undefined)("any system call may fail, or kill the hook, in", () => {
  test.each([
    ["the start of a session", hook("session-start", "SessionStart"), withLog],
    ["the start of the very first session", hook("session-start", "SessionStart"), sceneOf],
    ["a tool use", hook("pre-tool-use", "PreToolUse"), withLog],
    ["a tool use after a torn line", hook("post-tool-use", "PostToolUse"), withTornLog],
    ["a prompt, which renews the pointer", hook("session-event", "UserPromptSubmit"), withLog],
    ["the end of the session", hook("session-end", "SessionEnd"), withOwnPointer],
  ])("%s", async (_, command, prepare) => {
    const check: Trial<Scene>["violations"] = async (sandbox, before, fault, end) => {
      const found = await violations(sandbox, before, {
        ...end,
        isKilled: isKill(fault),
        isLasting: fault.isLasting ?? false,
        endsSession: command.program === "session-end",
        cannotRemove: fault.call.name.startsWith("unlink"),
      });
      // An interrupted call is to be repeated.
      const fate = await fateOf(sandbox);
      if (fault.effect === "error=EINTR" && fate !== "recorded")
        found.push(`the event was ${fate}`);
      tally.add(`events ${fate}`);
      if (fate === "lost")
        tally.add(isKill(fault) ? "lost by a kill" : "lost by a fault that lasts");
      return [...found, ...(await laterViolations(sandbox, before))];
    };
    await expectToSurvive({ command, prepare, violations: check }, tally);
  });
});

// strace only claims that so much was written, so what is in the file is not the program's doing.
test.skipIf(whyNot !== undefined)(
  "a write that takes only a part is followed by a write of the rest",
  async () => {
    const command = hook("session-start", "SessionStart");
    using model = new Sandbox();
    await withLog(model);
    const writes = (await runTraced(model, command)).calls.filter(({ name }) => name === "write");
    // The pointer under two names, the record, and the boot.
    expect(writes).toHaveLength(4);
    for (const call of writes) {
      using sandbox = new Sandbox();
      const before = await withLog(sandbox);
      const taken = 10;
      const ended = await runTraced(sandbox, command, { call, effect: `retval=${taken}` });
      expect(ended).toMatchObject({ code: 0, stdout: "", stderr: "" });
      const rest = ended.calls.find(
        ({ name, ordinal }) => name === "write" && ordinal === call.ordinal + 1,
      );
      expect(rest).toMatchObject({ label: call.label, bytes: (call.bytes ?? 0) - taken });
      expect(await laterViolations(sandbox, before)).toEqual([]);
      tally.add("short writes");
    }
  },
);
