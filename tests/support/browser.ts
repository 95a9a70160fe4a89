// Chromium, for tests of the dashboard's page.
import { existsSync } from "node:fs";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import type { Dashboard } from "./dashboard";

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
  (path) => existsSync(path),
);

/** Why no browser can be started here; `undefined` if one can. */
export const whyNoBrowser: string | undefined =
  CHROMIUM === undefined ? "Chromium is not installed" : undefined;

/** Starts Chromium with a new profile. It reaches nothing but this machine. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM ?? "",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ],
  });
}

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

/** Goes to a view as its links do. */
export async function goTo(page: Page, view: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(`#/${view}`)}`);
}
