import { createHash } from "node:crypto";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { encodePng } from "@atelier/charts";
import { openSqliteStore } from "@atelier/tracker";
import { apiClient } from "@atelier/tracker/api";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { expect, onTestFinished, test } from "vitest";
import { type Workshop, workshop } from "../../test/workshop.ts";

/** Starts a command that serves, and stops it when the test is over. */
async function serving(shop: Workshop, args: readonly string[]) {
  const stop = new AbortController();
  let said = "";
  const heard = Promise.withResolvers<void>();
  const done = shop.run([...args, "--json"], {
    signal: stop.signal,
    onMessage: (text) => {
      said += text;
      if (said.includes("Ctrl-C")) heard.resolve();
    },
  });
  onTestFinished(async () => {
    stop.abort();
    await done;
  });
  await Promise.race([heard.promise, done.then(({ stderr }) => heard.reject(new Error(stderr)))]);
  return { said, stop: () => stop.abort(), done };
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as { readonly port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

test("ui serves what was trained: runs, their data, and the model", async () => {
  const shop = await workshop();
  expect((await shop.run(["train", "tiny.yaml", "--executor", "reference", "--name", "first"])).code).toBe(0);
  const port = await freePort();
  const server = await serving(shop, ["ui", "--port", String(port)]);
  const { call, send } = apiClient({ url: `http://127.0.0.1:${port}` });

  const { runs } = await call("listRuns");
  expect(runs).toMatchObject([{ name: "first", dataset: { name: "data" } }]);
  const { id: runId, dataset } = runs[0]!;
  const [evaluation] = await call("listRunEvaluations", { parameters: { runId } });

  const name = "data";
  const described = await call("describeDataset", {
    parameters: { name },
    query: { checksum: dataset!.checksum },
  });
  expect(described).toMatchObject({ name, shape: [8, 8, 1], classNames: ["0", "1", "2"] });
  expect(described.parts).toMatchObject([
    { part: "train", imageCount: 90, classCounts: [30, 30, 30] },
    { part: "test", imageCount: 30, checksum: evaluation!.dataChecksum },
  ]);
  expect(described.checksum).toBe(dataset!.checksum);
  const missing = call("describeDataset", { parameters: { name }, query: { checksum: "0" } });
  await expect(missing).rejects.toMatchObject({ code: "not-found" });
  for (const other of ["/etc", "../photos", "photos"]) {
    const parameters = { name: other };
    await expect(call("describeDataset", { parameters, query: {} })).rejects.toMatchObject({
      code: "not-found",
    });
  }

  const pixels = new Uint8Array(await readFile(join(shop.folder, "data", "test-images-idx3-ubyte")));
  const third = pixels.subarray(16 + 2 * 64, 16 + 3 * 64);
  const png = await call("readImage", { parameters: { name, part: "test", index: "2" }, query: {} });
  expect(png).toEqual(encodePng({ pixels: third, height: 8, width: 8, channels: 1 }));
  const samples = (seed: number) =>
    call("listSamples", { parameters: { name, part: "train" }, query: { class: 1, count: 5, seed } });
  expect(await samples(3)).toEqual(await samples(3));
  expect(await samples(3)).not.toEqual(await samples(4));
  expect((await samples(3)).every(({ label, index }) => label === 1 && index % 3 === 1)).toBe(true);

  const near = await call("listNeighbours", {
    parameters: { name, part: "train", index: "5" },
    query: { count: 3 },
  });
  const train = new Uint8Array(await readFile(join(shop.folder, "data", "train-images-idx3-ubyte"))).subarray(
    16,
  );
  const distance = (a: number, b: number) =>
    Math.hypot(...Array.from({ length: 64 }, (_, i) => (train[a * 64 + i]! - train[b * 64 + i]!) / 255));
  const all = Array.from({ length: 90 }, (_, index) => ({ index, distance: distance(5, index) }));
  const expected = all
    .filter(({ index }) => index !== 5)
    .sort((a, b) => a.distance - b.distance || a.index - b.index);
  expect(near.map(({ distance }) => distance)).toEqual(
    expected.slice(0, 3).map((one) => expect.closeTo(one.distance, 9)),
  );
  expect(near[0]!.index).toBe(expected[0]!.index);
  expect(near[0]!.label).toBe(near[0]!.index % 3);
  for (const [part, index] of [
    ["train", "90"],
    ["validation", "0"],
    ["test", "-1"],
  ] as const) {
    await expect(call("readImage", { parameters: { name, part, index }, query: {} })).rejects.toThrow(
      /expected/,
    );
  }

  const model = await call("describeModel", { parameters: { runId } });
  expect(model).toMatchObject({ input: [8, 8, 1], classNames: ["0", "1", "2"], parameters: { total: 547 } });
  expect(model.isKept).toBe(true);
  expect(model.layers.at(-1)).toMatchObject({ type: "Dense", settings: { units: 3, activation: "linear" } });
  const onnx = await call("exportModel", { parameters: { runId } });
  const session = await InferenceSession.create(onnx);
  const images = new Tensor("uint8", third, [1, 8, 8, 1]);
  const output = await session.run({ [session.inputNames[0]!]: images });
  expect(output[session.outputNames[0]!]!.dims).toEqual([1, 3]);

  await using store = openSqliteStore({ folder: join(shop.folder, ".atelier") });
  const { config } = runs[0]!;
  await store.createRun({ id: "planned", entity: "local", project: "data", config, dataset, createdAt: 0 });
  await store.createRun({ id: "bare", entity: "local", project: "data", createdAt: 0 });
  const planned = await call("describeModel", { parameters: { runId: "planned" } });
  expect(planned).toEqual({ ...model, isKept: false });
  for (const other of ["bare", "nobody"]) {
    const parameters = { runId: other };
    await expect(call("describeModel", { parameters })).rejects.toMatchObject({ code: "not-found" });
  }

  const files = await call("listFiles", { parameters: { runId } });
  const file = files.find(({ path }) => path === "model.safetensors")!;
  const bytes = await call("readFile", { parameters: { runId, "*": file.path } });
  expect(createHash("sha256").update(bytes).digest("hex")).toBe(file.sha256);

  const live = await send("followChanges", { query: {} });
  server.stop();
  expect((await server.done).code).toBe(0); // although somebody listens
  await live.body?.cancel();
});

test("a data set is one entry, whatever part of it runs train on", async () => {
  const shop = await workshop();
  for (const settings of [
    ["--seed", "1"],
    ["--seed", "2"],
    ["--limit", "40"],
  ]) {
    const train = ["train", "tiny.yaml", "--executor", "reference", "--epochs", "1", ...settings];
    expect((await shop.run(train)).code).toBe(0);
  }
  const port = await freePort();
  await serving(shop, ["ui", "--port", String(port)]);
  const { call } = apiClient({ url: `http://127.0.0.1:${port}` });
  const datasets = await call("listDatasets");
  expect(datasets).toMatchObject([{ name: "data", runCount: 3 }]);
  const [{ name, checksum }] = datasets as [(typeof datasets)[number]];
  const described = await call("describeDataset", { parameters: { name }, query: { checksum } });
  expect(described).toMatchObject({ checksum, parts: [{ checksum }, {}] });
});

test("a taken port is said, with one that is free; without --port the next one is taken", async () => {
  const shop = await workshop();
  const blocker = createServer();
  await new Promise<void>((resolve) => blocker.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void blocker.close());
  const { port } = blocker.address() as { readonly port: number };
  const refused = await shop.run(["ui", "--port", String(port)]);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(new RegExp(`port ${port} is taken; \\d+ is free: --port \\d+`));
  expect(await shop.run(["ui", "--port", "70000"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--port: expected a whole number from 0 to 65535, got "70000"'),
  });
  await serving(shop, ["ui"]);
  await serving(shop, ["ui"]);
});

test("serve makes no key for a store that it cannot serve", async () => {
  const shop = await workshop();
  const folder = join(shop.folder, ".atelier");
  await openSqliteStore({ folder })[Symbol.asyncDispose]();
  const database = new DatabaseSync(join(folder, "atelier.db"));
  database.exec("PRAGMA user_version = 99");
  database.close();
  const refused = await shop.run(["serve", "--port", "0"]);
  expect(refused).toMatchObject({ code: 12, stderr: expect.stringContaining("install a newer Atelier") });
  expect(refused.stderr).not.toContain("access key");
  expect(await readdir(folder)).not.toContain("access-key");
});

test("serve asks for the key that it shows once, and login keeps it", async () => {
  const shop = await workshop();
  const port = await freePort();
  const server = await serving(shop, ["serve", "--port", String(port)]);
  const key = /access key, shown this once: (\S+)/.exec(server.said)![1]!;
  const url = `http://127.0.0.1:${port}`;
  await expect(apiClient({ url }).call("listProjects")).rejects.toMatchObject({ code: "no-access" });
  expect(await apiClient({ url, key }).call("listProjects")).toEqual([]);
  const kept = await readFile(join(shop.folder, ".atelier", "access-key"), "utf8");
  expect(kept).toMatch(/^scrypt\$/);
  expect(kept).not.toContain(key);

  expect((await shop.run(["login", url], { secret: "wrong" })).code).toBe(14);
  expect((await shop.run(["login", `${url}/`], { secret: key })).code).toBe(0);
  const file = join(shop.folder, "config", "access-keys.json");
  expect(JSON.parse(await readFile(file, "utf8"))).toEqual({ [url]: key });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const far = { server: url };
  const trained = ["train", "tiny.yaml", "--executor", "reference", "--epochs", "1", "--name", "far"];
  expect((await shop.run(trained, far)).code).toBe(0);
  expect(JSON.parse((await shop.run(["runs", "show", "far", "--json"], far)).stdout).run).toMatchObject({
    name: "far",
    state: "finished",
  });
  expect((await shop.run(["evaluate", "far", "--executor", "reference"], far)).code).toBe(0);
  expect((await shop.run(["login", "studio"], { secret: key })).stderr).toContain(
    "expected the address of a server",
  );

  server.stop();
  await server.done;
  const again = await serving(shop, ["serve", "--port", String(port)]);
  expect(again.said).not.toContain("access key");
  again.stop();
  await again.done;
  const renewed = await serving(shop, ["serve", "--port", String(port), "--new-key"]);
  expect(renewed.said).toContain("access key");
  await expect(apiClient({ url, key }).call("listProjects")).rejects.toMatchObject({ code: "no-access" });
  renewed.stop();
  await renewed.done;
  const hash = join(shop.folder, ".atelier", "access-key");
  await writeFile(hash, "junk");
  expect(await shop.run(["serve", "--port", String(port)])).toMatchObject({
    code: 11,
    stderr: expect.stringContaining(`${hash}: expected the hash of an access key`),
  });
  expect(await readFile(hash, "utf8")).toBe("junk");
});
