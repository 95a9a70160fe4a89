// What the dashboard says after the fact: files, time, calls in circles, two sessions side by side, what is new since
// the person last looked; and how it is gone through and hidden.
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Browser, Page } from "playwright-core";
import { sampleSessions } from "../../scripts/demo/sample-sessions";
import { startBrowser, whyNoBrowser } from "../../scripts/harness/chromium";
import { Dashboard } from "../../scripts/harness/dashboard";
import { runProgram } from "../../scripts/harness/run-program";
import { Sandbox } from "../../scripts/harness/sandbox";
import { goTo, lookAt, openPage } from "../support/browser";
import { until } from "../support/until";
import { writeRecords } from "../support/written-log";

setDefaultTimeout(60_000);
if (whyNoBrowser !== undefined) console.log(`skipped: ${whyNoBrowser}`);
const sample = await sampleSessions(Date.now());
const sessionAbout = (text: string) =>
  sample.find(({ payload }) => JSON.stringify(payload).includes(text))?.session_id ?? "";
const cart = sessionAbout("cart test");
const invoice = sessionAbout("invoice page load");
const api = sessionAbout("health check");

describe.skipIf(whyNoBrowser !== undefined)("after the fact", () => {
  const sandbox = new Sandbox();
  let browser: Browser;
  let dashboard: Dashboard;
  beforeAll(async () => {
    writeRecords(sandbox, sample);
    [browser, dashboard] = await Promise.all([startBrowser(), Dashboard.start(sandbox)]);
  });
  afterAll(async () => {
    await browser.close();
    await dashboard[Symbol.asyncDispose]();
    sandbox[Symbol.dispose]();
  });

  const on = (view: string, look: (page: Page) => Promise<void>) =>
    lookAt(browser, dashboard, view, look);

  test("Files: who changed what, over all sessions, and from there to the call", () =>
    on("files", async (page) => {
      const lines = page.locator(".file-line");
      await lines.first().waitFor();
      await page.getByRole("searchbox", { name: "Part of the path" }).fill("src/cart.ts");
      await page.waitForURL(/name=src%2Fcart.ts/);
      await until(async () => (await lines.count()) === 1);
      expect(await lines.first().textContent()).toContain("2 ✎");
      await lines.first().click();
      await page.locator(".file-line.user", { hasText: "The cart test fails" }).waitFor();
      await page.keyboard.press("Home");
      await page.keyboard.press("j");
      await page.keyboard.press("Enter");
      await page.waitForURL(/#\/session\/.+tab=files/);
      await page.getByRole("button", { name: /^Edit / }).click();
      await page.waitForURL(/sel=call-/);
      await page
        .getByRole("complementary", { name: "Event" })
        .getByRole("heading", { name: "Edit" })
        .waitFor();
    }));

  test("Files: read files on request, and a word where there is none", () =>
    on("files", async (page) => {
      const lines = page.locator(".file-line");
      await lines.first().waitFor();
      const changed = await lines.count();
      await page.getByLabel("changed only").uncheck();
      await until(async () => (await lines.count()) > changed);
      await page.getByRole("searchbox", { name: "Part of the path" }).fill("no such file");
      await page.getByRole("heading", { name: "No tool touched such a file" }).waitFor();
    }));

  test("a file that two sessions work on is shown on Now and in both", () =>
    on("now", async (page) => {
      const part = page.getByRole("region", { name: "The same file in two sessions" });
      await part.getByText("/home/you/shop/src/cart.ts").waitFor();
      expect(await part.getByRole("link").allTextContents()).toEqual([
        "Make the invoice page load faster",
        "The cart test fails on CI, but not here. Find out why and fix it.",
      ]);
      await goTo(page, `session/${invoice}`);
      await page.getByLabel("Hints").getByText("src/cart.ts").waitFor();
      await goTo(page, `session/${cart}?tab=files`);
      await page.getByText("in use by another session").waitFor();
    }));

  test("calls in circles are pointed at, one after the other", () =>
    on(`session/${api}`, async (page) => {
      const hint = page.getByRole("button", { name: /Bash failed 3 times in a row/ });
      for (const id of ["d4", "d5", "d6", "d4"]) {
        await hint.click();
        await page.waitForURL(new RegExp(`sel=call-${id}`));
      }
    }));

  test("a call that takes far longer than its tool does is pointed at", () =>
    on("now", async (page) => {
      await page.getByText(/Bash usually takes up to/).waitFor();
    }));

  test("Time: what took it, with the wait that goes on", () =>
    on(`session/${cart}?tab=time`, async (page) => {
      const text = await page.getByRole("region", { name: "Where the time went" }).textContent();
      await page.getByRole("button", { name: /^Bash git push --force-with-lease/ }).click();
      await page.waitForURL(/sel=call-e8/);
      expect(text).toMatch(
        /of work: model \d+ s \(\d+ %\), tools \d+ s \(\d+ %\), waiting for you \d+ min/,
      );
    }));

  test("Search: in any case, as you type, and from there to the call", () =>
    on("search", async (page) => {
      await page.getByRole("heading", { name: /^Search prompts/ }).waitFor();
      await page.keyboard.type("FORCE-with-lease");
      await page.waitForURL(/filter=FORCE-with-lease/);
      const hits = page.locator(".hit");
      await page.getByText("2 found").waitFor();
      expect(await page.locator("mark").allTextContents()).toEqual([
        "force-with-lease",
        "force-with-lease",
      ]);
      await page.getByLabel("ignore case").uncheck();
      await page.getByRole("heading", { name: "Nothing found" }).waitFor();
      await page.getByLabel("ignore case").check();
      await hits.first().waitFor();
      await page.keyboard.press("j");
      await page.keyboard.press("j");
      const panel = page.getByRole("complementary", { name: "Event" });
      await panel.getByText("git push --force-with-lease origin fix-cart").first().waitFor();
      await page.keyboard.press("Enter");
      await page.waitForURL(/#\/session\/.+sel=call-e8/);
      await panel.getByRole("heading", { name: "Bash" }).waitFor();
    }));

  test("Search: no letter is lost on a slow machine", () =>
    on("search", async (page) => {
      await page.getByRole("heading", { name: /^Search prompts/ }).waitFor();
      const client = await page.context().newCDPSession(page);
      await client.send("Emulation.setCPUThrottlingRate", { rate: 20 });
      // A pause as long as the page waits before it searches.
      await page.keyboard.type("force-with-lease", { delay: 125 });
      expect(await page.getByRole("searchbox").inputValue()).toBe("force-with-lease");
    }));

  test("Search: says what is not said of events, and that a call is one", () =>
    on("search?filter=state:ended", async (page) => {
      await page.getByText("state: filters sessions, not events").waitFor();
      await goTo(page, "search?filter=start.de.md");
      await page.getByText("2 found").waitFor();
      await goTo(page, "search?filter=start.(de|fr).md");
      await page.getByRole("heading", { name: "Nothing found" }).waitFor();
      await page.getByLabel("regular expression").check();
      await page.getByText("2 found").waitFor();
      await goTo(page, "search?regex=yes&filter=start.(de");
      await page.locator(".problem").waitFor();
    }));

  test("Statistics: by anything, of any time, and from a row to its events", () =>
    on("statistics", async (page) => {
      const numbers = page.getByRole("region", { name: "Numbers" });
      await numbers.getByText(/You kept agents waiting for/).waitFor();
      expect(await numbers.getByText("before: ").count()).toBeGreaterThan(5);
      await page.getByRole("combobox", { name: "By" }).selectOption("project");
      await page.waitForURL(/by=project/);
      const rows = numbers.locator("tbody").first().locator("tr");
      await numbers.getByRole("columnheader", { name: "project" }).waitFor();
      const projects = new Set(sample.map(({ project }) => project));
      await until(async () => (await rows.count()) === projects.size);
      await page.getByRole("button", { name: "today" }).click();
      await page.waitForURL(/since%3Atoday/);
      await numbers
        .getByText(/(You kept agents waiting for|Nothing waited for you).* today/)
        .waitFor();
      await page.getByRole("button", { name: "all", exact: true }).click();
      await until(async () => (await numbers.getByText("before: ").count()) === 0);
      const events = sample.length.toLocaleString("en");
      await numbers.locator(".figures").getByText(events, { exact: true }).waitFor();
      await page.reload();
      await numbers.locator(".figures").getByText(events, { exact: true }).waitFor();
      const hours = numbers.locator(".heatmap tbody td .hidden");
      const byHour = (await hours.allTextContents()).map(Number);
      expect([byHour.length, byHour.reduce((sum, count) => sum + count)]).toEqual([
        7 * 24,
        sample.length,
      ]);
      await page.getByRole("combobox", { name: "By" }).selectOption("tool");
      await numbers.getByRole("link", { name: "WebFetch" }).click();
      await page.waitForURL(/#\/events\?filter=tool%3AWebFetch/);
    }));

  test("Statistics: nothing that matches, and the way out", () =>
    on("statistics?filter=project%3Anothing", async (page) => {
      await page.getByRole("heading", { name: "No events match" }).waitFor();
      await page.getByRole("button", { name: "Count all events" }).click();
      await page.getByRole("region", { name: "Numbers" }).waitFor();
    }));

  test("Compare: chosen from the project's sessions, side by side", () =>
    on(`session/${cart}`, async (page) => {
      await page.getByRole("link", { name: "Compare with …" }).click();
      await page.getByRole("link", { name: /Make the invoice page/ }).click();
      await page.waitForURL(new RegExp(`with=${invoice}`));
      const rows = page.locator(".compare tr");
      await rows.first().waitFor();
      const row = async (name: string) =>
        await rows
          .filter({ has: page.getByRole("rowheader", { name, exact: true }) })
          .locator("td")
          .allTextContents();
      expect(await row("tool calls")).toEqual(["8", "4"]);
      expect(await row("failed")).toEqual(["1", "–"]);
      expect(await row("src/cart.ts")).toEqual(["changed 1", "changed 1"]);
      expect((await row("Bash"))[0]).toContain("3, 1 failed");
    }));

  test("failures and prompts by key", () =>
    on(`session/${api}`, async (page) => {
      await page.getByRole("treeitem").first().waitFor();
      for (const [key, selected] of [
        ["f", "call-d4"],
        ["f", "call-d5"],
        ["F", "call-d4"],
        ["[", "turn-"],
      ] as const) {
        await page.keyboard.press(key);
        await page.waitForURL(new RegExp(`sel=${selected}`));
      }
    }));

  test("the palette finds sessions, projects, views and actions", () =>
    on("now", async (page) => {
      await page.getByRole("heading", { name: /needs? you/ }).waitFor();
      const type = async (text: string) => {
        await page.keyboard.press("Control+k");
        const box = page.getByRole("combobox", { name: "Go to" });
        await box.fill(text);
        await page.locator(".palette [role=option]").first().waitFor();
        await box.press("Enter");
        await box.waitFor({ state: "detached" });
      };
      await type("invoice faster");
      await page.waitForURL(new RegExp(`session/${invoice}`));
      await type("project game");
      await page.waitForURL(/filter=project%3Agame/);
      await type("view health");
      await page.waitForURL(/#\/health/);
      await type("hide texts");
      await page.locator("html.texts-hidden").waitFor();
      // The keys of the page rest while it is open.
      await page.keyboard.press("Control+k");
      await page.getByRole("combobox").press("x");
      await page.keyboard.press("Escape");
      expect(await page.locator("html.texts-hidden").count()).toBe(1);
    }));

  test("hidden texts cannot be read in any view, and stay hidden after a reload", () =>
    on("now", async (page) => {
      await page.getByRole("heading", { name: /needs? you/ }).waitFor();
      await page.keyboard.press("x");
      const views = [
        "now",
        "sessions",
        "events",
        "search?filter=cart",
        "files",
        "statistics",
        `session/${cart}?sel=call-e8`,
        `session/${cart}?tab=files`,
        `session/${cart}?tab=time`,
        `compare/${cart}?with=${invoice}`,
      ];
      for (const view of views) {
        await goTo(page, view);
        await page.waitForTimeout(700);
        expect({ view, visible: await page.evaluate(VISIBLE_SECRETS) }).toEqual({
          view,
          visible: [],
        });
      }
      await page.reload();
      await page.locator("html.texts-hidden").waitFor();
      await page.getByRole("button", { name: /Texts are hidden/ }).click();
      expect(await page.locator("html.texts-hidden").count()).toBe(0);
    }));
});

// Every element with a text of its own that says what a session is about, and is drawn in a color.
const VISIBLE_SECRETS = `(() => {
  const telling = /cart|invoice|changelog|force-with-lease|collision|build cache|index\\.ts|grid\\.rs/i;
  const visible = [];
  for (const one of document.querySelectorAll("body *")) {
    const own = Array.from(one.childNodes).filter((node) => node.nodeType === 3).map((node) => node.data).join("");
    const tip = one.getAttribute("title") ?? "";
    if (telling.test(tip)) visible.push("title: " + tip);
    if (!telling.test(own) || one.getClientRects().length === 0) continue;
    if (!/, 0\\)$/.test(getComputedStyle(one).color)) visible.push(one.className + ": " + own.slice(0, 60));
  }
  return visible;
})()`;

describe.skipIf(whyNoBrowser !== undefined)("since the person last looked", () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await startBrowser()));
  afterAll(() => browser.close());

  test("what is new is counted in the lists, and marked in the story", async () => {
    using sandbox = new Sandbox();
    writeRecords(sandbox, sample);
    await using dashboard = await Dashboard.start(sandbox);
    const { page, problems, close } = await openPage(browser, dashboard, `session/${invoice}`);
    await page.getByRole("treeitem").first().waitFor();
    expect(await page.locator(".new-mark").count()).toBe(0);
    await goTo(page, "now");
    await page.locator(".part.works").waitFor();
    const say = (text: string) =>
      runProgram("session-event", sandbox, {
        session_id: invoice,
        hook_event_name: "Notification",
        message: text,
        cwd: "/home/you/shop",
      });
    await say("First news");
    await say("Second news");
    await page.locator(".unseen", { hasText: "2 new" }).waitFor();
    await goTo(page, "sessions");
    await page.locator(".unseen", { hasText: "2 new" }).waitFor();
    await goTo(page, `session/${invoice}`);
    const first = page.locator(".first-new");
    await first.getByText("new since you last looked").waitFor();
    expect(await first.textContent()).toContain("First news");
    await goTo(page, "now");
    await page.locator(".part").first().waitFor();
    expect(await page.locator(".unseen").count()).toBe(0);
    expect(problems).toEqual([]);
    await close();
  });

  test("a question is told by a notification only if that was chosen", async () => {
    using sandbox = new Sandbox();
    writeRecords(sandbox, sample);
    await using dashboard = await Dashboard.start(sandbox);
    const { page, close } = await openPage(browser, dashboard, "now", {
      permissions: ["notifications"],
    });
    // What a notification says cannot be seen from here, so it is caught where it is made.
    await page.evaluate(`
      globalThis.told = [];
      globalThis.Notification = class extends EventTarget {
        static permission = "granted";
        static requestPermission = async () => "granted";
        constructor(title, options) { super(); globalThis.told.push(title + ": " + options.body); }
        close() {}
      }`);
    const ask = (id: string) =>
      runProgram("session-event", sandbox, {
        session_id: invoice,
        hook_event_name: "PermissionRequest",
        tool_name: "Bash",
        tool_input: { command: `deploy ${id}` },
        cwd: "/home/you/shop",
      });
    await page.getByRole("heading", { name: "2 sessions need you" }).waitFor();
    await ask("one");
    await page.getByRole("heading", { name: "3 sessions need you" }).waitFor();
    expect(await page.evaluate("told")).toEqual([]);
    await page.getByRole("button", { name: "Notify me" }).click();
    await page.getByRole("button", { name: "Notifications are on" }).waitFor();
    await runProgram("session-event", sandbox, {
      session_id: invoice,
      hook_event_name: "UserPromptSubmit",
      prompt: "Go on",
      cwd: "/home/you/shop",
    });
    await page.getByRole("heading", { name: "2 sessions need you" }).waitFor();
    await ask("two");
    await until(async () => ((await page.evaluate("told.length")) as number) > 0);
    expect(await page.evaluate("told")).toEqual([
      expect.stringMatching(/^shop needs you: Make the invoice page load faster\n/),
    ]);
    await close();
  });
});
