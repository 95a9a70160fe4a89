// What `config.json` may hold, in zod: the oracle that the hooks' own reader is held against.
import { z } from "zod";
import { isAbsolute } from "../../lib/os/paths";

const windows = process.platform === "win32";

/** A list of strings, or one that lacks its brackets. */
const strings = (minLength: number) => {
  const item = z.string().min(minLength);
  return z.union([z.array(item), item]);
};

const choice = {
  retention_days: z.int().min(1).max(3650),
  // An unknown key that is not `true` may keep something out that this version does not know.
  capture: z
    .object({ prompts: z.boolean(), tool_input: z.boolean(), tool_response: z.boolean() })
    .catchall(z.literal(true)),
  redact: z.looseObject({ keys: strings(1), literals: strings(4) }),
  limits: z.looseObject({
    string_bytes: z.int().min(256).max(16_384),
    record_bytes: z.int().min(8192).max(131_072),
    input_bytes: z.int().min(1024).max(16_777_216),
  }),
  destinations: z.array(z.looseObject({})),
  prices: z.array(z.looseObject({})),
  forwarder: z.string().refine((path) => path === "" || isAbsolute(path, windows)),
};

/** `config.json` as a person writes it: every key may be left out. */
export const configFile = z.looseObject({
  retention_days: choice.retention_days.optional(),
  capture: choice.capture.partial().optional(),
  redact: choice.redact.partial().optional(),
  limits: choice.limits.partial().optional(),
  destinations: choice.destinations.optional(),
  prices: choice.prices.optional(),
  forwarder: choice.forwarder.optional(),
});
