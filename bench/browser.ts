/**
 * What a person waits for in the dashboard, in Chromium on this machine: until the frame that shows it is painted. Without a
 * browser it is left out.
 */
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { openSqliteStore, openTracker } from "@atelier/tracker";
import type { Browser, Page } from "playwright-core";
import { openAtelier } from "../e2e/atelier.ts";
import { findChromium, newPage, openChromium } from "../e2e/chromium.ts";
import type { Part, Workbench } from "./part.ts";
import { median, rounded, table } from "./statistics.ts";
import { type Line, writeRun, writeTable } from "./tracker.ts";

const rounds = 5;

/** Each measurement on a store, a server and a browser of its own. */
export async function measureBrowser(bench: Workbench): Promise<Part> {
  if (findChromium() === undefined) {
    bench.report("  left out: there is no Chromium");
    return { numbers: [], text: "Left out: there is no Chromium." };
  }
  const lines: Line[] = [];
  for (const measure of [measureFirstPaint, measureTables, measureCharts, measureLivePoint]) {
    await using atelier = await openAtelier();
    const browser = await openChromium();
    const serve = async () => (await atelier.serve("ui")).url;
    for (const line of await measure({ folder: join(atelier.folder, ".atelier"), browser, serve })) {
      bench.report(`  ${line.what}: ${line.measured}`);
      lines.push(line);
    }
    await browser.close();
  }
  const rows = lines.map(({ what, measured, goal }) => [what, measured, goal]);
  return { numbers: lines, text: table(["in the browser", "measured", "goal"], rows) };
}

interface Place {
  /** Of the store. */
  readonly folder: string;
  readonly browser: Browser;
  /** Starts a server over the store; returns its address. */
  readonly serve: () => Promise<string>;
}

/** Opening the dashboard with nothing in the browser's cache, and the scripts that takes. */
async function measureFirstPaint({ folder, browser, serve }: Place): Promise<Line[]> {
  await writeTable(folder, 10);
  const url = await serve();
  const paints: number[] = [];
  const contents: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const page = await newPage(browser);
    await page.goto(url, { waitUntil: "commit" });
    contents.push(await untilPainted(page, "document.querySelector('tbody a') !== null"));
    paints.push(
      await page.evaluate<number>("performance.getEntriesByName('first-contentful-paint')[0].startTime"),
    );
    await page.context().close();
  }
  const initial = await scriptBytes(browser, url);
  const withCharts = await scriptBytes(browser, `${url}/projects/local/bench`);
  return [
    {
      what: "the dashboard opened, nothing cached: first contentful paint, and the list of projects",
      measured: `${milliseconds(median(paints))}, ${milliseconds(median(contents))}`,
      goal: "≤ 1 s",
    },
    {
      what: "JavaScript of the first page, gzipped, and of the runs page with its charts",
      measured: `${rounded(initial / 1000)} kB, ${rounded(withCharts / 1000)} kB`,
      goal: "≤ 300 kB",
    },
  ];
}

/** Tables of 1,000 and of 10,000 runs with 50 columns: rows in sight, all rows there, and the answer to a click. */
async function measureTables({ folder, browser, serve }: Place): Promise<Line[]> {
  const columns = Array.from({ length: 25 }, (_, n) => `config.c${n},summary.s${n}`).join();
  const lines: Line[] = [];
  let written = 0;
  for (const [count, goal] of [
    [1000, "≤ 1 s"],
    [10_000, "≤ 3 s"],
  ] as const) {
    await writeTable(folder, count, written);
    written = count;
    const url = await serve();
    const rowsThere = "document.querySelectorAll('.runs-table tbody tr').length > 10";
    const allThere = `document.querySelector('.runs-table tbody')?.offsetHeight >= ${30 * count}`;
    const first: number[] = [];
    const all: number[] = [];
    const clicks: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const page = await newPage(browser);
      await page.goto(`${url}/projects/local/bench?view=table&sort=summary.s3&columns=${columns}`, {
        waitUntil: "commit",
      });
      first.push(await untilPainted(page, rowsThere));
      all.push(await untilPainted(page, allThere));
      clicks.push(
        await afterClick(page, ".runs-table tbody input", "document.querySelector('[aria-selected=true]')"),
      );
      await page.context().close();
    }
    lines.push({
      what: `${rounded(count)} runs × 50 columns, sorted: rows painted, all rows there, and from a click on one to its paint`,
      measured: [first, all, clicks].map((times) => milliseconds(median(times))).join(", "),
      goal,
    });
  }
  return lines;
}

/** 100 runs × 10 metrics × 10,000 steps, from the click that opens the charts until all ten are painted. */
async function measureCharts({ folder, browser, serve }: Place): Promise<Line[]> {
  const keys = Array.from({ length: 10 }, (_, i) => `metric ${i}`);
  {
    await using store = openSqliteStore({ folder });
    for (let i = 0; i < 100; i++) await writeRun(store, `run ${i}`, keys, 10_000);
  }
  const url = await serve();
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const page = await newPage(browser);
    await page.goto(`${url}/projects/local/bench?view=table&draw=100`);
    await untilPainted(page, "document.querySelectorAll('.runs-table tbody tr').length > 10");
    await page.waitForLoadState("networkidle").catch(() => {}); // the live stream never ends
    times.push(await afterClick(page, ".views > :last-child", chartsPainted(keys.length)));
    await page.context().close();
  }
  return [
    {
      what: "100 runs × 10 metrics × 10,000 steps: from click to the paint of all ten charts, median and longest",
      measured: `${milliseconds(median(times))}, ${milliseconds(Math.max(...times))}`,
      goal: "≤ 2 s",
    },
  ];
}

/** From `log` in another process to the frame that shows the point. */
async function measureLivePoint({ folder, browser, serve }: Place): Promise<Line[]> {
  await using tracker = await openTracker({ folder });
  await using run = await tracker.startRun({ project: "bench", captureConsole: false, systemEveryMs: 0 });
  run.log({ point: 0 });
  await run.flush();
  const page = await newPage(browser);
  await page.goto(`${await serve()}/runs/${run.id}/charts`);
  const shows = (value: number) =>
    `document.querySelector('[title="The last value"]')?.textContent === '${value}'`;
  await untilPainted(page, shows(0));
  const delays: number[] = [];
  for (let value = 1; value <= 30; value++) {
    const seen = page.evaluate<number>(`${untilShown(shows(value))}.then(() => Date.now())`);
    const loggedAt = Date.now();
    run.log({ point: value });
    delays.push((await seen) - loggedAt);
    await new Promise((resolve) => setTimeout(resolve, 171)); // never in step with the server's turns
  }
  return [
    {
      what: "from `log` to the frame that shows the point, median and longest",
      measured: `${milliseconds(median(delays.slice(1)))}, ${milliseconds(Math.max(...delays))}`,
      goal: "≤ 1 s",
    },
  ];
}

/** JavaScript: a promise kept after the frame in which `condition` holds is painted. */
function untilShown(condition: string): string {
  return `new Promise((resolve) => {
    const look = () => {
      if (${condition}) requestAnimationFrame(() => setTimeout(resolve));
      else requestAnimationFrame(look);
    };
    look();
  })`;
}

/** Milliseconds from the start of the page's navigation to the paint of the first frame in which `condition` holds. */
function untilPainted(page: Page, condition: string): Promise<number> {
  return page.evaluate<number>(`${untilShown(condition)}.then(() => performance.now())`);
}

/** Milliseconds from a click on the first `selector` to the paint of the first frame in which `condition` holds. */
async function afterClick(page: Page, selector: string, condition: string): Promise<number> {
  const shown = page.evaluate<number>(`new Promise((resolve) => {
    addEventListener("pointerdown", ({ timeStamp }) => {
      ${untilShown(condition)}.then(() => resolve(performance.now() - timeStamp));
    }, { capture: true, once: true });
  })`);
  await page.locator(selector).first().click();
  return shown;
}

/** JavaScript: whether so many canvases have something in colour where curves are. */
function chartsPainted(count: number): string {
  return `(() => {
    const canvases = [...document.querySelectorAll(".metric-chart canvas")];
    const isPainted = (canvas) => {
      const middle = canvas.getContext("2d").getImageData(canvas.width / 2, 0, 8, canvas.height).data;
      for (let at = 0; at < middle.length; at += 4)
        if (middle[at + 3] > 0 && Math.abs(middle[at] - middle[at + 2]) > 40) return true;
      return false;
    };
    return canvases.length >= ${count} && canvases.every(isPainted);
  })()`;
}

/** All scripts that opening a page fetches, each gzipped. */
async function scriptBytes(browser: Browser, url: string): Promise<number> {
  const page = await newPage(browser);
  const sizes: Promise<number>[] = [];
  page.on("response", (response) => {
    if (response.request().resourceType() === "script")
      sizes.push(response.body().then((body) => gzipSync(body).length));
  });
  await page.goto(url);
  await untilPainted(page, "document.querySelector('tbody a') !== null");
  await new Promise((resolve) => setTimeout(resolve, 1000)); // what is fetched once the page stands
  const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  await page.context().close();
  return bytes;
}

function milliseconds(value: number): string {
  return `${value.toFixed(0)} ms`;
}
