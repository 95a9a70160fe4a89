// The entry point of every hook program. A program acts as the hook whose name it was called by, so that one file can have
// five names (`install --link`); under any other name it acts as the hook that it was built as. The plugin has one file and
// passes the hook's name as the first argument, because a zip has no links.
import { HOOK_PROGRAMS, type HookProgramName } from "./events";
import { programName } from "./os/paths";

/** Replaced by the compiler. */
declare const BUILD_HOOK: HookProgramName;

// Each is loaded only under its name. What they end with is the end of the program.
function start(name: string): Promise<unknown> {
  switch (name as HookProgramName) {
    case "session-start":
      return import("../hooks/session-start");
    case "session-end":
      return import("../hooks/session-end");
    case "pre-tool-use":
      return import("../hooks/pre-tool-use");
    case "post-tool-use":
      return import("../hooks/post-tool-use");
    case "session-event":
      return import("../hooks/session-event");
    default:
      return start(BUILD_HOOK);
  }
}

const [, , asked] = Bun.argv;
void start(asked !== undefined && isHook(asked) ? asked : programName());

function isHook(name: string): boolean {
  return (HOOK_PROGRAMS as readonly string[]).includes(name);
}
