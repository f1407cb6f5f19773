/** What reading runs over HTTP takes, from a server in a process of its own. Needs no peers. */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openSqliteStore, openTracker, type RunField } from "@atelier/tracker";
import { type ApiClient, apiClient, changesEvent } from "@atelier/tracker/api";
import type { Part, Workbench } from "./part.ts";
import { median, rounded, table } from "./statistics.ts";
import { type Line, writeRun, writeTable } from "./tracker.ts";

const serverProgram = fileURLToPath(
  new URL("../packages/tracker/test/processes/serve-store.ts", import.meta.url),
);

/** Each measurement on an empty store and a new server. */
export async function measureServer(bench: Workbench): Promise<Part> {
  const lines: Line[] = [];
  for (const measure of [measureLive, measureTables, measureSeries, measureExport]) {
    const folder = await mkdtemp(join(tmpdir(), "atelier-bench-"));
    for (const line of await measure(folder)) {
      bench.report(`  ${line.what}: ${line.measured}`);
      lines.push(line);
    }
    await rm(folder, { recursive: true });
  }
  const rows = lines.map(({ what, measured, goal }) => [what, measured, goal]);
  return { numbers: lines, text: table(["runs over HTTP", "measured", "goal"], rows) };
}

interface BenchServer extends AsyncDisposable {
  readonly client: ApiClient;
  /** Bytes resident now, and at most so far. */
  readonly memory: () => Promise<{ readonly now: number; readonly most: number }>;
}

async function openServerProcess(folder: string): Promise<BenchServer> {
  const child = spawn(process.execPath, [serverProgram, folder, "0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [port] = await new Promise<string[]>((resolve) =>
    createInterface(child.stdout).once("line", (line) => resolve([line])),
  );
  return {
    client: apiClient({ url: `http://127.0.0.1:${port}` }),
    memory: async () => {
      const status = await readFile(`/proc/${child.pid}/status`, "utf8");
      const bytes = (name: string) => 1024 * Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)![1]);
      return { now: bytes("VmRSS"), most: bytes("VmHWM") };
    },
    [Symbol.asyncDispose]: async () => {
      const ended = new Promise((resolve) => child.on("close", resolve));
      child.kill();
      await ended;
    },
  };
}

/** From `log` in one process to the point in the hands of a listener, through the server's live stream. */
async function measureLive(folder: string): Promise<Line[]> {
  await using tracker = await openTracker({ folder });
  await using server = await openServerProcess(folder);
  await using run = await tracker.startRun({ project: "bench", captureConsole: false, systemEveryMs: 0 });
  const { body } = await server.client.send("followChanges", { query: {} });
  const sentAt: number[] = [];
  const delays: number[] = [];
  const points = 40;
  const listening = (async () => {
    let cursor = 0;
    let text = "";
    for await (const piece of body!.pipeThrough(new TextDecoderStream())) {
      text += piece;
      const event = new RegExp(`event: ${changesEvent}\nid: (\\d+)\n[^\n]*\n\n`, "g");
      for (const [, id] of text.matchAll(event)) {
        const { rows } = await server.client.call("readRows", {
          parameters: { runId: run.id },
          query: { changedAfter: cursor },
        });
        cursor = Number(id);
        for (const { values } of rows)
          delays[Number(values.index)] ??= performance.now() - sentAt[Number(values.index)]!;
      }
      text = text.slice(text.lastIndexOf("\n\n") + 2);
      if (delays.length === points) return;
    }
  })();
  for (let index = 0; index < points; index++) {
    sentAt.push(performance.now());
    run.log({ index });
    await setTimeout(171); // never in step with the server's turns
  }
  await listening;
  return [
    {
      what: "from `log` to the point in a listener's hands, median and longest",
      measured: `${median(delays).toFixed(0)} ms, ${Math.max(...delays).toFixed(0)} ms`,
      goal: "≤ 1 s",
    },
  ];
}

/** Tables of 1,000 and of 10,000 runs with 50 columns, in pages of 1,000; the first page is what a person waits for. */
async function measureTables(folder: string): Promise<Line[]> {
  const lines: Line[] = [];
  for (const [count, goal] of [
    [1000, "≤ 1 s"],
    [10_000, "≤ 3 s"],
  ] as const) {
    const own = join(folder, String(count));
    await writeTable(own, count);
    await using server = await openServerProcess(own);
    const columns = Array.from({ length: 25 }, (_, n): RunField[] => [
      `config.c${n}`,
      `summary.s${n}`,
    ]).flat();
    const read = async () => {
      const started = performance.now();
      let first = 0;
      let rows = 0;
      for (let after: string | undefined; rows < count; ) {
        const query = {
          columns,
          sort: "summary.s3",
          limit: 1000,
          ...(after !== undefined && { after }),
        } as const;
        const page = await server.client.call("listCells", { query });
        first ||= performance.now() - started;
        rows += page.rows.length;
        after = page.next;
      }
      return { first, all: performance.now() - started };
    };
    const cold = await read();
    const again = await read();
    lines.push({
      what: `${rounded(count)} runs × 50 columns, sorted: first page and all, by a server just started, and again`,
      measured: [cold, again]
        .map(({ first, all }) => `${first.toFixed(0)} and ${all.toFixed(0)} ms`)
        .join("; "),
      goal,
    });
  }
  return lines;
}

/** 100 runs × 10 metrics × 10,000 steps, for a chart 1,000 points wide. */
async function measureSeries(folder: string): Promise<Line[]> {
  const runIds = Array.from({ length: 100 }, (_, i) => `run ${i}`);
  const keys = Array.from({ length: 10 }, (_, i) => `metric ${i}`);
  {
    await using store = openSqliteStore({ folder });
    for (const id of runIds) await writeRun(store, id, keys, 10_000);
  }
  await using server = await openServerProcess(folder);
  const times: number[] = [];
  let sizeBytes = 0;
  for (let round = 0; round < 5; round++) {
    const started = performance.now();
    await server.client.call("readSeries", { body: { runIds, keys, points: 1000, precision: "float32" } });
    times.push(performance.now() - started);
    const response = await server.client.send("readSeries", {
      body: { runIds, keys, points: 1000, precision: "float32" },
    });
    sizeBytes = (await response.arrayBuffer()).byteLength;
  }
  return [
    {
      what: "100 runs × 10 metrics × 10,000 steps for a chart 1,000 points wide, decoded",
      measured: `${median(times).toFixed(0)} ms, ${(sizeBytes / 1e6).toFixed(1)} MB`,
      goal: "≤ 2 s to paint",
    },
  ];
}

/** A run of 10 million points exported whole, in every format. */
async function measureExport(folder: string): Promise<Line[]> {
  const keys = Array.from({ length: 10 }, (_, i) => `metric ${i}`);
  {
    await using store = openSqliteStore({ folder });
    await writeRun(store, "long", keys, 1_000_000);
  }
  const lines: Line[] = [];
  for (const format of ["jsonl", "csv", "parquet"]) {
    await using server = await openServerProcess(folder);
    await server.client.call("listRuns");
    const before = await server.memory();
    const started = performance.now();
    const { body } = await server.client.send("exportHistory", { parameters: { runId: "long", format } });
    let sizeBytes = 0;
    const marks: number[] = [];
    for await (const piece of body!) {
      sizeBytes += piece.length;
      if (sizeBytes > marks.length * 2e6) marks.push((await server.memory()).now);
    }
    const { most } = await server.memory();
    const seconds = (performance.now() - started) / 1000;
    const at = (part: number) => marks[Math.floor(part * marks.length)]!;
    const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
    lines.push({
      what: `10 million points exported as ${format}: time, size, the server's memory before, after a tenth, half-way, after nine tenths, and at most`,
      measured: `${seconds.toFixed(0)} s, ${(sizeBytes / 1e6).toFixed(0)} MB, ${[before.now, at(0.1), at(0.5), at(0.9), most].map(mebibytes).join(", ")}`,
      goal: "flat",
    });
  }
  return lines;
}
