// `claude-session doctor`
import { defineVerb, DONE } from "./verb";

export default defineVerb({
  description: "doctor",
  args: {},
  examples: [["doctor", ""]],
  run: () => DONE,
});
