/** The browser of this machine, and what a page is held to. */
import { existsSync } from "node:fs";
import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";
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
