// Regular expressions of the user's: what they match, what is looked for first, and that none of them hangs.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { compilePattern } from "../../../lib/log-index/pattern";

test.each<[source: string, literal: string | undefined]>([
  ["cart", "cart"],
  ["car.*test", "test"],
  ["carts?", "cart"],
  ["cart+", "cart"],
  ["cart*ab", "car"],
  ["src/cart\\.ts$", "src/cart.ts"],
  ["\\bcart\\b", "cart"],
  ["[Cc]art", "art"],
  ["[]a]rt", "rt"],
  ["[^]a]rt", "rt"],
  ["[[:alpha:]]rt", "rt"],
  ["(cart)? of", " of"],
  ["a{3}bc", undefined],
  ["bc a{3}", "bc "],
  ["cart|shop", undefined],
  ["(?i)cart", undefined],
  [".*", undefined],
])("%j: %j is looked for first", (source, literal) => {
  expect(compilePattern(source, true).literal).toBe(literal as string);
});

test("whatever matches contains what is looked for first", () => {
  const part = fc.constantFrom("a", "b", "ab", "\\.", ".", "[ab]", "(ab)", "c", "^", "$", "\\w");
  const quantified = fc.tuple(part, fc.constantFrom("", "", "?", "*", "+", "{2}", "+?"));
  const source = fc
    .array(quantified, { minLength: 1, maxLength: 6 })
    .map((parts) => parts.map(([one, many]) => (/[$^]/.test(one) ? one : one + many)).join(""));
  const text = fc.array(fc.constantFrom("a", "b", "c", "."), { maxLength: 12 });
  fc.assert(
    fc.property(source, text, (pattern, letters) => {
      const whole = letters.join("");
      const { find, literal } = compilePattern(pattern, true);
      const expected = new RegExp(pattern).exec(whole);
      const found = find(whole);
      expect(found?.at).toBe(expected?.index as number);
      if (found !== undefined && literal !== undefined) expect(whole).toContain(literal);
    }),
    { numRuns: 2000 },
  );
});

test("in any case", () => {
  expect(compilePattern("c.rt", false).find("The CART")).toEqual({ at: 4, length: 4 });
  expect(compilePattern("c.rt", true).find("The CART")).toBeUndefined();
});

test.each(["(a+)+$", "^(a|a)*$", "(.*)*x", "(a{1,30}){1,30}$"])(
  "%s reads a long text once",
  (source) => {
    expect(compilePattern(source, true).find(`${"a".repeat(20_000)}b`)).toBeUndefined();
  },
  20_000,
);

test.each(["(", "[a", "a{2", "\\1", "(?=a)", "*"])("%s is refused with a reason", (source) => {
  // Some of them are texts to others: what is understood has to match itself.
  try {
    expect(compilePattern(source, true).find(source)).toBeDefined();
  } catch (error) {
    expect(error).toBeInstanceOf(SyntaxError);
    expect((error as Error).message).not.toBe("");
  }
});
