// `claude-session export --html`: the page says what was recorded, loads nothing, and is nothing but text.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { startBrowser, whyNoBrowser } from "../../scripts/harness/chromium";
import { runCli } from "../../scripts/harness/run-program";
import { Sandbox } from "../../scripts/harness/sandbox";
import type { EventRecord } from "../../lib/log/record";
import { recordedSession, recordsFrom, SESSION } from "../support/recorded-session";
import { writeRecords } from "../support/written-log";

setDefaultTimeout(60_000);

const EVIL = `</pre><img src=x onerror="document.title='owned'"><script>document.title='owned'</script>&lt;`;

async function exported(sandbox: Sandbox, options = ""): Promise<string> {
  const file = `${sandbox.root}/page.html`;
  const ended = await runCli(sandbox, `export ${SESSION} --html ${file} ${options}`);
  expect(ended.code).toBe(0);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  return file;
}

test("records are exported as they are in the log, the oldest first", async () => {
  using sandbox = new Sandbox();
  const records = await recordedSession();
  writeRecords(sandbox, records);
  const { code, stdout } = await runCli(sandbox, `export ${SESSION} --json`);
  expect(code).toBe(0);
  const lines = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as EventRecord);
  expect(lines).toEqual(records.filter(({ session_id: id }) => id === SESSION));
});

test.each([
  ["", "export needs one of --html FILE and --json"],
  ["--html a --json", "export needs one of --html FILE and --json"],
  ["--json --without prompts", "--without needs --html"],
  ["--html a --without prompt", "did you mean prompts?"],
])("export %s is a mistake: %s", async (options, message) => {
  using sandbox = new Sandbox();
  const { code, stderr } = await runCli(sandbox, `export ${options}`);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});

test("a file that is there is not replaced", async () => {
  using sandbox = new Sandbox();
  writeRecords(sandbox, await recordedSession());
  const file = `${sandbox.root}/mine.html`;
  writeFileSync(file, "mine");
  const { code, stderr } = await runCli(sandbox, `export --html ${file}`);
  expect(code).toBe(1);
  expect(stderr).toContain("already exists");
  expect(readFileSync(file, "utf8")).toBe("mine");
  expect(existsSync(`${sandbox.root}/page.html`)).toBeFalse();
});

describe("what is left out is not on the page:", () => {
  const words = { prompts: "PROMPTWORD", parameters: "PARAMETERWORD", responses: "RESPONSEWORD" };
  test.each(Object.keys(words) as (keyof typeof words)[])("%s", async (part) => {
    using sandbox = new Sandbox();
    const call = { prompt_id: "p1", tool_use_id: "t1", tool_input: { command: words.parameters } };
    writeRecords(
      sandbox,
      await recordsFrom([
        ["SessionStart", {}],
        ["UserPromptSubmit", { prompt: words.prompts, prompt_id: "p1" }],
        ["variants/PreToolUse.Bash", call],
        ["variants/PostToolUse.Bash", { ...call, tool_response: { stdout: words.responses } }],
        ["Stop", { prompt_id: "p1", last_assistant_message: words.responses }],
      ]),
    );
    const page = readFileSync(await exported(sandbox, `--without ${part}`), "utf8");
    for (const [name, word] of Object.entries(words))
      expect([name, page.includes(word)]).toEqual([name, name !== part]);
    expect(page).toContain(`Left out: ${part}.`);
  });
});

test.skipIf(whyNoBrowser !== undefined)(
  "in a browser it opens from the disk, asks for nothing, and no text of it is more than text",
  async () => {
    using sandbox = new Sandbox();
    const records = (await recordedSession()).map(
      (record) =>
        JSON.parse(
          JSON.stringify(record, (key, value: unknown) =>
            typeof value === "string" &&
            [
              "prompt",
              "command",
              "stdout",
              "description",
              "last_assistant_message",
              "agent_type",
            ].includes(key)
              ? `${value} ${EVIL}`
              : value,
          ),
        ) as EventRecord,
    );
    writeRecords(sandbox, records);
    const file = await exported(sandbox);
    const browser = await startBrowser();
    try {
      const page = await browser.newPage();
      const [asked, problems] = [[] as string[], [] as string[]];
      page.on("request", (request) => void asked.push(request.url()));
      page.on("console", (message) => void problems.push(message.text()));
      page.on("pageerror", (error) => void problems.push(String(error)));
      await page.goto(`file://${file}`);
      await page.evaluate(
        "document.querySelectorAll('details').forEach((one) => (one.open = true))",
      );
      expect(asked).toEqual([`file://${file}`]);
      expect(problems).toEqual([]);
      expect(await page.title()).toContain("Fix the test in cart.ts");
      expect(await page.locator("img, script, iframe, a, form").count()).toBe(0);
      const text = await page.locator("main").innerText();
      expect(text).toContain("onerror=");
      expect(text).toContain("&lt;");
      expect(await page.locator("section").count()).toBeGreaterThan(2);
      // On a narrow screen nothing is wider than it.
      await page.setViewportSize({ width: 390, height: 844 });
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(390);
    } finally {
      await browser.close();
    }
  },
);
