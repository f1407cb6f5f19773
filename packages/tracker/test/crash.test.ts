/**
 * Processes killed at random moments: what they were told is kept, is kept. A longer campaign:
 * ATELIER_CRASH_ROUNDS=200 npx vitest run packages/tracker/test/crash.test.ts
 */
import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { type HistoryRow, openSqliteStore, openTracker, type Store } from "../src/index.ts";
import { runProgram } from "./processes/run-process.ts";
import { storeFolder } from "./store-folder.ts";

const rounds = Number(process.env.ATELIER_CRASH_ROUNDS ?? 3);
const timeout = 60_000 + rounds * 5_000;
/** Spread evenly over the first half second, the same each time. */
const killTimes = Array.from({ length: rounds }, (_, i) => Math.round((i * 0.618034 * 500) % 500));

async function allRows(store: Store, runId: string): Promise<HistoryRow[]> {
  const rows: HistoryRow[] = [];
  for (let after: number | undefined = -1; after !== undefined; ) {
    const page = await store.readRows({ runId, after, limit: 5000 });
    rows.push(...page.rows);
    after = page.next;
  }
  return rows;
}

function expectWholeFile(folder: string): void {
  const database = new DatabaseSync(join(folder, "atelier.db"));
  expect(database.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
  database.close();
}

describe(`killed ${rounds} times`, () => {
  test(
    "a process that logs loses no acknowledged row, and its run crashes and can be resumed",
    async () => {
      await using folder = await storeFolder();
      for (const [round, killAfterMs] of killTimes.entries()) {
        const id = `log ${round % 2}`; // each run is resumed by every second round
        const { lines, stderr } = await runProgram("log-rows.ts", [folder.path, id], { killAfterMs });
        expect(stderr).toBe("");
        const acknowledged = Number(lines.at(-1));
        expectWholeFile(folder.path);
        await using store = openSqliteStore({ folder: folder.path });
        expect((await store.getRun(id)).state).toBe("crashed");
        const rows = await allRows(store, id);
        expect(rows.length).toBeGreaterThanOrEqual(acknowledged);
        rows.forEach(({ row, step, values }, i) => {
          expect([row, step, values]).toEqual([i, i, { loss: i / 3, row: i }]);
        });
      }
      await using tracker = await openTracker({ folder: folder.path });
      const run = await tracker.resumeRun("log 0", { systemEveryMs: 0, captureConsole: false });
      run.log({ loss: 0 });
      await run.finish();
      expect(await tracker.store.getRun("log 0")).toMatchObject({ state: "finished" });
    },
    timeout,
  );

  test(
    "a process that uploads leaves no half file and no artifact without its files",
    async () => {
      await using folder = await storeFolder();
      for (const [round, killAfterMs] of killTimes.entries()) {
        const id = `upload ${round}`;
        const { lines } = await runProgram("log-artifacts.ts", [folder.path, id], { killAfterMs });
        const acknowledged = lines.length - 1;
        await using store = openSqliteStore({ folder: folder.path });
        const artifacts = await store.listArtifacts({ runId: id });
        expect(artifacts.length).toBeGreaterThanOrEqual(acknowledged);
        const files = await store.listFiles(id);
        expect(files.length).toBeGreaterThanOrEqual(acknowledged);
        for (const { sha256 } of [...files, ...artifacts.flatMap((artifact) => artifact.files)]) {
          const hash = createHash("sha256");
          for await (const piece of store.blobs.read(sha256)) hash.update(piece);
          expect(hash.digest("hex")).toBe(sha256);
        }
      }
      expectWholeFile(folder.path);
      const dayMs = 24 * 60 * 60 * 1000;
      await using later = openSqliteStore({ folder: folder.path, now: () => Date.now() + dayMs + 1000 });
      await later.removeUnusedBlobs();
      const left = await readdir(join(folder.path, "blobs"));
      expect(left.filter((name) => !/^[0-9a-f]{64}$/.test(name))).toEqual([]);
    },
    timeout,
  );

  test(
    "a process that compacts loses no row and doubles none",
    async () => {
      await using folder = await storeFolder();
      for (const [round, killAfterMs] of killTimes.entries()) {
        const id = `compact ${round}`;
        const { lines } = await runProgram("compact-rows.ts", [folder.path, id], { killAfterMs });
        expectWholeFile(folder.path);
        await using store = openSqliteStore({ folder: folder.path });
        const rows = await allRows(store, id);
        expect(rows.length).toBeGreaterThanOrEqual(Number(lines.at(-1)));
        expect(rows.every(({ row, values }, i) => row === i && values.loss === i / 3)).toBe(true);
        const [series] = await store.readSeries({ runIds: [id], keys: ["row"] });
        expect(series?.x.length ?? 0).toBe(rows.length);
      }
    },
    timeout,
  );
});
