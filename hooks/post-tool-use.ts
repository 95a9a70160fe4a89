// PostToolUse and PostToolUseFailure: a tool has run.
import { runHook } from "../lib/hook/run";

void runHook({ name: "post-tool-use", event: "PostToolUse" });
