// The status of a destination, from a good or bad file.
import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import {
  isFailing,
  readStatus,
  saveStatus,
  type DeliveryStatus,
} from "../../../lib/forward/status-file";
import { Sandbox } from "../../../scripts/harness/sandbox";

const EARLY = "2026-11-22T09:58:01.000Z";
const LATE = "2026-11-22T09:58:02.000Z";
const UNKNOWN: DeliveryStatus = { last_success_at: null, last_error: null, restarted: null };

test.each([
  ["no file", undefined],
  ["an empty file, after a power cut", ""],
  ["half a file", '{"last_success_at":null,'],
  ["a file that is not an object", "null"],
  ["a file of 0.1.0", `{"last_success":"${EARLY}","last_error":null,"restarted":null}`],
  ["a file that is too large to be ours", " ".repeat(65_537)],
])("%s reads as unknown and is replaced by the next status", (_, text) => {
  using sandbox = new Sandbox();
  const folder = `${sandbox.state}/forward/team`;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (text !== undefined) writeFileSync(`${folder}/status.json`, text, { mode: 0o600 });
  expect(readStatus(folder)).toEqual(UNKNOWN);
  const status = { ...UNKNOWN, last_error: { at: LATE, message: "connection refused" } };
  saveStatus(folder, status);
  expect(readStatus(folder)).toEqual(status);
});

test.each([
  ["nothing happened yet", null, null, false],
  ["everything succeeded", EARLY, null, false],
  ["everything failed", null, EARLY, true],
  ["it failed after a success", EARLY, LATE, true],
  ["it succeeded after a failure", LATE, EARLY, false],
])("a destination is failing where %s: %p, %p: %p", (_, successAt, errorAt, failing) => {
  const error = errorAt === null ? null : { at: errorAt, message: "connection refused" };
  expect(isFailing({ ...UNKNOWN, last_success_at: successAt, last_error: error })).toBe(failing);
});
