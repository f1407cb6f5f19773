import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { storeFolder } from "../../test/store-folder.ts";
import { predictionsOf } from "../model/evaluation.ts";
import { crashedAfterMs } from "../model/run.ts";
import { thisWriter } from "../store/process-writer.ts";
import { openSqliteStore } from "../store/sqlite/sqlite-store.ts";
import { restoreFiles } from "./files.ts";
import { openTracker, type Tracker } from "./open-tracker.ts";

const quiet = { captureConsole: false, systemEveryMs: 0 } as const;
const scope = { entity: "local", project: "shoes" };

describe("a run", () => {
  let folder: Awaited<ReturnType<typeof storeFolder>>;
  let tracker: Tracker;
  let messages: string[];
  beforeEach(async () => {
    folder = await storeFolder();
    messages = [];
    tracker = await openTracker({ folder: folder.path, onMessage: (message) => messages.push(message) });
  });
  afterEach(async () => {
    await tracker[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });
  const start = (more = {}) => tracker.startRun({ project: "shoes", ...quiet, ...more });
  const stored = (id: string) => tracker.store.getRun(id);

  test("records what is logged and how it ended", async () => {
    const run = await start({ config: { lr: 0.1 }, tags: ["x"], notes: "n", group: "g", jobType: "train" });
    run.log({ loss: 2 });
    run.log({ loss: Number.NaN, note: "hm" }, { step: 7 });
    run.log({ loss: 1 });
    await run.flush();
    const { rows } = await tracker.store.readRows({ runId: run.id });
    expect(rows.map(({ step, values }) => [step, values])).toEqual([
      [0, { loss: 2 }],
      [7, { loss: Number.NaN, note: "hm" }],
      [8, { loss: 1 }],
    ]);
    run.setConfig({ extra: true });
    run.setSummary({ test_accuracy: 0.9 });
    await run.finish({ state: "failed", error: "because" });
    expect(await stored(run.id)).toMatchObject({
      state: "failed",
      error: "because",
      config: { lr: 0.1, extra: true },
      summary: { loss: 1, note: "hm", test_accuracy: 0.9 },
      group: "g",
      jobType: "train",
    });
    expect(() => run.log({ loss: 1 })).toThrow("it is finished");
    await run.finish(); // the first ending counts
    expect((await stored(run.id)).state).toBe("failed");
  });

  test("sums metrics up as they are defined, whatever the order of steps", async () => {
    await using run = await start({ metrics: { down: { summary: "min" } } });
    run.defineMetric("up", { summary: "max" });
    run.defineMetric("best", { summary: "best", goal: "minimize" });
    const values = [3, Number.NaN, 1, 2];
    values.forEach((value, i) => {
      run.log({ down: value, up: value, best: value, last: value }, { step: [5, 0, 9, 2][i]! });
    });
    await run.flush();
    expect((await stored(run.id)).summary).toEqual({ down: 1, up: 3, best: 1, last: 1 });
  });

  test("that logs all the time writes a few times a second", async () => {
    const run = await start();
    await run.flush();
    const { cursor } = await tracker.store.changesSince();
    for (let step = 0; step < 50; step++) {
      run.log({ loss: step });
      await setTimeout(20);
    }
    const writes = (await tracker.store.changesSince()).cursor - cursor;
    expect(writes).toBeGreaterThanOrEqual(2);
    expect(writes).toBeLessThanOrEqual(6);
  });

  test("goes on where it ended", async () => {
    const first = await start();
    first.log({ loss: 1 });
    await first.finish();
    const again = await tracker.resumeRun(first.id, quiet);
    expect((await stored(first.id)).state).toBe("running");
    again.log({ loss: 2 });
    await again.finish();
    const [series] = await tracker.store.readSeries({ runIds: [first.id], keys: ["loss"] });
    expect([...series!.x, ...series!.y]).toEqual([0, 1, 1, 2]);
    await expect(tracker.resumeRun("nothing")).rejects.toMatchObject({ code: "not-found" });
    await expect(start({ id: first.id })).rejects.toMatchObject({ code: "conflict" });
  });

  test("that is deleted, or that another process has taken over, is let go of, and says so once", async () => {
    const [deleted, taken] = [await start(), await start()];
    await tracker.store.deleteRun(deleted.id);
    const writer = { ...thisWriter, pid: thisWriter.pid + 1, host: "elsewhere" };
    const muchLater = () => Date.now() + 2 * crashedAfterMs; // it was asleep for long
    await using other = openSqliteStore({ folder: folder.path, now: muchLater });
    await other.resumeRun(taken.id, writer);
    for (const run of [deleted, taken]) {
      run.log({ loss: 1 });
      await expect(run.flush()).rejects.toThrow(run.id);
      run.log({ loss: 2 });
      await expect(run.flush()).rejects.toThrow(run.id);
      await run.finish();
    }
    expect(messages).toEqual([
      expect.stringContaining(`run ${deleted.name} is not recorded any further: there is no run`),
      expect.stringContaining(`run ${taken.name} is not recorded any further: run ${taken.name}`),
    ]);
    expect(await stored(taken.id)).toMatchObject({ state: "running", writer, next: { row: 0 } });
    await (await openTracker({ folder: folder.path }))[Symbol.asyncDispose](); // nothing of them waits
  });

  test("keeps images, tables and histograms", async () => {
    await using run = await start();
    const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 1, 2);
    await run.logImages("samples", [{ image: png, caption: "a shoe" }]);
    await run.logTable("table", {
      columns: ["x", "y"],
      rows: [
        [1, Number.NaN],
        [2, "b"],
      ],
    });
    run.logHistogram("weights", [0, 1, 1, Number.NaN], { bins: 2 });
    await run.flush();
    const { rows } = await tracker.store.readRows({ runId: run.id });
    const [images, table, weights] = rows.map(({ values }) => Object.values(values)[0]) as never[];
    expect(images).toMatchObject({
      type: "images",
      images: [{ contentType: "image/png", caption: "a shoe", sizeBytes: 6 }],
    });
    expect(table).toMatchObject({ type: "table", columns: ["x", "y"], rowCount: 2 });
    expect(weights).toEqual({ type: "histogram", edges: [0, 0.5, 1], counts: [1, 2] });
  });

  test("refuses values that history cannot hold", async () => {
    await using run = await start();
    expect(() => run.log({ loss: undefined as never })).toThrow(
      '"loss": expected a number, a text or a logged object, got undefined',
    );
    expect(() => run.log({ loss: { type: "nonsense" } as never })).toThrow("got object");
    expect(() => run.log({ loss: 1 }, { step: Number.NaN })).toThrow("expected a finite step");
    run.log({ loss: 1 });
    await run.flush();
    expect((await tracker.store.readRows({ runId: run.id })).rows).toMatchObject([{ row: 0, step: 0 }]);
  });

  test("refuses a config and a summary that no store can hold, and records all else", async () => {
    const inItself: Record<string, never> = {};
    inItself.self = inItself as never;
    await expect(start({ config: { big: 1n } })).rejects.toThrow(
      "config: expected values that JSON can hold",
    );
    await using run = await start();
    expect(() => run.setConfig(inItself)).toThrow("setConfig: expected values that JSON can hold");
    expect(() => run.setSummary({ big: 1n as never })).toThrow(
      "setSummary: expected values that JSON can hold",
    );
    const config = { callback: (() => 1) as never, list: [1] };
    run.setConfig(config);
    config.list.push(2); // what was said is what counts
    run.log({ loss: 1 });
    await run.flush();
    expect(await stored(run.id)).toMatchObject({ config: { list: [1] }, summary: { loss: 1 } });
  });

  test("gives its files back as they were", async () => {
    await using run = await start();
    const source = join(folder.path, "model.bin");
    await writeFile(source, "weights");
    await run.saveFile("out/model.bin", source);
    await run.saveFile("notes.txt", new TextEncoder().encode("hello"));
    const files = await tracker.store.listFiles(run.id);
    const target = join(folder.path, "restored");
    const restored = await restoreFiles(tracker.store.blobs, files, target);
    expect(restored.map(({ path }) => path)).toEqual(["notes.txt", "out/model.bin"]);
    expect(await readFile(join(target, "out/model.bin"), "utf8")).toBe("weights");
    await writeFile(join(folder.path, "blobs", files[0]!.sha256), "hellO");
    await expect(restoreFiles(tracker.store.blobs, files, target)).rejects.toMatchObject({
      code: "bad-store",
    });
    expect(await readFile(join(target, "notes.txt"), "utf8")).toBe("hello"); // the earlier file stays
    await restoreFiles(tracker.store.blobs, [{ ...files[1]!, path: "..x" }], target);
    const file = { ...files[0]!, path: "notes.txt/below" };
    await expect(restoreFiles(tracker.store.blobs, [file], target)).rejects.toMatchObject({
      code: "cannot-write",
    });
    await rm(join(folder.path, "blobs", files[0]!.sha256));
    await expect(restoreFiles(tracker.store.blobs, files, target)).rejects.toThrow(
      "notes.txt: its content is missing",
    );
    for (const path of ["../x", "/../x", "a/../../x", "", ".", "nul\0"]) {
      const file = { ...files[0]!, path };
      await expect(restoreFiles(tracker.store.blobs, [file], target)).rejects.toMatchObject({
        code: "bad-argument",
      });
    }
  });

  test("makes and uses artifacts", async () => {
    await using maker = await start();
    await using user = await start();
    const files = { "w.bin": new Uint8Array([1, 2]) };
    await maker.logArtifact({ type: "model", name: "net", aliases: ["best"], files });
    const used = await user.useArtifact("net:best");
    expect(used).toMatchObject({ version: 0, producedBy: maker.id });
    expect((await tracker.store.getArtifact({ ...scope, name: "net", alias: "latest" })).usedBy).toEqual([
      user.id,
    ]);
    await expect(user.useArtifact("net:v5")).rejects.toMatchObject({ code: "not-found" });
  });

  test("keeps evaluations", async () => {
    await using run = await start();
    await run.logEvaluation({
      data: "toy",
      part: "test",
      dataChecksum: "c",
      classNames: ["a", "b"],
      metrics: { accuracy: 1 },
      confusion: [
        [1, 0],
        [0, 0],
      ],
      predictions: predictionsOf([1, 0], [0]),
    });
    expect(await tracker.store.listEvaluations([run.id])).toMatchObject([{ imageCount: 1, data: "toy" }]);
  });

  test("records console, machine and environment", async () => {
    const run = await tracker.startRun({ project: "shoes", systemEveryMs: 60_000 });
    process.stderr.write("a line\nbar 1\rbar 2\r");
    process.stderr.write("bar 3\n");
    await run.finish();
    process.stderr.write("not of the run\n");
    const { lines } = await tracker.store.readConsole({ runId: run.id });
    expect(lines.map(({ text, stream }) => [stream, text])).toEqual([
      ["stderr", "a line"],
      ["stderr", "bar 3"],
    ]);
    const { rows } = await tracker.store.readRows({ runId: run.id, stream: "system" });
    expect(Object.keys(rows[0]!.values)).toEqual(
      expect.arrayContaining(["process.memory.bytes", "memory.percent", "disk.percent"]),
    );
    const environment = await tracker.store.getEnvironment(run.id);
    expect(environment.command).toEqual(process.argv);
    expect(environment.host!.cores).toBeGreaterThan(0);
  });
});
