// The dashboard's page in Chromium: each view, what arrives while it is open, the keyboard, what is linked, and texts
// that try to be more than texts.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { sampleSessions } from "../../scripts/demo/sample-sessions";
import { startBrowser, whyNoBrowser } from "../../scripts/harness/chromium";
import { Dashboard } from "../../scripts/harness/dashboard";
import { runCli, runProgram } from "../../scripts/harness/run-program";
import { Sandbox } from "../../scripts/harness/sandbox";
import { goTo, lookAt, openPage, type OpenPage } from "../support/browser";
import { recordedSession, recordsFrom, SESSION } from "../support/recorded-session";
import { answerLine, promptLine } from "../support/transcript-lines";
import { until } from "../support/until";
import { writeRecords } from "../support/written-log";

setDefaultTimeout(60_000);
if (whyNoBrowser !== undefined) console.log(`skipped: ${whyNoBrowser}`);
const records = await recordedSession();
// With the id that a transcript has, too.
const sample = (await sampleSessions(Date.now())).map((record) =>
  record.event === "UserPromptSubmit"
    ? Object.assign({}, record, { prompt_id: `prompt-${record.id}` })
    : record,
);
const sampleId =
  sample.find(({ payload }) => JSON.stringify(payload).includes("cart test"))?.session_id ?? "";
const otherId =
  sample.find(({ payload }) => JSON.stringify(payload).includes("health check"))?.session_id ?? "";

/** Transcripts of a session and its subagents: each prompt's and agent's own answer, at a dollar a million. */
function writeTranscripts({ home }: Sandbox): void {
  const folder = `${home}/.claude/projects/-shop`;
  const own = sample.filter(({ session_id }) => session_id === sampleId);
  const ids = (key: "prompt_id" | "agent_id") =>
    new Set(own.flatMap((record) => record[key] ?? []));
  const write = (path: string, lines: readonly object[]) =>
    writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  const used = { sessionId: sampleId, model: "claude-haiku-4-5", usage: { input_tokens: 2e6 } };
  mkdirSync(`${folder}/${sampleId}/subagents`, { recursive: true });
  const lines = Array.from(ids("prompt_id"), (id) => [promptLine(id), answerLine({ ...used, id })]);
  write(`${folder}/${sampleId}.jsonl`, lines.flat());
  for (const id of ids("agent_id"))
    write(`${folder}/${sampleId}/subagents/agent-${id}.jsonl`, [
      answerLine({ ...used, id, usage: { input_tokens: 3e6 }, more: { isSidechain: true } }),
    ]);
}

describe.skipIf(whyNoBrowser !== undefined)("the page", () => {
  const sandbox = new Sandbox();
  let browser: Browser;
  let dashboard: Dashboard;
  beforeAll(async () => {
    writeRecords(sandbox, sample);
    writeTranscripts(sandbox);
    [browser, dashboard] = await Promise.all([startBrowser(), Dashboard.start(sandbox)]);
  });
  afterAll(async () => {
    await browser.close();
    await dashboard[Symbol.asyncDispose]();
    sandbox[Symbol.dispose]();
  });

  const on = (view: string, look: (page: Page) => Promise<void>) =>
    lookAt(browser, dashboard, view, look);

  test("takes the token out of its address", () =>
    on("", async (page) => {
      await page.getByRole("heading", { name: "2 sessions need you" }).waitFor();
      expect(page.url()).not.toContain(dashboard.token);
      expect(await page.evaluate("document.cookie")).toBe("");
      await page.reload();
      await page.locator("[data-connection=live]").waitFor();
    }));

  test("Now: what asks comes first, then what is done, at work, and ended", () =>
    on("now", async (page) => {
      await page.getByRole("heading", { name: "2 sessions need you" }).waitFor();
      expect(await page.locator(".part h2").allTextContents()).toEqual([
        "2 sessions need you",
        "The same file in two sessions",
        "Done, your turn",
        "At work",
        "Ended",
      ]);
      const [first] = await page.locator(".part.asks .card").allTextContents();
      expect(first).toContain("git push --force-with-lease");
      expect(await page.locator(".part.works").textContent()).toContain("cargo test --release");
      expect(await page.title()).toBe("(2) Claude sessions");
      await page.keyboard.press("j");
      await page.keyboard.press("j");
      await page.keyboard.press("k");
      await page.keyboard.press("Enter");
      await page.waitForURL(new RegExp(`#/session/${sampleId}`));
    }));

  test("Session: what it, its prompts and its subagents cost, once transcripts say so", () =>
    on(`session/${sampleId}`, async (page) => {
      await page.getByText(/\$\d+\.\d\d, \d+(?:\.\d)?M tokens/).waitFor();
      expect(await page.locator(".tree-line.turn").first().textContent()).toContain("$2.00");
      expect(await page.locator(".tree-line.agent").first().textContent()).toContain("$3.00");
      expect(await page.locator(".tree-line.tool").first().textContent()).not.toContain("$");
    }));

  test("Statistics: what sessions cost, read when it is asked for, as stats says", () =>
    on("statistics", async (page) => {
      const costs = page.getByRole("region", { name: "Cost" });
      const row = (name: string) =>
        costs.locator("tr").filter({ has: page.getByRole("rowheader", { name, exact: true }) });
      const { stdout } = await runCli(sandbox, "stats --by project --cost --json");
      const { rows, total } = JSON.parse(stdout) as {
        rows: { name: string; cost_usd: number }[];
        total: { cost_usd: number };
      };
      await costs.getByRole("button", { name: "by project" }).click();
      await row("shop").waitFor();
      expect(rows.map(({ name }) => name)).toEqual(["shop"]);
      expect(await row("shop").textContent()).toContain(`$${rows[0]?.cost_usd.toFixed(2)}`);
      await costs.getByRole("button", { name: "by agent" }).click();
      await row("main").waitFor();
      expect(await row("all").textContent()).toContain(`$${total.cost_usd.toFixed(2)}`);
      await page.getByRole("searchbox").fill("project:docs");
      await costs.getByText("No transcripts for this period.").waitFor();
    }));

  test("Sessions: filtered as you type, by the sidebar, grouped and sorted; all of it in the address", () =>
    on("sessions", async (page) => {
      const rows = page.locator(".session-line:not(.columns)");
      await rows.first().waitFor();
      await page.getByRole("searchbox").fill("project:game state:active");
      await page.waitForURL(/filter=project/);
      await page.getByText("1 of").waitFor();
      expect(await rows.allTextContents()).toEqual([expect.stringContaining("collision grid")]);
      await page.reload();
      await page.getByText("1 of").waitFor();
      // The words of the facets can be typed, too.
      await page.getByRole("searchbox").fill('state:"needs you"');
      await page.getByText("2 of").waitFor();
      await page.getByRole("searchbox").fill("");
      await page.getByLabel("Group").selectOption("state");
      await page.getByLabel("Sort").selectOption("most failures");
      const firstGroup = page.locator(".row.group strong").first();
      await until(async () => (await firstGroup.textContent()) === "needs you");
      await page.locator(".facet", { hasText: "docs" }).click();
      await page.waitForURL(/filter=project%3Adocs/);
      for (const text of await rows.allTextContents()) expect(text).toContain("docs");
      await page.getByLabel("Group").selectOption("project");
      expect(await page.locator(".row.group strong").allTextContents()).toEqual(["docs"]);
      await page.locator(".facet", { hasText: "docs" }).click({ modifiers: ["Alt"] });
      await page.waitForURL(/-project%3Adocs/);
    }));

  test("Session: the story, its subagent under its call, and one event whole", () =>
    on(`session/${sampleId}`, async (page) => {
      await page.getByRole("heading", { name: /cart test fails/ }).waitFor();
      const tree = page.getByRole("treeitem");
      const texts = await tree.allTextContents();
      const at = (text: string) => texts.findIndex((one) => one.includes(text));
      expect(at("Explore 2 steps")).toBeGreaterThan(at("Agent"));
      expect(at("✗ Bash")).toBeGreaterThan(0);
      expect(await tree.nth(at("new Date")).getAttribute("aria-level")).toBe("4");
      await tree.nth(at("Edit")).click();
      await page.waitForURL(/sel=call-/);
      const panel = page.getByRole("complementary", { name: "Event" });
      await panel.locator(".diff .added", { hasText: "return day.getUTCDate();" }).waitFor();
      expect(await panel.locator(".diff .removed").textContent()).toContain(
        "- return day.getDate();",
      );
      await page.reload();
      await panel.locator(".diff .added", { hasText: "return day.getUTCDate();" }).waitFor();
      await page.keyboard.press("Escape");
      await panel.waitFor({ state: "detached" });
      await page.locator(".lanes canvas").click({ position: { x: 600, y: 48 } });
      await panel.waitFor();
    }));

  test("Session: played back, each moment is shown as it was", () =>
    on(`session/${sampleId}`, async (page) => {
      const lines = page.locator(".tree-line");
      const counts = page.locator(".session-head p").first();
      await lines.first().waitFor();
      const [all, allCounts] = [await lines.count(), await counts.textContent()];
      const shown = page.locator(".player .number");
      expect(await shown.textContent()).toMatch(/ (\d+) of \1$/);
      // Backward by event, to the beginning.
      await page.keyboard.press(",");
      await page.keyboard.press(",");
      await page.keyboard.press(",");
      await until(async () => (await lines.count()) < all);
      expect(page.url()).toContain("at=");
      const slider = page.getByRole("slider", { name: "Moment" });
      await slider.fill((await slider.getAttribute("min")) ?? "");
      await until(async () => (await lines.count()) <= 1);
      expect(await counts.textContent()).toContain("0 prompts, 0 tool calls");
      // What the address says is there again.
      const moment = await shown.textContent();
      await page.reload();
      await until(async () => (await shown.textContent()) === moment);
      expect(await lines.count()).toBeLessThanOrEqual(1);
      await page.keyboard.press(".");
      await page.keyboard.press(".");
      await until(async () => /(\d+) prompt/.exec((await counts.textContent()) ?? "")?.[1] === "1");
      // To the end, with what is empty cut short.
      await page.getByLabel("Speed").selectOption("64");
      await page.keyboard.press(" ");
      await until(async () => (await lines.count()) === all);
      await page.getByRole("button", { name: "Play" }).waitFor();
      await page.getByRole("button", { name: "All" }).click();
      expect(await counts.textContent()).toBe(allCounts ?? "");
      expect(page.url()).not.toContain("at=");
    }));

  test("Session: a turn closes and opens by the keyboard", () =>
    on(`session/${sampleId}`, async (page) => {
      const tree = page.getByRole("treeitem");
      await tree.first().waitFor();
      const before = await tree.count();
      await page.keyboard.press("j");
      await page.keyboard.press("j");
      await page.keyboard.press("ArrowLeft");
      await until(() =>
        page.evaluate<boolean>(`document.querySelectorAll("[role=treeitem]").length < ${before}`),
      );
      expect(await tree.nth(1).getAttribute("aria-expanded")).toBe("false");
      await page.keyboard.press("ArrowRight");
      await until(() =>
        page.evaluate<boolean>(`document.querySelectorAll("[role=treeitem]").length === ${before}`),
      );
    }));

  test("Events: filter, pause, and the panel of one", () =>
    on("events", async (page) => {
      const rows = page.locator(".event-line");
      await rows.first().waitFor();
      await page.getByRole("searchbox").fill("failed tool:Bash");
      await until(() =>
        page.evaluate<boolean>(
          `Array.from(document.querySelectorAll(".event-line .name")).every((one) => one.textContent.includes("PostToolUseFailure"))`,
        ),
      );
      await rows.first().click();
      await page
        .getByRole("complementary", { name: "Event" })
        .getByRole("heading", { name: "Error" })
        .waitFor();
    }));

  test("Health: findings, delivery, and what belongs together", () =>
    on("health", async (page) => {
      await page.getByText("The hooks are not registered").waitFor();
      await page.getByRole("heading", { name: "Which events belong together" }).waitFor();
      expect(await page.locator("tbody tr").count()).toBeGreaterThanOrEqual(5);
    }));

  test("the keyboard goes everywhere, and says so", () =>
    on("now", async (page) => {
      await page.getByRole("heading", { name: /needs? you/ }).waitFor();
      await page.keyboard.press("?");
      await page.getByRole("dialog", { name: "Keys" }).waitFor();
      await page.keyboard.press("Escape");
      for (const [key, view] of [
        ["s", "sessions"],
        ["e", "events"],
        ["/", "search"],
        ["f", "files"],
        ["t", "statistics"],
        ["h", "health"],
        ["n", "now"],
        ["s", "sessions"],
      ] as const) {
        await page.keyboard.press("g");
        await page.keyboard.press(key);
        await page.waitForURL(new RegExp(`#/${view}`));
        // There, one types at once.
        if (view !== "search") continue;
        await page.locator(".search input:focus").waitFor();
        await page.keyboard.press("Escape");
      }
      await page.locator(".session-line:not(.columns)").first().waitFor();
      await page.keyboard.press("/");
      await page.keyboard.type("project:game");
      await page.waitForURL(/filter=project%3Agame/);
      await page.keyboard.press("Escape");
      expect(await page.getByRole("searchbox").inputValue()).toBe("project:game");
      await page.keyboard.press("j");
      await page.keyboard.press("j");
      await page.keyboard.press("Enter");
      await page.waitForURL(/#\/session\//);
      await page.goBack();
      await page.waitForURL(/#\/sessions\?filter=project%3Agame/);
    }));

  test.each([
    "now",
    "sessions",
    `session/${sampleId}?sel=call-e7`,
    `session/${sampleId}?tab=files`,
    `session/${sampleId}?tab=time`,
    `compare/${sampleId}`,
    `compare/${sampleId}?with=${otherId}`,
    "events",
    "search?filter=cart",
    "files",
    "statistics",
    "statistics?by=project",
    "health",
  ])("%s has nothing that axe objects to, light and dark, wide and narrow", async (view) => {
    const axe = readFileSync(Bun.resolveSync("axe-core/axe.min.js", import.meta.dir), "utf8");
    for (const [colorScheme, width] of [
      ["light", 1440],
      ["dark", 1440],
      ["light", 390],
    ] as const) {
      // The tool is put in from outside: the page itself lets no script in.
      const opened = await openPage(browser, dashboard, view, {
        colorScheme,
        viewport: { width, height: 900 },
        bypassCSP: true,
      });
      await opened.page.waitForTimeout(view === "health" ? 2500 : 500);
      await opened.page.evaluate(axe);
      const found = await opened.page.evaluate(
        `axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes[0].html.slice(0, 200)))`,
      );
      await opened.close();
      expect({ colorScheme, width, found }).toEqual({ colorScheme, width, found: [] });
    }
  });
});

describe.skipIf(whyNoBrowser !== undefined)("while the page is open", () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await startBrowser()));
  afterAll(() => browser.close());

  async function withPage(
    view: string,
    run: (sandbox: Sandbox, dashboard: Dashboard, opened: OpenPage) => Promise<void>,
    start = records,
  ): Promise<void> {
    using sandbox = new Sandbox();
    writeRecords(sandbox, start);
    await using dashboard = await Dashboard.start(sandbox);
    const opened = await openPage(browser, dashboard, view);
    await run(sandbox, dashboard, opened);
    await opened.close();
  }

  test("a hook's event is on the screen within a second", () =>
    withPage("now", async (sandbox, _, { page, problems }) => {
      await page.locator(".part").first().waitFor();
      const event = {
        session_id: "new-1",
        hook_event_name: "UserPromptSubmit",
        prompt: "Paint the shed",
      };
      await runProgram("session-start", sandbox, {
        session_id: "new-1",
        hook_event_name: "SessionStart",
        source: "startup",
      });
      await runProgram("session-event", sandbox, event);
      await page.getByText("Paint the shed").waitFor({ timeout: 5000 });
      await runProgram("pre-tool-use", sandbox, {
        session_id: "new-1",
        hook_event_name: "PreToolUse",
        tool_name: "Bash",
        tool_use_id: "x1",
        tool_input: { command: "brush --red" },
      });
      await page.locator(".part.works", { hasText: "brush --red" }).waitFor({ timeout: 5000 });
      await runProgram("session-event", sandbox, {
        session_id: "new-1",
        hook_event_name: "PermissionRequest",
        tool_name: "Bash",
        tool_input: { command: "brush --red" },
      });
      await page.locator(".part.asks", { hasText: "Paint the shed" }).waitFor({ timeout: 5000 });
      await goTo(page, "session/new-1");
      await page.getByRole("treeitem").nth(2).waitFor();
      await runProgram("post-tool-use", sandbox, {
        session_id: "new-1",
        hook_event_name: "PostToolUse",
        tool_name: "Bash",
        tool_use_id: "x1",
        tool_input: { command: "brush --red" },
        tool_response: { stdout: "red" },
        duration_ms: 9,
      });
      await page.getByRole("treeitem", { name: /✓.*Bash/ }).waitFor({ timeout: 5000 });
      expect(problems).toEqual([]);
    }));

  test("Events pauses, counts what is new, and goes on", () =>
    withPage("events", async (sandbox, _, { page }) => {
      await page.locator(".event-line").first().waitFor();
      await page.keyboard.press("p");
      await page.getByRole("button", { name: "Resume" }).waitFor();
      await runProgram("session-event", sandbox, {
        session_id: "late",
        hook_event_name: "Stop",
        last_assistant_message: "Late news",
      });
      await page.getByRole("button", { name: "Resume (1 new)" }).waitFor({ timeout: 5000 });
      expect(await page.getByText("Late news").count()).toBe(0);
      await page.keyboard.press("p");
      await page.getByText("Late news").waitFor({ timeout: 5000 });
    }));

  test("a hidden page releases its connection, and catches up when it is shown", () =>
    withPage("now", async (sandbox, _, { page }) => {
      const setHidden = (isHidden: boolean) =>
        page.evaluate(
          `Object.defineProperty(document, "hidden", { value: ${isHidden}, configurable: true });
          document.dispatchEvent(new Event("visibilitychange", { bubbles: true }))`,
        );
      await setHidden(true);
      await page.locator("[data-connection=resting]").waitFor();
      await runProgram("session-event", sandbox, {
        session_id: "unseen",
        hook_event_name: "UserPromptSubmit",
        prompt: "Nobody looks",
      });
      await Bun.sleep(500);
      expect(await page.getByText("Nobody looks").count()).toBe(0);
      await setHidden(false);
      await page.getByText("Nobody looks").waitFor({ timeout: 5000 });
    }));

  test("it says when the dashboard ends, and goes on by itself", () =>
    withPage("now", async (sandbox, dashboard, { page }) => {
      const { port } = dashboard;
      await dashboard.close();
      await page.locator("[data-connection=lost]").waitFor();
      await using again = await Dashboard.start(sandbox, {
        args: ["--no-open", "--port", String(port)],
      });
      await page.getByText("This link no longer works").waitFor({ timeout: 10_000 });
      await page.goto(again.link);
      await page.reload();
      await page.locator("[data-connection=live]").waitFor();
    }));

  test("an empty log says what to do", () =>
    withPage(
      "now",
      async (_, __, { page }) => {
        for (const view of ["now", "sessions", "events", "search", "files", "statistics"]) {
          await goTo(page, view);
          await page.getByRole("heading", { name: "Nothing has been recorded yet" }).waitFor();
        }
        await goTo(page, "session/nothing");
        await page.getByRole("heading", { name: "no such session" }).waitFor();
      },
      [],
    ));

  test("texts stay texts in every view", async () => {
    const evil = `<img src=x onerror="globalThis.pwned=1"><script>globalThis.pwned=1</script>'"><svg onload=pwned=1>{{7*7}}\${7*7}`;
    const hostile = await recordsFrom([
      ["SessionStart", { model: evil, session_title: evil }],
      ["UserPromptSubmit", { prompt: evil }],
      [
        "variants/PreToolUse.Bash",
        { tool_name: evil, tool_use_id: "t1", tool_input: { command: evil, [evil]: evil } },
      ],
      ["variants/PermissionRequest.Write", { tool_name: evil, tool_input: { command: evil } }],
      ["SubagentStart", { agent_id: evil, agent_type: evil }],
      ["variants/PostToolUseFailure.Bash", { tool_name: evil, tool_use_id: "t1", error: evil }],
      ["Notification", { message: evil }],
      ["Stop", { last_assistant_message: evil }],
    ]);
    for (const record of hostile)
      Object.assign(record, { project: evil, user: evil, project_dir: `/${evil}` });
    await withPage(
      "now",
      async (_, __, { page, problems }) => {
        const id = SESSION;
        const views = [
          "now",
          "sessions",
          "sessions?group=project",
          "events",
          "health",
          `session/${id}`,
          `session/${id}?sel=call-t1`,
          `session/${id}?tab=files`,
          `session/${id}?tab=time`,
          `compare/${id}`,
          `compare/${id}?with=${id}`,
          "files?use=all",
          `search?filter=${encodeURIComponent("onerror")}`,
          "statistics?filter=",
          "statistics?by=model&filter=",
          `sessions?filter=${encodeURIComponent(evil)}`,
        ];
        for (const view of views) {
          await goTo(page, view);
          await page.waitForTimeout(view === "health" ? 2000 : 400);
          expect(
            await page.evaluate(
              `[globalThis.pwned, document.querySelectorAll("img, script:not([src]), svg[onload]").length]`,
            ),
          ).toEqual([undefined, 0]);
        }
        await goTo(page, `session/${id}`);
        await page.getByText("<img src=x").first().waitFor();
        expect(problems).toEqual([]);
      },
      hostile,
    );
  });
});
