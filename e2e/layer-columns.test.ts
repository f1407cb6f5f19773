/** Settings of single layers in the table of runs: those that differ are columns, any other is one when it is asked for. In Chromium. */
import { join } from "node:path";
import { openTracker } from "@atelier/tracker";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Atelier, openAtelier } from "./atelier.ts";
import { expectAccessible, findChromium, newPage, openChromium } from "./chromium.ts";

const reason = findChromium() === undefined ? "there is no Chromium" : undefined;

describe.skipIf(reason !== undefined)(`settings of layers${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let atelier: Atelier;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    atelier = await openAtelier();
    {
      await using tracker = await openTracker({ folder: join(atelier.folder, ".atelier") });
      for (const filters of [64, 128, 32]) {
        const dense = Array.from({ length: 300 }, () => ({ type: "dense", units: 8 }));
        const config = { layers: [...dense.slice(0, 2), { type: "conv2d", filters }, ...dense] };
        const options = { project: "nets", name: `of ${filters}`, captureConsole: false, systemEveryMs: 0 };
        await using run = await tracker.startRun({ ...options, config });
        run.log({ val_loss: 1 / filters });
      }
    }
    const { url } = await atelier.serve("ui");
    browser = await openChromium();
    page = await newPage(browser);
    await page.goto(`${url}/projects/local/nets?view=table`);
  });

  afterAll(async () => {
    await browser?.close();
    await atelier?.[Symbol.asyncDispose]();
  });

  const names = () => page.locator(".runs-table tbody .name a").allTextContents();

  test("that differ are columns that say what layer it is, to sort and filter by", async () => {
    const heading = page.getByRole("button", { name: /^layers\.2\.filters conv2d$/ });
    await heading.click();
    await expect.poll(names).toEqual(["of 128", "of 64", "of 32"]);
    await page.getByLabel("Filter runs").fill("config.layers.2.filters < 100");
    await page.keyboard.press("Enter");
    await expect.poll(names).toEqual(["of 64", "of 32"]);
    expect(await page.getByRole("columnheader").count()).toBeLessThan(8); // of 304 settings one differs
    await expectAccessible(page);
  });

  test("that are the same are columns when they are asked for", async () => {
    await page.getByText("Columns", { exact: true }).click();
    await page.getByLabel("Find a column").fill("layers.7.units");
    await page.getByRole("checkbox", { name: "config.layers.7.units" }).check();
    await page.getByRole("columnheader", { name: "layers.7.units" }).waitFor();
  });
});
