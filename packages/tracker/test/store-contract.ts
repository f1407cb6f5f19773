/**
 * What every store does, whatever it is made of. `openStore` opens a new, empty store; called again on what it returned
 * before, the same one.
 */
import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { encodePredictions, predictionsOf } from "../src/model/evaluation.ts";
import type { HistoryRow } from "../src/model/history.ts";
import { parseRunFilter } from "../src/model/parse-run-filter.ts";
import { crashedAfterMs, type NewRun, type Writer } from "../src/model/run.ts";
import { fieldValue } from "../src/model/run-field.ts";
import type { HistoryValue } from "../src/model/value.ts";
import { thisWriter } from "../src/store/process-writer.ts";
import type { SeriesQuery, Store } from "../src/store/store.ts";

/** One place where a store is, and its clock. */
export interface StorePlace {
  readonly open: () => Promise<Store>;
  readonly remove: () => Promise<void>;
  readonly clock: { now: number };
}

const entity = "local";
const scope = { entity, project: "shoes" };
const newRun = (id: string, more: Partial<NewRun> = {}): NewRun => ({
  id,
  ...scope,
  createdAt: 1000,
  ...more,
});
const rowOf = (row: number, values: Record<string, HistoryValue>, step = row): HistoryRow => ({
  row,
  step,
  time: 1000 + row,
  values,
});
const elsewhere = (pid: number): Writer => ({ host: "elsewhere", pid, pidNamespace: "" });
const exotic = [
  `quote ' " \` \\ ; DROP TABLE run; --`,
  "<script>alert(1)</script>",
  "👟 schuhe öäü 靴",
  "../../etc/passwd",
  "nul \u0000 inside",
  "__proto__",
  "",
  " ".repeat(3),
  "x".repeat(10_240),
];

export function storeContract(name: string, place: () => Promise<StorePlace>): void {
  describe(`${name}: store contract`, () => {
    let where: StorePlace;
    let store: Store;
    beforeEach(async () => {
      where = await place();
      store = await where.open();
    });
    afterEach(async () => {
      await store[Symbol.asyncDispose]();
      await where.remove();
    });
    const readAll = async (runId: string, limit = 3): Promise<HistoryRow[]> => {
      const rows: HistoryRow[] = [];
      for (let after: number | undefined = -1; after !== undefined; ) {
        const page = await store.readRows({ runId, after, limit });
        rows.push(...page.rows);
        after = page.next;
      }
      return rows;
    };
    const points = async (query: Partial<SeriesQuery> & { key: string; runId?: string }) => {
      const { key, runId = "a", ...rest } = query;
      const [series] = await store.readSeries({ runIds: [runId], keys: [key], ...rest });
      return series ? Array.from(series.x, (x, i) => [x, series.y[i]!]) : [];
    };

    describe("runs", () => {
      test("are made with their project, named and numbered in it", async () => {
        where.clock.now = 1500; // by which signs of life are told, whatever the program's clock says
        const first = await store.createRun(
          newRun("a", { config: { lr: 0.1, layers: [1, 2] }, tags: ["x"] }),
        );
        where.clock.now = 2000;
        const second = await store.createRun(newRun("b", { name: "my run", createdAt: 90_000 }));
        expect(first).toMatchObject({ id: "a", state: "running", tags: ["x"], summary: {}, notes: "" });
        expect(first.name).toMatch(/^[a-z]+-[a-z]+-1$/);
        expect(first.config).toEqual({ lr: 0.1, layers: [1, 2] });
        expect(second.name).toBe("my run");
        expect([first.startedAt, second.startedAt]).toEqual([1500, 2000]);
        expect((await store.createRun(newRun("c"))).name).toMatch(/-3$/);
        expect(await store.listProjects()).toEqual([
          {
            ...scope,
            name: scope.project,
            project: undefined,
            createdAt: 1000,
            runCount: 3,
            updatedAt: 2000,
          },
        ]);
      });
      test("have ids of their own", async () => {
        await store.createRun(newRun("a"));
        await expect(store.createRun(newRun("a", { project: "other" }))).rejects.toMatchObject({
          code: "conflict",
        });
        await expect(store.getRun("zz")).rejects.toMatchObject({ code: "not-found" });
        expect((await store.listProjects()).length).toBe(1); // the refused run made no project
      });
      test("change in the parts that are named", async () => {
        await store.createRun(newRun("a", { notes: "before", group: "g" }));
        const summary = { loss: Number.NaN, best: Number.NEGATIVE_INFINITY };
        const changed = await store.updateRun("a", { summary, tags: ["t"], group: undefined });
        expect(changed).toMatchObject({ summary, tags: ["t"], notes: "before" });
        expect(changed.group).toBeUndefined();
        expect(await store.getRun("a")).toEqual(changed);
        await expect(store.updateRun("zz", { notes: "" })).rejects.toMatchObject({ code: "not-found" });
      });
      test("crash by silence, by the store's clock, and live again with the next sign of life", async () => {
        where.clock.now = 5000;
        await store.createRun(newRun("a", { createdAt: 5000 - 2 * crashedAfterMs, writer: elsewhere(1) }));
        where.clock.now = 5000 + crashedAfterMs;
        expect((await store.getRun("a")).state).toBe("running");
        where.clock.now += 1;
        expect((await store.getRun("a")).state).toBe("crashed");
        const crashed = { field: "state", is: "=", value: "crashed" } as const;
        expect((await store.listRuns({ filter: crashed })).total).toBe(1);
        await store.append("a", { rows: [rowOf(0, { loss: 1 })] }); // somebody brings what was left
        expect((await store.getRun("a")).state).toBe("crashed");
        await store.append("a", { writer: elsewhere(1) });
        expect(await store.getRun("a")).toMatchObject({ state: "running", heartbeatAt: where.clock.now });
        where.clock.now += crashedAfterMs + 1;
        await store.updateRun("a", { notes: "a person's" });
        expect((await store.getRun("a")).state).toBe("crashed");
        await store.resumeRun("a", elsewhere(2));
        expect(await store.getRun("a")).toMatchObject({ state: "running", heartbeatAt: where.clock.now });
        await store.updateRun("a", { state: "finished", finishedAt: where.clock.now });
        where.clock.now += 10 * crashedAfterMs;
        expect((await store.getRun("a")).state).toBe("finished");
      });
      test("crash at once when their process is known to be gone", async () => {
        const { pid } = spawnSync("true");
        await store.createRun(newRun("a", { createdAt: where.clock.now, writer: { ...thisWriter, pid } }));
        expect(await store.getRun("a")).toMatchObject({ state: "crashed", writer: { pid } });
        await store.createRun(newRun("b", { createdAt: where.clock.now, writer: thisWriter }));
        expect((await store.getRun("b")).state).toBe("running");
        await store.createRun(newRun("c", { createdAt: where.clock.now, writer: elsewhere(pid) }));
        expect((await store.getRun("c")).state).toBe("running");
      });
      test("are resumed by one writer at a time", async () => {
        where.clock.now = 5000;
        await store.createRun(newRun("a", { createdAt: 5000, writer: elsewhere(1) }));
        await expect(store.resumeRun("a", elsewhere(2))).rejects.toMatchObject({
          code: "conflict",
          message: expect.stringContaining("process 1 on elsewhere"),
        });
        await store.updateRun("a", { state: "failed", finishedAt: 5500, error: "no luck" });
        const attempts = [2, 3, 4].map((pid) => store.resumeRun("a", elsewhere(pid)));
        const outcomes = await Promise.allSettled(attempts);
        expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected", "rejected"]);
        const resumed = await store.getRun("a");
        expect(resumed).toMatchObject({ state: "running", heartbeatAt: 5000 });
        expect([resumed.error, resumed.finishedAt]).toEqual([undefined, undefined]);
        where.clock.now += crashedAfterMs + 1;
        expect(await store.resumeRun("a", elsewhere(9))).toMatchObject({
          state: "running",
          writer: elsewhere(9),
        });
        const late = { writer: elsewhere(1), rows: [rowOf(0, { loss: 1 })] }; // it was asleep, not dead
        await expect(store.append("a", late)).rejects.toMatchObject({ code: "conflict" });
        await store.append("a", { ...late, writer: elsewhere(9) });
        expect(await readAll("a")).toHaveLength(1);
        await expect(store.resumeRun("zz", elsewhere(2))).rejects.toMatchObject({ code: "not-found" });
      });
      test("keep their environment apart", async () => {
        const environment = { command: ["a b", "c"], packages: { x: "1.0.0" }, diff: "+é\n" };
        await store.createRun(newRun("a", { environment }));
        expect(await store.getEnvironment("a")).toEqual(environment);
      });
      test("go with all they have", async () => {
        await store.createRun(newRun("a"));
        await store.createRun(newRun("b"));
        for (const id of ["a", "b"]) await store.append(id, { rows: [rowOf(0, { loss: 1 })] });
        await store.compact("a");
        await store.deleteRun("a");
        await expect(store.getRun("a")).rejects.toMatchObject({ code: "not-found" });
        await expect(store.append("a", {})).rejects.toMatchObject({ code: "not-found" });
        await store.createRun(newRun("a"));
        expect(await store.listKeys("a", "history")).toEqual([]);
        expect(await readAll("a")).toEqual([]);
        await store.append("a", { rows: [rowOf(0, { loss: 3 })] });
        expect(await points({ key: "loss" })).toEqual([[0, 3]]);
        expect(await readAll("b")).toEqual([rowOf(0, { loss: 1 })]);
      });
    });

    describe("lists of runs", () => {
      beforeEach(async () => {
        const values = [0.3, Number.NaN, 0.1, Number.POSITIVE_INFINITY, undefined, 0.2];
        for (const [i, value] of values.entries()) {
          const config = { optimizer: { kind: i % 2 === 0 ? "adam" : "sgd" }, "a.b": i };
          await store.createRun(newRun(`r${i}`, { config, createdAt: i, tags: i < 2 ? ["try out"] : [] }));
          if (value !== undefined) await store.updateRun(`r${i}`, { summary: { "val.loss": value } });
        }
        await store.createRun(newRun("other", { project: "else", createdAt: 99 }));
      });
      const ids = async (query: Parameters<Store["listRuns"]>[0]) =>
        (await store.listRuns({ ...scope, ...query })).runs.map(({ id }) => id);

      test("are newest first, or sorted by any field with what is missing last", async () => {
        expect(await ids({})).toEqual(["r5", "r4", "r3", "r2", "r1", "r0"]);
        const field = "summary.val.loss";
        expect(await ids({ sort: { field, direction: "asc" } })).toEqual([
          "r2",
          "r5",
          "r0",
          "r3",
          "r1",
          "r4",
        ]);
        expect(await ids({ sort: { field, direction: "desc" } })).toEqual([
          "r1",
          "r3",
          "r0",
          "r5",
          "r2",
          "r4",
        ]);
        expect(await ids({ sort: { field: "config.optimizer.kind", direction: "asc" } })).toEqual([
          "r4",
          "r2",
          "r0",
          "r5",
          "r3",
          "r1",
        ]);
      });
      test("are filtered", async () => {
        expect(await ids({ filter: { field: "config.a.b", is: ">=", value: 4 } })).toEqual(["r5", "r4"]);
        expect(await ids({ filter: { field: "tags", contains: "try out" } })).toEqual(["r1", "r0"]);
        expect(await ids({ filter: { field: "summary.val.loss", exists: false } })).toEqual(["r4"]);
      });
      test("come in pages that fit together", async () => {
        const sort = { field: "summary.val.loss", direction: "asc" } as const;
        const seen: string[] = [];
        for (let after: string | undefined, more = true; more; ) {
          const page = await store.listRuns({
            ...scope,
            sort,
            limit: 4,
            ...(after !== undefined && { after }),
          });
          expect(page.total).toBe(6);
          seen.push(...page.runs.map(({ id }) => id));
          after = page.next;
          more = after !== undefined;
        }
        expect(seen).toEqual(await ids({ sort }));
      });
      test("come as cells, too", async () => {
        const columns = ["name", "summary.val.loss", "config.optimizer.kind", "config.none"] as const;
        const { rows, total } = await store.listCells({ ...scope, limit: 2 }, columns);
        expect(total).toBe(6);
        expect(rows.map(({ cells }) => cells.slice(1))).toEqual([
          [0.2, "sgd", null],
          [null, "adam", null],
        ]);
        const { runs } = await store.listRuns({ ...scope, limit: 2 });
        expect(rows[0]!.cells).toEqual(columns.map((column) => fieldValue(runs[0]!, column) ?? null));
      });
      test("tell which fields there are", async () => {
        expect(await store.listFields(scope)).toEqual([
          { field: "config.a.b", runCount: 6 },
          { field: "config.optimizer.kind", runCount: 6 },
          { field: "summary.val.loss", runCount: 5 },
        ]);
      });
      test("tell of single layers only what differs, and never all of a deep net", async () => {
        const project = "deep";
        const layers = (at: number) =>
          Array.from({ length: 400 }, (_, i) => ({
            type: "dense",
            units: 8,
            rate: i < 300 ? at : 0,
            bias: true,
          }));
        for (const at of [1, 2])
          await store.createRun(newRun(`deep ${at}`, { project, config: { layers: layers(at) } }));
        const fields = await store.listFields({ entity, project });
        expect(fields.length).toBe(201);
        expect(fields[0]).toEqual({ field: "config.layers", runCount: 2 });
        expect(fields).toContainEqual({ field: "config.layers.7.rate", runCount: 2, owner: "dense" });
        const query = { entity, project, filter: parseRunFilter("config.layers.7.rate > 1") };
        const asked = ["config.layers.7.rate", "config.layers.399.units"] as const;
        expect((await store.listCells(query, asked)).rows).toMatchObject([{ id: "deep 2", cells: [2, 8] }]);
      });
    });

    describe("history", () => {
      beforeEach(async () => {
        await store.createRun(newRun("a"));
      });

      test("is what was logged, compacted or not", async () => {
        const histogram = {
          type: "histogram",
          edges: [0, 1, Number.POSITIVE_INFINITY],
          counts: [3, 4],
        } as const;
        const rows = [
          rowOf(0, { loss: 0.1, text: "hello" }),
          rowOf(1, { loss: Number.NaN, up: Number.POSITIVE_INFINITY, down: Number.NEGATIVE_INFINITY }),
          rowOf(2, { histogram, loss: "a word where numbers were", "": 0 }),
          rowOf(3, { loss: -3, tiny: 5e-324, huge: 1.7976931348623157e308, whole: 2 ** 53 }),
          rowOf(4, {}),
          { row: 5, step: -2.5, time: 3.25, values: { loss: 1 / 3 } },
        ];
        await store.append("a", { rows });
        expect(await readAll("a")).toEqual(rows);
        const before = await points({ key: "loss" });
        expect(before).toEqual([
          [-2.5, 1 / 3],
          [0, 0.1],
          [1, Number.NaN],
          [3, -3],
        ]);
        await store.compact("a");
        expect(await readAll("a")).toEqual(rows);
        expect(await points({ key: "loss" })).toEqual(before);
        expect(await store.listKeys("a", "history")).toContainEqual({
          key: "loss",
          hasNumbers: true,
          hasObjects: true,
        });
        expect((await store.getRun("a")).next).toMatchObject({ row: 6, step: 4 + 1 });
      });

      test("takes the same rows twice, late, out of order and again after compaction", async () => {
        const rows = Array.from({ length: 30 }, (_, i) =>
          rowOf(i, { loss: i, ...(i % 3 === 0 && { rare: i / 3 }) }),
        );
        const order = [...rows.slice(20), ...rows.slice(0, 20)];
        await store.append("a", { rows: order.slice(0, 15) });
        await store.compact("a");
        await store.append("a", { rows: order.slice(10) });
        expect(await readAll("a", 7)).toEqual(rows);
        await store.compact("a");
        const again = { ...rows[4]!, values: { loss: 400 } };
        await store.append("a", { rows: [again] });
        const expected = rows.map((row) => (row.row === 4 ? again : row));
        expect(await readAll("a", 7)).toEqual(expected);
        expect(await points({ key: "loss" })).toEqual(
          expected.map(({ step, values }) => [step, values.loss]),
        );
        await store.compact("a");
        await store.compact("a");
        expect(await readAll("a", 100)).toEqual(expected);
        expect(await points({ key: "rare" })).toEqual(
          rows.filter(({ row }) => row % 3 === 0).map(({ row }) => [row, row / 3]),
        );
      });

      test("of any rows in any order reads the same before and after compaction", async () => {
        const number = fc.oneof(fc.double(), fc.float(), fc.integer()).map((x) => x + 0); // -0 is 0
        const value = fc.oneof(number, fc.string());
        const row = fc.record({
          row: fc.nat(40),
          step: fc.oneof(
            fc.nat(40),
            fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0),
          ),
          values: fc.dictionary(fc.constantFrom("a", "b", "c d"), value, { maxKeys: 3 }),
        });
        const batches = fc.array(fc.tuple(fc.array(row, { maxLength: 12 }), fc.boolean()), { maxLength: 6 });
        let count = 0;
        await fc.assert(
          fc.asyncProperty(batches, async (written) => {
            const runId = `p${count++}`;
            await store.createRun(newRun(runId));
            const expected = new Map<number, HistoryRow>();
            for (const [rows, compact] of written) {
              const full = rows.map((part) => ({ ...part, time: part.row + 0.5 }));
              await store.append(runId, { rows: full });
              for (const one of full) expected.set(one.row, one);
              if (compact) await store.compact(runId);
            }
            const sorted = [...expected.values()].sort((a, b) => a.row - b.row).map(withoutNumberTexts);
            expect(await readAll(runId)).toEqual(sorted);
            const before = await store.readSeries({ runIds: [runId], keys: ["a", "b", "c d"] });
            await store.compact(runId);
            expect(await readAll(runId)).toEqual(sorted);
            expect(await store.readSeries({ runIds: [runId], keys: ["a", "b", "c d"] })).toEqual(before);
          }),
          { numRuns: 40, seed: 4 },
        );
      });

      test("is read in ranges, over other keys, and with fewer points for drawing", async () => {
        const rows = Array.from({ length: 2000 }, (_, i) =>
          rowOf(i, {
            loss: i === 777 ? 50 : Math.sin(i),
            epoch: Math.floor(i / 10),
            ...(i === 5 && { one: 1 }),
          }),
        );
        await store.append("a", { rows });
        for (const isCompacted of [false, true]) {
          if (isCompacted) await store.compact("a");
          expect(await points({ key: "loss", from: 10, to: 12 })).toEqual(
            [10, 11, 12].map((i) => [i, Math.sin(i)]),
          );
          expect(await points({ key: "one", points: 10 })).toEqual([[5, 1]]);
          expect((await points({ key: "loss", xKey: "epoch", from: 3, to: 3 })).length).toBe(10);
          expect(await points({ key: "loss", xKey: "one" })).toEqual([[1, Math.sin(5)]]);
          const [drawn] = await store.readSeries({ runIds: ["a"], keys: ["loss"], points: 100 });
          expect(drawn).toMatchObject({ total: 2000, isDownSampled: true });
          expect(drawn!.x.length).toBeLessThanOrEqual(100);
          expect(Array.from(drawn!.y)).toContain(50);
          expect(drawn!.time.length).toBe(drawn!.x.length);
        }
        expect(await store.readSeries({ runIds: ["a"], keys: ["none"] })).toEqual([]);
      });

      test("of a step logged twice counts the last row", async () => {
        await store.append("a", {
          rows: [rowOf(0, { loss: 1 }, 5), rowOf(1, { loss: 2 }, 4), rowOf(2, { loss: 3 }, 5)],
        });
        expect(await points({ key: "loss" })).toEqual([
          [4, 2],
          [5, 3],
        ]);
      });

      test("has rows of the machine beside it", async () => {
        const systemRows = [rowOf(0, { cpu: 50 })];
        await store.append("a", { systemRows, rows: [rowOf(0, { loss: 1 })] });
        expect((await store.readRows({ runId: "a", stream: "system" })).rows).toEqual(systemRows);
        expect(await points({ key: "cpu", stream: "system" })).toEqual([[0, 50]]);
        expect(await points({ key: "cpu" })).toEqual([]);
        expect((await store.getRun("a")).next).toMatchObject({ row: 1, systemRow: 1 });
      });
      test("may be read for some keys only", async () => {
        await store.append("a", { rows: [rowOf(0, { x: 1, y: 2 }), rowOf(1, { y: 3 })] });
        const { rows } = await store.readRows({ runId: "a", keys: ["x"] });
        expect(rows).toEqual([rowOf(0, { x: 1 })]);
      });
    });

    test("console lines come in pages, forwards and backwards", async () => {
      await store.createRun(newRun("a"));
      const console = Array.from({ length: 5 }, (_, line) => ({
        line,
        stream: "stderr" as const,
        time: line,
        text: `${line} \u001b[31mé\u0000`,
      }));
      await store.append("a", { console: console.slice(0, 3) });
      await store.append("a", { console: console.slice(2) });
      expect(await store.readConsole({ runId: "a", limit: 2 })).toEqual({
        lines: console.slice(0, 2),
        next: 1,
      });
      expect(await store.readConsole({ runId: "a", after: 1 })).toEqual({
        lines: console.slice(2),
        next: undefined,
      });
      const last = await store.readConsole({ runId: "a", before: 5, limit: 2 });
      expect(last).toEqual({ lines: console.slice(3), next: 3 });
      expect((await store.readConsole({ runId: "a", before: last.next!, limit: 5 })).lines).toEqual(
        console.slice(0, 3),
      );
    });

    test("changes are told once, by kind, to whoever asks", async () => {
      const { cursor: start } = await store.changesSince();
      await store.createRun(newRun("a"));
      await store.createRun(newRun("b"));
      const made = await store.changesSince(start);
      expect(made.runs.map(({ runId, kinds }) => [runId, kinds])).toEqual([
        ["a", ["run"]],
        ["b", ["run"]],
      ]);
      expect((await store.changesSince(made.cursor)).runs).toEqual([]);
      await store.append("a", { rows: [rowOf(0, { loss: 1 }), rowOf(1, { loss: 2 })] });
      const logged = await store.changesSince(made.cursor);
      expect(logged.runs).toEqual([{ runId: "a", ...scope, kinds: ["history"] }]);
      const fresh = () => store.readRows({ runId: "a", changedAfter: logged.cursor });
      await store.append("a", { rows: [rowOf(2, { loss: 3 })], update: { notes: "x" } });
      expect((await store.changesSince(logged.cursor)).runs[0]!.kinds).toEqual(["run", "history"]);
      expect((await fresh()).rows).toEqual([rowOf(2, { loss: 3 })]);
      await store.compact("a");
      expect((await fresh()).rows).toContainEqual(rowOf(2, { loss: 3 }));
      await store.deleteRun("b");
      expect((await store.changesSince(logged.cursor)).deletedRunIds).toEqual(["b"]);
    });

    describe("files", () => {
      test("are kept once by content, whole or in ranges", async () => {
        const bytes = new TextEncoder().encode("hello, world");
        const { sha256 } = await store.blobs.put(bytes);
        expect(sha256).toBe("09ca7e4eaa6e8ae9c7d261167129184883644d07dfba7cbfbc4c8a2e08360d5b");
        expect(await store.blobs.put(bytes)).toEqual({ sha256, sizeBytes: 12 });
        expect(await store.blobs.find(sha256)).toEqual({ sha256, sizeBytes: 12 });
        expect(await text(store.blobs.read(sha256))).toBe("hello, world");
        expect(await text(store.blobs.read(sha256, { start: 7, end: 9 }))).toBe("wo");
        expect(await text(store.blobs.read(sha256, { start: 3, end: 3 }))).toBe("");
        const none = "0".repeat(64);
        expect(await store.blobs.find(none)).toBeUndefined();
        await expect(text(store.blobs.read(none))).rejects.toMatchObject({ code: "not-found" });
        await expect(store.blobs.find("../atelier.db")).rejects.toMatchObject({ code: "bad-argument" });
        await expect(store.blobs.put({ path: "/no/such/file" })).rejects.toMatchObject({ code: "not-found" });
      });
      test("may arrive in pieces, and are kept if they are what was announced", async () => {
        const sha256 = "09ca7e4eaa6e8ae9c7d261167129184883644d07dfba7cbfbc4c8a2e08360d5b";
        const pieces = (...texts: readonly string[]) =>
          (async function* () {
            for (const piece of texts) yield new TextEncoder().encode(piece);
          })();
        const other = store.blobs.put({ sha256, pieces: pieces("hello, ", "word") });
        await expect(other).rejects.toMatchObject({ code: "bad-argument" });
        expect(await store.blobs.find(sha256)).toBeUndefined();
        const kept = await store.blobs.put({ sha256, pieces: pieces("hello, ", "world") });
        expect(kept).toEqual({ sha256, sizeBytes: 12 });
        expect(await text(store.blobs.read(sha256))).toBe("hello, world");
      });
      test("belong to runs under any path", async () => {
        await store.createRun(newRun("a"));
        const { sha256, sizeBytes } = await store.blobs.put(new Uint8Array([1]));
        for (const path of exotic) await store.putFile("a", { path, sha256, sizeBytes });
        const paths = (await store.listFiles("a")).map(({ path }) => path);
        expect(new Set(paths)).toEqual(new Set(exotic));
        const missing = { path: "x", sha256: "1".repeat(64), sizeBytes: 1 };
        await expect(store.putFile("a", missing)).rejects.toMatchObject({ code: "not-found" });
      });
      test("that nothing names go when they are a day old", async () => {
        await store.createRun(newRun("a"));
        const kept = await store.blobs.put(new Uint8Array([1]));
        const inRow = await store.blobs.put(new Uint8Array([2]));
        const lost = await store.blobs.put(new Uint8Array([3]));
        await store.putFile("a", { path: "f", ...kept });
        const image = { type: "image", ...inRow, contentType: "image/png" } as const;
        await store.append("a", { rows: [rowOf(0, { image })] });
        await store.compact("a");
        where.clock.now = Date.now();
        expect(await store.removeUnusedBlobs()).toEqual({ count: 0, sizeBytes: 0 });
        where.clock.now += 25 * 60 * 60 * 1000;
        expect(await store.removeUnusedBlobs()).toEqual({ count: 1, sizeBytes: 1 });
        expect(await store.blobs.find(lost.sha256)).toBeUndefined();
        for (const { sha256 } of [kept, inRow]) expect(await store.blobs.find(sha256)).toBeDefined();
      });
    });

    test("artifacts have versions, aliases and lineage", async () => {
      await store.createRun(newRun("a"));
      await store.createRun(newRun("b"));
      const [one, two] = await Promise.all([1, 2].map((byte) => store.blobs.put(new Uint8Array([byte]))));
      const model = (blob: typeof one, aliases: readonly string[]) =>
        store.createArtifact("a", {
          type: "model",
          name: "net",
          aliases,
          files: [{ path: "w.bin", ...blob! }],
          metadata: { accuracy: 0.9 },
          createdAt: 5,
        });
      const v0 = await model(one, ["best"]);
      expect(v0).toMatchObject({ version: 0, aliases: ["best", "latest"], producedBy: "a", usedBy: [] });
      expect((await model(one, [])).version).toBe(0); // the same files are no new version
      const v1 = await model(two, ["best"]);
      expect(v1).toMatchObject({ version: 1, aliases: ["best", "latest"], metadata: { accuracy: 0.9 } });
      const get = (alias: string) => store.getArtifact({ ...scope, name: "net", alias });
      expect(await get("v0")).toMatchObject({ version: 0, aliases: [] });
      expect((await get("best")).digest).toBe(v1.digest);
      await expect(get("v7")).rejects.toMatchObject({ code: "not-found" });
      await store.useArtifact("b", v0);
      await store.useArtifact("b", v0);
      expect((await get("v0")).usedBy).toEqual(["b"]);
      expect((await store.listArtifacts({ runId: "b" })).map(({ version }) => version)).toEqual([0]);
      expect((await store.listArtifacts(scope)).map(({ version }) => version)).toEqual([1, 0]);
      await store.deleteRun("a");
      expect((await get("latest")).producedBy).toBe("a");
    });

    test("evaluations belong to a run, one a data set and part", async () => {
      await store.createRun(newRun("a"));
      const predictions = await store.blobs.put(
        encodePredictions(predictionsOf([0.2, 0.8, 0.6, 0.4], [1, 1])),
      );
      const evaluation = {
        runId: "a",
        data: "fashion-mnist",
        part: "test",
        dataChecksum: "c",
        classNames: ["x", "y"],
        imageCount: 2,
        metrics: { loss: Number.NaN, accuracy: 0.5 },
        confusion: [
          [0, 0],
          [1, 1],
        ],
        predictions,
        createdAt: 1,
      };
      await store.putEvaluation(evaluation);
      await store.putEvaluation({ ...evaluation, part: "train" });
      await store.putEvaluation({ ...evaluation, createdAt: 2 });
      expect(await store.listEvaluations(["a"])).toEqual([
        { ...evaluation, createdAt: 2 },
        { ...evaluation, part: "train" },
      ]);
      expect(await store.listEvaluations([])).toEqual([]);
    });

    test("any text is kept as it is", async () => {
      for (const [i, odd] of exotic.entries()) {
        const id = `run ${odd}`;
        const config = Object.fromEntries([[odd, { [odd]: odd }]]);
        const own = { name: odd, project: odd, entity: odd, group: odd, notes: odd, tags: [odd], config };
        await store.createRun({ ...newRun(id), ...own });
        await store.append(id, {
          rows: [
            rowOf(
              0,
              Object.fromEntries([
                [odd, i],
                ["text", odd],
              ]),
            ),
          ],
        });
        await store.compact(id);
        expect(await store.getRun(id)).toMatchObject(own);
        expect((await readAll(id))[0]!.values).toEqual(
          Object.fromEntries([
            [odd, i],
            ["text", odd],
          ]),
        );
        expect(await points({ runId: id, key: odd })).toEqual([[0, i]]);
        expect((await store.listRuns({ entity: odd, project: odd })).runs.map((run) => run.id)).toEqual([id]);
        const value = fieldValue(await store.getRun(id), `config.${odd}`);
        expect(value).toEqual(Object.fromEntries([[odd, odd]]));
      }
    });

    test("everything is there when the store is opened again", async () => {
      await store.createRun(newRun("a"));
      await store.append("a", { rows: [rowOf(0, { loss: 1 })] });
      await store[Symbol.asyncDispose]();
      store = await where.open();
      expect(await readAll("a")).toEqual([rowOf(0, { loss: 1 })]);
    });
  });
}

/** The three texts that stand for numbers are these numbers. */
function withoutNumberTexts(row: HistoryRow): HistoryRow {
  const values = Object.entries(row.values).map(([key, value]) => [
    key,
    ["NaN", "Infinity", "-Infinity"].includes(value as string) ? Number(value) : value,
  ]);
  return { ...row, values: Object.fromEntries(values) };
}

async function text(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const piece of pieces) parts.push(piece);
  return Buffer.concat(parts).toString();
}
