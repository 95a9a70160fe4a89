// Loaded before the tests in CI, where a test that fails is run once more: a property then tries the same values again,
// so that no counterexample passes by luck.
import fc from "fast-check";

fc.configureGlobal({ seed: Math.floor(Math.random() * 2 ** 31) });
