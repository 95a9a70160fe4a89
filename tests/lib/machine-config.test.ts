// What a machine's configuration and a user's become together.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { DEFAULT_CONFIG, parseConfig, unusableConfig, type Config } from "../../lib/config";
import { combineConfigs } from "../../lib/machine-config";

const strings = (minLength: number) => fc.array(fc.string({ minLength, maxLength: 8 }));
const sections = <T extends Record<string, fc.Arbitrary<unknown>>>(keys: T) =>
  fc.record(keys, { requiredKeys: [] });
/** A file in which every key is right; each may be missing. */
const files = sections({
  retention_days: fc.integer({ min: 1, max: 3650 }),
  capture: sections({
    prompts: fc.boolean(),
    tool_input: fc.boolean(),
    tool_response: fc.boolean(),
  }),
  redact: sections({ keys: strings(1), literals: strings(4), allow: strings(1) }),
  limits: sections({
    string_bytes: fc.integer({ min: 256, max: 16_384 }),
    record_bytes: fc.integer({ min: 8192, max: 131_072 }),
    input_bytes: fc.integer({ min: 1024, max: 16_777_216 }),
  }),
  destinations: fc.array(fc.record({ name: fc.string() })),
  prices: fc.array(fc.record({ model: fc.string() })),
  forwarder: fc.constantFrom("", "/a", "/b"),
});

const combined = (machine: object, user: object) =>
  combineConfigs(parseConfig(JSON.stringify(machine)), parseConfig(JSON.stringify(user)));

describe("a user's file", () => {
  test("never weakens what the machine's says", () => {
    fc.assert(
      fc.property(files, files, (machine, user) => {
        const { config } = combined(machine, user);
        const { config: policy, given } = parseConfig(JSON.stringify(machine));
        for (const content of ["prompts", "tool_input", "tool_response"] as const)
          expect(config.capture[content] && !policy.capture[content]).toBe(false);
        for (const list of ["keys", "literals"] as const)
          expect(config.redact[list]).toEqual(expect.arrayContaining([...policy.redact[list]]));
        if (given.includes("redact")) expect(config.redact.allow).toEqual(policy.redact.allow);
        if (given.includes("retention_days"))
          expect(config.retention_days).toBeLessThanOrEqual(policy.retention_days);
        for (const limit of ["string_bytes", "record_bytes"] as const)
          expect(config.limits[limit]).toBeLessThanOrEqual(policy.limits[limit]);
        expect(config.limits.input_bytes).toBe(policy.limits.input_bytes);
        expect(config.destinations.slice(0, policy.destinations.length)).toEqual([
          ...policy.destinations,
        ]);
      }),
      { numRuns: 1000 },
    );
  });

  test("adds its own privacy to what the machine's file sets", () => {
    fc.assert(
      fc.property(files, files, (machine, user) => {
        const { config } = combined(machine, user);
        const { config: own, given } = parseConfig(JSON.stringify(user));
        for (const content of ["prompts", "tool_input", "tool_response"] as const)
          expect(config.capture[content] && !own.capture[content]).toBe(false);
        for (const list of ["keys", "literals"] as const)
          expect(config.redact[list]).toEqual(expect.arrayContaining([...own.redact[list]]));
        if (given.includes("retention_days"))
          expect(config.retention_days).toBeLessThanOrEqual(own.retention_days);
      }),
      { numRuns: 1000 },
    );
  });

  test("has its full effect where the machine's says nothing, but for the longest input", () => {
    fc.assert(
      fc.property(files, (user) => {
        const { config } = combined({}, user);
        const { config: own } = parseConfig(JSON.stringify(user));
        const { input_bytes } = DEFAULT_CONFIG.limits;
        expect(config).toEqual({ ...own, limits: { ...own.limits, input_bytes } });
      }),
    );
  });

  test.each([
    [{ retention_days: 90 }, {}, { retention_days: 90 }, "the machine's default"],
    [{ retention_days: 7 }, { retention_days: 365 }, { retention_days: 7 }, "longer"],
    [{ retention_days: 7 }, { retention_days: 3 }, { retention_days: 3 }, "shorter"],
    [
      { retention_days: 0 },
      { retention_days: 365 },
      { retention_days: 30 },
      "the machine's is wrong",
    ],
    [{}, { retention_days: 365 }, { retention_days: 365 }, "the machine says nothing"],
    [
      { redact: { allow: ["demo"] } },
      { redact: { allow: ["cookie"] } },
      { redact: { keys: [], literals: [], allow: ["demo"] } },
      "the machine's exceptions are all",
    ],
    [{ forwarder: "/m" }, { forwarder: "/u" }, { forwarder: "/m" }, "the machine's forwarder"],
    [{}, { forwarder: "/u" }, { forwarder: "/u" }, "the user's forwarder"],
  ] as [object, object, Partial<Config>, string][])(
    "%j and %j of a user become %j (%s)",
    (machine, user, expected) => {
      expect(combined(machine, user).config).toEqual({ ...DEFAULT_CONFIG, ...expected });
    },
  );

  test("says which of its keys have no effect, and what applies instead", () => {
    const machine = {
      capture: { prompts: false },
      retention_days: 7,
      redact: { literals: ["Falcon"] },
    };
    const user = {
      capture: { prompts: true, tool_input: false },
      retention_days: 365,
      redact: { keys: ["pin"], allow: ["literal"] },
      limits: { input_bytes: 1024, string_bytes: 256 },
    };
    expect(combined(machine, user).overruled).toEqual([
      "retention_days: 7 counts, not 365",
      "capture.prompts: false counts, not true",
      'redact.allow: [] counts, not ["literal"]',
      "limits.input_bytes: 16777216 counts, not 1024",
    ]);
  });
});

test("a machine's file that is not understood captures nothing, and lets no user unmask anything", () => {
  const user = parseConfig('{"capture":{"prompts":true},"redact":{"allow":["literal"]}}');
  const { config } = combineConfigs(unusableConfig("not JSON"), user);
  expect(Object.values(config.capture)).toEqual([false, false, false]);
  expect(config.redact.allow).toEqual([]);
});
