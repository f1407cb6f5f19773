/** A chart that is watched while a program logs: it grows by the new points, and late ones find their place. In Chromium. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type ActiveRun, openTracker, type Tracker } from "@atelier/tracker";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runProgram } from "../packages/tracker/test/processes/run-process.ts";
import { type Atelier, openAtelier } from "./atelier.ts";
import { findChromium, newPage, openChromium } from "./chromium.ts";

const reason = findChromium() === undefined ? "there is no Chromium" : undefined;

describe.skipIf(reason !== undefined)(`a live chart${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let atelier: Atelier;
  let tracker: Tracker;
  let run: ActiveRun;
  let browser: Browser;
  let page: Page;
  let seriesReadings = 0;

  beforeAll(async () => {
    atelier = await openAtelier();
    tracker = await openTracker({ folder: join(atelier.folder, ".atelier") });
    run = await tracker.startRun({ project: "live", captureConsole: false, systemEveryMs: 0 });
    const { url } = await atelier.serve("ui");
    browser = await openChromium();
    page = await newPage(browser);
    page.on("request", (request) => {
      if (request.url().endsWith("/api/series")) seriesReadings++;
    });
    await page.goto(`${url}/runs/${run.id}/charts`);
    await page.getByText("No numbers have been logged yet").waitFor();
  });

  afterAll(async () => {
    await browser?.close();
    await run?.finish();
    await tracker?.[Symbol.asyncDispose]();
    await atelier?.[Symbol.asyncDispose]();
  });

  /** Waits until the last value of the only chart is this. */
  const shows = (value: string) =>
    page.getByTitle("The last value").getByText(value, { exact: true }).waitFor();
  const drawnPoints = async (): Promise<readonly string[]> => {
    const download = page.waitForEvent("download");
    await page.getByTitle("Export loss").click();
    await page.getByRole("button", { name: /^CSV/ }).click();
    const file = await (await download).path();
    await page.keyboard.press("Escape");
    const lines = (await readFile(file, "utf8")).trim().split("\r\n").slice(1);
    return lines.map((line) => line.split(",").slice(1).join(" "));
  };

  test("appears with the first value", async () => {
    run.log({ loss: 1000 }, { step: 0 });
    await shows("1,000");
  });

  test("grows without being read again", async () => {
    run.log({ loss: 1001 }, { step: 10 });
    await shows("1,001"); // the first change reads the run as a whole
    const before = seriesReadings;
    for (let step = 11; step <= 30; step++) {
      run.log({ loss: 1000 + step }, { step });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await shows("1,030");
    expect(seriesReadings).toBe(before);
    expect(await drawnPoints()).toEqual([
      "0 1000",
      "10 1001",
      ...Array.from({ length: 20 }, (_, i) => `${11 + i} ${1011 + i}`),
    ]);
  });

  test("takes in what comes late, and what comes after it", async () => {
    run.log({ loss: 5 }, { step: 5 });
    await expect.poll(drawnPoints, { timeout: 10_000 }).toContain("5 5");
    run.log({ loss: 2000 }, { step: 31 });
    await shows("2,000");
    run.log({ loss: 2001 }, { step: 31 }); // of one step the last row counts
    await shows("2,001");
    expect((await drawnPoints()).slice(0, 3)).toEqual(["0 1000", "5 5", "10 1001"]);
    expect((await drawnPoints()).slice(-2)).toEqual(["30 1030", "31 2001"]);
  });

  test("shows a metric that was not there before", async () => {
    run.log({ loss: 2002, accuracy: 0.5 }, { step: 32 });
    await page.getByRole("heading", { name: "accuracy", exact: true }).waitFor();
    await shows("0.5");
    run.log({ loss: 2003, accuracy: 0.75 }, { step: 33 });
    await shows("0.75");
    await shows("2,003");
  });

  test("tells of a program that was killed in silence", async () => {
    const { url } = await atelier.serve("ui");
    const killed = Promise.withResolvers<void>();
    const program = runProgram("idle-run.ts", [join(atelier.folder, ".atelier")], {
      killAfterMs: killed.promise,
    });
    const state = (name: string) => page.getByRole("img", { name, exact: true });
    await page.goto(`${url}/projects/local/idle`);
    await state("running").waitFor();
    killed.resolve();
    await program;
    await state("crashed").waitFor();
  });

  test("says that a run that is looked at has been deleted", async () => {
    const { url } = await atelier.serve("ui");
    const doomed = await tracker.startRun({ project: "live", captureConsole: false, systemEveryMs: 0 });
    await page.goto(`${url}/runs/${doomed.id}/system`);
    await page.getByRole("heading", { name: doomed.name }).waitFor();
    await doomed.finish();
    await tracker.store.deleteRun(doomed.id);
    await page.getByText(`${doomed.name} has been deleted`).waitFor();
    expect(await page.getByText("running").count()).toBe(0);
    await page.getByRole("link", { name: "Other runs of live" }).click();
    await page.getByRole("link", { name: run.name }).waitFor();
  });
});
