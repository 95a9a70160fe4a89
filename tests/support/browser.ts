// The dashboard's page in Chromium, for tests.
import { expect } from "bun:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import type { Dashboard } from "../../scripts/harness/dashboard";

/** A page, and what went wrong in it. */
export interface OpenPage {
  readonly page: Page;
  /** Errors of scripts, messages in the console, and what the rules of the page forbade. */
  readonly problems: readonly string[];
  close(): Promise<void>;
}

/** Opens the dashboard by the link that it printed. */
export async function openPage(
  browser: Browser,
  dashboard: Dashboard,
  view = "",
  options: BrowserContextOptions = {},
): Promise<OpenPage> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") problems.push(message.text());
  });
  await page.addInitScript({
    content: `addEventListener("securitypolicyviolation", (event) =>
      console.error("forbidden: " + event.violatedDirective + " " + event.blockedURI));`,
  });
  await page.goto(dashboard.link);
  await page.locator("[data-connection=live]").waitFor();
  if (view !== "") await goTo(page, view);
  return { page, problems, close: () => context.close() };
}

/** Opens a view, and expects nothing wrong at the end. */
export async function lookAt(
  browser: Browser,
  dashboard: Dashboard,
  view: string,
  look: (page: Page) => Promise<void>,
): Promise<void> {
  const opened = await openPage(browser, dashboard, view);
  try {
    await look(opened.page);
    expect(opened.problems).toEqual([]);
  } finally {
    await opened.close();
  }
}

/** Goes to a view as its links do. */
export async function goTo(page: Page, view: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(`#/${view}`)}`);
}
