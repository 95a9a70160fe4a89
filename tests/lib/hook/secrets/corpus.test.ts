// Real-looking texts: the secrets in them are masked, and nothing of the innocent ones is.
import { expect, test } from "bun:test";
import { measureSecrets } from "../../../../scripts/secrets/measure";

test.each([1, 2, 3, 4, 5])("the corpus, filled with other secrets: %p", (seed) => {
  const { secrets, missed, innocents, falseAlarms } = measureSecrets(seed);
  expect({ missed, falseAlarms }).toEqual({ missed: [], falseAlarms: [] });
  // A corpus that has become small proves little.
  expect([secrets > 200, innocents > 150]).toEqual([true, true]);
});
