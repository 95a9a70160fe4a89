// Keys that occur twice, in every form of JSON that config.json may have.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { repeatedKeys } from "../../lib/repeated-keys";

test("JSON that was made from a value repeats no key, and with a key again it does", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), (value) => {
      for (const indent of [0, 2]) {
        const text = JSON.stringify(value, undefined, indent);
        expect(repeatedKeys(text)).toEqual([]);
        const [name = ""] = Object.keys(value);
        const again = `${text.trimEnd().slice(0, -1)},${JSON.stringify(name)}:0}`;
        expect(repeatedKeys(again)).toEqual([name]);
        expect(repeatedKeys(`{"a":[0,${again}]}`)).toEqual([`a[1].${name}`]);
      }
    }),
  );
});

test.each([
  [`{"a":1,'a':2}`, ["a"], "other quotes"],
  ['{"a":1,"\\u0061":2}', ["a"], "an escape"],
  ['{"a":1,/* } */"a":2}', ["a"], "a comment between"],
  ['{"a":1, // }\r"a":2}', ["a"], "a comment that ends with a carriage return"],
  ['{"a":1,"a" /* : */ : 2}', ["a"], "a comment before the colon"],
  ['{"a":1,"a":2,"a":3}', ["a"], "three times"],
  ['{"a":{"b":1},"c":{"b":1},"d":[{"b":1},{"b":1}]}', [], "in different objects"],
  ['{"a":"\\\\","b":"\\"a\\":"}', [], "texts that look like keys"],
  ['{"a":1 // "a":2\n, /* "a":3 */ }', [], "comments that look like keys"],
  ["", [], "nothing"],
] as [string, string[], string][])("in %j: %j (%s)", (text, repeated) => {
  expect(repeatedKeys(text)).toEqual(repeated);
});
