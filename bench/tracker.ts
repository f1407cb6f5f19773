/** What recording runs costs, in time and in bytes. Needs no peers. */
import { spawn } from "node:child_process";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type HistoryRow, openSqliteStore, openTracker, type RunField, type Store } from "@atelier/tracker";
import type { Part, Workbench } from "./part.ts";
import { measureRecording } from "./recording.ts";
import { median, rounded, table } from "./statistics.ts";

const quiet = { captureConsole: false, systemEveryMs: 0 } as const;
const logProgram = fileURLToPath(new URL("../packages/tracker/test/processes/log-rows.ts", import.meta.url));

/** One thing measured. */
export interface Line {
  readonly what: string;
  readonly measured: string;
  readonly goal: string;
}

/** Each measurement in an empty store of its own. */
export async function measureTracker(bench: Workbench): Promise<Part> {
  const lines: Line[] = [];
  for (const measure of [measureLog, measureProcesses, measureChart, measureTable, measureRecording]) {
    const folder = await mkdtemp(join(tmpdir(), "atelier-bench-"));
    for (const line of await measure(folder, bench)) {
      bench.report(`  ${line.what}: ${line.measured}`);
      lines.push(line);
    }
    await rm(folder, { recursive: true });
  }
  const rows = lines.map(({ what, measured, goal }) => [what, measured, goal]);
  return { numbers: lines, text: table(["recording runs", "measured", "goal"], rows) };
}

/** The caller's time for log, and from there until acknowledged. */
async function measureLog(folder: string): Promise<Line[]> {
  await using tracker = await openTracker({ folder });
  const run = await tracker.startRun({ project: "bench", ...quiet });
  const calls = 50_000;
  const microseconds: number[] = [];
  const perSecond: number[] = [];
  for (let round = 0; round < 7; round++) {
    const started = performance.now();
    for (let i = 0; i < calls; i++)
      run.log({ loss: Math.random(), accuracy: Math.random(), gradient: i / 3, rate: 1e-3 });
    microseconds.push((1000 * (performance.now() - started)) / calls);
    await run.flush();
    perSecond.push((4 * calls) / ((performance.now() - started) / 1000));
  }
  await run.finish();
  const { size } = await stat(join(folder, "atelier.db"));
  return [
    {
      what: "`log()` of 4 numbers, for the caller",
      measured: `${median(microseconds).toFixed(1)} µs`,
      goal: "≤ 10 µs",
    },
    {
      what: "values a second into SQLite, acknowledged",
      measured: rounded(median(perSecond)),
      goal: "≥ 100,000",
    },
    {
      what: "store growth a number (float64, 4 a row), compacted",
      measured: `${(size / (7 * calls * 4)).toFixed(1)} bytes`,
      goal: "≤ 20 bytes",
    },
  ];
}

/** 32 processes log 1,000 rows each, acknowledged every 50. */
async function measureProcesses(folder: string): Promise<Line[]> {
  const started = performance.now();
  const codes = await Promise.all(
    Array.from({ length: 32 }, (_, i) => {
      const child = spawn(process.execPath, [logProgram, folder, `writer ${i}`, "1000"], { stdio: "ignore" });
      return new Promise<number | null>((resolve) => child.on("close", resolve));
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  await using store = openSqliteStore({ folder });
  const { runs } = await store.listRuns({});
  const rows = runs.reduce((sum, { next }) => sum + next.row, 0);
  const failed = codes.filter((code) => code !== 0).length;
  return [
    {
      what: "32 processes at once, 1,000 rows each",
      measured: `${failed} failed, ${rounded(rows)} rows in ${seconds.toFixed(1)} s`,
      goal: "0 failed",
    },
  ];
}

/** 100 runs × 10 metrics × 10,000 steps, read for a chart 1,000 points wide, and read whole. */
async function measureChart(folder: string): Promise<Line[]> {
  await using store = openSqliteStore({ folder });
  const runIds = Array.from({ length: 100 }, (_, i) => `run ${i}`);
  const keys = Array.from({ length: 10 }, (_, i) => `metric ${i}`);
  for (const id of runIds) await writeRun(store, id, keys, 10_000);
  const times: number[] = [];
  let points = 0;
  for (let round = 0; round < 7; round++) {
    const started = performance.now();
    const series = await store.readSeries({ runIds, keys, points: 1000 });
    times.push(performance.now() - started);
    points = series.reduce((sum, { total }) => sum + total, 0);
  }
  const before = process.memoryUsage.rss();
  let highest = before;
  for (const runId of runIds) {
    for (let after: number | undefined = -1; after !== undefined; ) {
      after = (await store.readRows({ runId, after, limit: 5000 })).next;
      highest = Math.max(highest, process.memoryUsage.rss());
    }
  }
  return [
    {
      what: `chart of 100 runs × 10 metrics × 10,000 steps (${rounded(points)} points) read for drawing`,
      measured: `${median(times).toFixed(0)} ms`,
      goal: "≤ 500 ms",
    },
    {
      what: "memory gained while these points are read as rows",
      measured: `${Math.max(0, (highest - before) / 2 ** 20).toFixed(0)} MiB`,
      goal: "flat",
    },
  ];
}

/** A run with numbers under every key at every step, compacted. */
export async function writeRun(
  store: Store,
  id: string,
  keys: readonly string[],
  steps: number,
): Promise<void> {
  await store.createRun({ id, entity: "local", project: "bench", createdAt: Date.now() });
  for (let start = 0; start < steps; start += 2000) {
    const rows: HistoryRow[] = Array.from({ length: 2000 }, (_, i) => {
      const row = start + i;
      const values = Object.fromEntries(keys.map((key, k) => [key, Math.sin(row / 100 + k) + Math.random()]));
      return { row, step: row, time: Date.now(), values };
    });
    await store.append(id, { rows });
  }
  await store.compact(id);
}

const numbers = Array.from({ length: 25 }, (_, i) => i);

/** A store of `count` runs with 25 config and 25 summary columns, c0 … and s0 …, `from` of which it has already. */
export async function writeTable(folder: string, count: number, from = 0): Promise<void> {
  await using store = openSqliteStore({ folder });
  for (let i = from; i < count; i++) {
    const config = Object.fromEntries(
      numbers.map((n) => [`c${n}`, n % 3 === 0 ? `text ${n}` : Math.random()]),
    );
    await store.createRun({ id: `run ${i}`, entity: "local", project: "bench", config, createdAt: i });
    const summary = Object.fromEntries(numbers.map((n) => [`s${n}`, Math.random()]));
    await store.updateRun(`run ${i}`, { summary });
  }
}

/** A table of 10,000 runs. */
async function measureTable(folder: string): Promise<Line[]> {
  await writeTable(folder, 10_000);
  await using store = openSqliteStore({ folder });
  const columns: RunField[] = numbers.flatMap((n) => [`config.c${n}`, `summary.s${n}`] as const);
  const times: number[] = [];
  for (let round = 0; round < 5; round++) {
    const started = performance.now();
    await store.listCells({ limit: 10_000, sort: { field: "summary.s3", direction: "desc" } }, columns);
    times.push(performance.now() - started);
  }
  const [first, ...later] = times;
  return [
    {
      what: "10,000 runs × 50 columns listed and sorted, first time and again",
      measured: `${first!.toFixed(0)} ms, ${median(later).toFixed(0)} ms`,
      goal: "≤ 3 s to see",
    },
  ];
}
