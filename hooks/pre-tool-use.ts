// PreToolUse: a tool is about to run.
import { runHook } from "../lib/hook";

await runHook({ name: "pre-tool-use", event: "PreToolUse" });
