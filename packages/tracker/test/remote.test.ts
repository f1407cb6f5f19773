/** Runs recorded on a server, over real HTTP. */
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { apiClient } from "../src/api/index.ts";
import { openSqliteStore, openTracker } from "../src/index.ts";
import { durationMs } from "../src/model/index.ts";
import { hashAccessKey, newAccessKey } from "../src/server/access-key.ts";
import { openServer } from "../src/server/open-server.ts";
import { runProgram } from "./processes/run-process.ts";
import { storeFolder } from "./store-folder.ts";

const quiet = { captureConsole: false, systemEveryMs: 0 };

test("a program records on a server as it does in a folder", async () => {
  await using folder = await storeFolder();
  await using store = openSqliteStore({ folder: folder.path });
  const key = newAccessKey();
  const keyHash = await hashAccessKey(key);
  await using server = await openServer({ store, port: 0, version: "0.0.0", keyHash });

  for (const wrong of [undefined, "wrong"]) {
    const opened = openTracker({ url: server.url, key: wrong });
    await expect(opened).rejects.toMatchObject({ code: "no-access" });
  }
  const model = join(folder.path, "model.bin");
  await writeFile(model, new Uint8Array(3_000_000).fill(7));
  let runId: string;
  {
    await using tracker = await openTracker({ url: `${server.url}/`, key });
    await using run = await tracker.startRun({ project: "far", config: { rate: 0.1 }, ...quiet });
    runId = run.id;
    for (let step = 0; step < 5000; step++) run.log({ loss: step === 7 ? Number.NaN : 1 / (step + 1) });
    await run.logTable("table", { columns: ["a"], rows: [[1], [Number.NaN]] });
    await run.saveFile("model.bin", model);
    await run.logArtifact({ type: "model", name: "net", files: { "model.bin": model } });
  }
  const run = await store.getRun(runId);
  expect(run).toMatchObject({ project: "far", state: "finished", config: { rate: 0.1 } });
  expect(run.summary.loss).toBe(1 / 5000);
  const [series] = await store.readSeries({ runIds: [runId], keys: ["loss"] });
  expect(series!.total).toBe(5000);
  expect(series!.y[7]).toBeNaN();
  expect(await store.listFiles(runId)).toMatchObject([{ path: "model.bin", sizeBytes: 3_000_000 }]);
  expect(await store.listArtifacts({ runId })).toMatchObject([{ name: "net", version: 0 }]);
  expect((await store.getEnvironment(runId)).runtime).toMatch(/^Node/i);
});

test("a server that is killed again and again costs no row and no program", async () => {
  await using folder = await storeFolder();
  const port = await freePort();
  const messages: string[] = [];
  const killed = Promise.withResolvers<void>();
  const done = Promise.withResolvers<void>();
  const servers = (async () => {
    const serve = (killAfterMs: number | Promise<void>) =>
      runProgram("serve-store.ts", [folder.path, String(port)], { killAfterMs });
    for (const killAfterMs of [150, 270, 390]) await serve(killAfterMs);
    killed.resolve();
    await serve(done.promise);
  })();
  onTestFinished(() => {
    done.resolve();
    return servers;
  });
  const url = `http://127.0.0.1:${port}`;
  const tracker = await openTracker({ url, onMessage: (message) => messages.push(message) });
  const run = await tracker.startRun({ project: "far", ...quiet });
  const count = 3000;
  for (let row = 0; row < count; row++) {
    run.log({ row });
    if (row % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 4));
  }
  await killed.promise;
  // A flush that a killed server cut short says so; what it was about stays queued.
  for (let tries = 0; tries < 20; tries++) {
    if (
      await run.flush().then(
        () => true,
        () => false,
      )
    )
      break;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  await run.finish();
  await tracker[Symbol.asyncDispose]();
  done.resolve();
  await servers;
  await using store = openSqliteStore({ folder: folder.path });
  const { rows } = await store.readRows({ runId: run.id, limit: count + 1 });
  expect(rows.map(({ values }) => values.row)).toEqual(Array.from({ length: count }, (_, row) => row));
  expect((await store.getRun(run.id)).state).toBe("finished");
  expect(messages.every((message) => message.includes(run.name))).toBe(true);
});

test.each([-120_000, 120_000])(
  "a run whose machine's clock is %i ms off shows how long it has worked",
  async (offset) => {
    await using folder = await storeFolder();
    await using store = openSqliteStore({ folder: folder.path });
    await using server = await openServer({ store, port: 0, version: "0.0.0" });
    const { lines } = await runProgram("log-with-clock.ts", [server.url, String(offset)], {
      killAfterMs: 2000,
    });
    const run = await apiClient({ url: server.url }).call("getRun", { parameters: { runId: lines[0]! } });
    expect(run.finishedAt).toBeUndefined();
    expect(Math.abs(run.createdAt - offset - run.startedAt)).toBeLessThan(10_000);
    expect(durationMs(run)).toBeGreaterThan(500);
    expect(durationMs(run)).toBeLessThan(10_000);
  },
);

test("what is more than a server takes at once goes in parts", async () => {
  await using folder = await storeFolder();
  await using store = openSqliteStore({ folder: folder.path });
  await using server = await openServer({ store, port: 0, version: "0.0.0" });
  await using tracker = await openTracker({ url: server.url });
  const run = await tracker.startRun({ project: "far", ...quiet });
  const note = "é".repeat(4 << 20);
  for (let row = 0; row < 9; row++) run.log({ note: `${row}${note}` }); // 72 MiB
  await run.flush();
  await run.finish();
  const { rows } = await store.readRows({ runId: run.id });
  expect(rows.map(({ values }) => String(values.note)[0]).join("")).toBe("012345678");
});

test("a server that takes calls and answers none is one that is away", async () => {
  const silent = createServer();
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  onTestFinished(() => void silent.close());
  const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const signal = AbortSignal.timeout(50);
  await expect(apiClient({ url }).call("listProjects", { signal })).rejects.toMatchObject({
    code: "unreachable",
  });
});

async function freePort(): Promise<number> {
  await using folder = await storeFolder();
  await using store = openSqliteStore({ folder: folder.path });
  await using server = await openServer({ store, port: 0, version: "0.0.0" });
  return server.port;
}
