// PreToolUse: a tool is about to run.
import { runHook } from "../lib/hook/run";

void runHook({ name: "pre-tool-use", event: "PreToolUse" });
