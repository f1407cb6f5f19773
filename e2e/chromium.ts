/** The browser of this machine, and what a page is held to. */
import { existsSync } from "node:fs";
import axe from "axe-core";
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from "playwright-core";
import { expect } from "vitest";

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Where Chromium is; undefined where there is none. */
export function findChromium(): string | undefined {
  return places.find((path) => existsSync(path));
}

/** Opens Chromium without a window and without anything that talks to the outside. */
export function openChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: findChromium()!,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** A page in a session of its own, in which nothing moves: a colour between two others is no colour of the page. */
export async function newPage(browser: Browser, options: BrowserContextOptions = {}): Promise<Page> {
  const viewport = { width: 1280, height: 800 };
  return (await browser.newContext({ viewport, reducedMotion: "reduce", ...options })).newPage();
}

/** Expects that axe-core has no serious or critical objection to the page as it stands. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(axe.source);
  const { violations } = (await page.evaluate("axe.run(document)")) as {
    violations: readonly { id: string; impact: string; nodes: readonly { html: string }[] }[];
  };
  const found = violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes[0]!.html.slice(0, 200)}`);
  expect(found, page.url()).toEqual([]);
}

/** More presses of Tab than this, and nobody gets there. */
const mostTabs = 150;

/** Expects that pressing Tab from the top of the page leads to `place`, and leaves the focus there. */
export async function expectReachable(page: Page, place: Locator): Promise<void> {
  await place.waitFor();
  await page.evaluate("document.activeElement?.blur()");
  for (let presses = 0; presses < mostTabs; presses++) {
    await page.keyboard.press("Tab");
    if (await place.evaluate((element) => element === element.ownerDocument.activeElement)) return;
  }
  expect.fail(`${page.url()}: ${mostTabs} presses of Tab did not lead to ${place}`);
}
