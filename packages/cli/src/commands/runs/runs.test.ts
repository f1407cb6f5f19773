import { mkdir, readdir, readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openSqliteStore } from "@atelier/tracker";
import { parquetReadObjects } from "hyparquet";
import { describe, expect, test } from "vitest";
import { type Workshop, workshop } from "../../../test/workshop.ts";

const tiny = ["train", "tiny.yaml", "--executor", "reference"];
const oneEpoch = [...tiny, "--epochs", "1"];

async function trained(args: readonly string[] = []): Promise<Workshop> {
  const shop = await workshop();
  expect((await shop.run([...oneEpoch, "--name", "first", ...args])).code).toBe(0);
  return shop;
}

async function json(shop: Workshop, ...args: readonly string[]) {
  const { code, stdout, stderr } = await shop.run([...args, "--json"]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return JSON.parse(stdout);
}

describe("a training is recorded", () => {
  test("with recipe, history, scores, files, artifact, evaluation and environment", async () => {
    const shop = await workshop();
    const more = ["--tag", "x", "--tag", "y z", "--notes", "why", "--group", "g", "--project", "shapes"];
    const result = await json(shop, ...tiny, ...more);
    const shown = await json(shop, "runs", "show", result.run);
    expect(shown.run).toMatchObject({
      state: "finished",
      project: "shapes",
      group: "g",
      tags: ["x", "y z"],
      notes: "why",
      config: { name: "tiny", epochs: 4, seed: 0, parameters: result.parameters, executor: "reference" },
      summary: {
        test_accuracy: result.test.accuracy,
        test_loss: result.test.loss,
        val_loss: result.validation.loss,
        epochs: 4,
      },
      dataset: { name: "data", checksum: expect.stringMatching(/^[0-9a-f]{64}$/) },
      next: { row: 4 },
    });
    expect(shown.files.map(({ path }: { path: string }) => path)).toEqual([
      "history.json",
      "model.safetensors",
      "recipe.yaml",
    ]);
    expect(shown.artifacts).toMatchObject([{ type: "model", name: "tiny", aliases: ["best", "latest"] }]);
    expect(shown.evaluations).toMatchObject([{ part: "test", imageCount: 30, metrics: { accuracy: 1 } }]);
    expect(shown.environment.host.cores).toBeGreaterThan(0);
    expect((await shop.run(["runs", "show", result.run])).stdout).toContain("shapes");
  });

  test("and the model that did best in validation is called so", async () => {
    const shop = await workshop();
    await shop.run([...tiny, "--name", "long"]);
    await shop.run([...oneEpoch, "--name", "short"]);
    const aliases = async (run: string) => (await json(shop, "runs", "show", run)).artifacts[0].aliases;
    expect(await aliases("long")).toEqual(["best"]);
    expect(await aliases("short")).toEqual(["latest"]);
  });

  test("but not with --no-track, nor where nothing can be written, which is said", async () => {
    const shop = await workshop();
    expect((await json(shop, ...oneEpoch, "--no-track")).run).toBeNull();
    expect(await readdir(shop.folder)).not.toContain(".atelier");
    await writeFile(join(shop.folder, ".atelier"), "a file where the folder should be");
    const { code, stderr } = await shop.run(oneEpoch);
    expect(code).toBe(0);
    expect(stderr.match(/this training is not recorded/g)).toHaveLength(1);
  });

  test("as stopped, and goes on in the same run when it is resumed", async () => {
    const shop = await workshop();
    const stop = new AbortController();
    const onMessage = (text: string) => {
      if (text.includes("2/4")) stop.abort();
    };
    expect((await shop.run(tiny, { signal: stop.signal, onMessage })).code).toBe(130);
    const [before] = (await json(shop, "runs")).runs;
    expect(before).toMatchObject({ state: "stopped", next: { row: 2 } });
    const result = await json(
      shop,
      "train",
      "--resume",
      "out/tiny-1/checkpoint.safetensors",
      "--executor",
      "reference",
    );
    const after = await json(shop, "runs");
    expect(after.total).toBe(1);
    expect(after.runs[0]).toMatchObject({ id: result.run, state: "finished", next: { row: 4 } });
    const { stdout } = await shop.run(["runs", "export", result.run]);
    const steps = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).step);
    expect(steps).toEqual([1, 2, 3, 4]);
  });

  test("with the epochs that a killed process had kept and not yet recorded", async () => {
    const shop = await workshop();
    const stop = new AbortController();
    const onMessage = (text: string) => {
      if (text.includes("2/4")) stop.abort();
    };
    await shop.run(tiny, { signal: stop.signal, onMessage });
    const [{ id }] = (await json(shop, "runs")).runs;
    const longAgo = () => 1; // so that the run has crashed
    const store = openSqliteStore({ folder: join(shop.folder, ".atelier"), now: longAgo });
    const { rows } = await store.readRows({ runId: id });
    await store.deleteRun(id);
    await store.createRun({ id, entity: "local", project: "data", createdAt: 1 });
    await store.append(id, { rows: rows.slice(0, 1) });
    await store[Symbol.asyncDispose]();
    await json(shop, "train", "--resume", "out/tiny-1/checkpoint.safetensors", "--executor", "reference");
    const { stdout } = await shop.run(["runs", "export", id]);
    const exported = stdout.trim().split("\n");
    expect(exported.map((line) => JSON.parse(line).step)).toEqual([1, 2, 3, 4]);
    expect(JSON.parse(exported[1]!).loss).toBe(rows[1]!.values.loss);
  });

  test("as failed, with the reason", async () => {
    const shop = await workshop();
    await shop.run([...tiny, "--set", "optimizer.learningRate=1e30"]);
    const [run] = (await json(shop, "runs")).runs;
    expect(run).toMatchObject({ state: "failed", error: expect.stringContaining("diverged") });
  });

  test("not at all in a store of a newer version, which is refused before training", async () => {
    const shop = await trained();
    const { DatabaseSync } = await import("node:sqlite");
    const database = new DatabaseSync(join(shop.folder, ".atelier", "atelier.db"));
    database.exec("PRAGMA user_version = 99");
    database.close();
    const { code, stderr } = await shop.run(oneEpoch);
    expect(code).toBe(12);
    expect(stderr).toContain("install a newer Atelier");
    expect(await readdir(join(shop.folder, "out"))).toEqual(["tiny-1"]);
  });
});

describe("runs", () => {
  const twoRuns = async () => {
    const shop = await trained(["--tag", "tryout"]);
    const settings = ["--set", "optimizer.learningRate=0.5", "--set", "layers.1.rate=0.3", "--seed", "1"];
    await shop.run([...oneEpoch, "--name", "second", ...settings]);
    return shop;
  };

  test("are listed, filtered and sorted", async () => {
    const shop = await twoRuns();
    const names = async (...args: readonly string[]) =>
      (await json(shop, "runs", ...args)).runs.map(({ name }: { name: string }) => name);
    expect(await names()).toEqual(["second", "first"]);
    expect(await names("--sort", "name")).toEqual(["first", "second"]);
    expect(await names("--sort", "-config.optimizer.learningRate")).toEqual(["second", "first"]);
    expect(await names("--filter", "tags has tryout and state = finished")).toEqual(["first"]);
    expect(await names("--project", "none")).toEqual([]);
    expect(await names("--filter", "config.layers.1.rate > 0.2")).toEqual(["second"]);
    const { stdout } = await shop.run(["runs", "--columns", "config.seed, test_accuracy", "--limit", "1"]);
    expect(stdout).toMatch(/^run +id +state +started +time +config.seed +test_accuracy\n/);
    expect(stdout).toContain("1 more; show them with --limit 2.");
    const wrong = await shop.run(["runs", "--filter", "state ="]);
    expect(wrong).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("filter: expected a value, got the end"),
    });
  });

  test("are compared by what differs", async () => {
    const shop = await twoRuns();
    const { differences, answers } = await json(shop, "runs", "compare", "first", "second");
    const [{ bothRight, bothWrong, fixed, broken }] = answers;
    expect(bothRight + bothWrong + fixed.length + broken.length).toBe(30);
    const { stdout } = await shop.run(["runs", "compare", "first", "second"]);
    expect(stdout).toContain("McNemar, exact");
    expect(stdout).toMatch(/^layers\.1\.rate \(dropout\) +0\.1 +0\.3$/m);
    expect(differences["config.optimizer.learningRate"]).toEqual([0.01, 0.5]);
    expect(differences["config.layers.1.rate"]).toEqual([0.1, 0.3]);
    expect(differences["config.seed"]).toEqual([0, 1]);
    expect(differences).not.toHaveProperty("config.epochs");
    expect((await shop.run(["runs", "compare", "first"])).code).toBe(2);
  });

  test("are tagged and found by id, name or nearly", async () => {
    const shop = await twoRuns();
    expect((await json(shop, "runs", "tag", "first", "best", "tryout")).tags).toEqual(["tryout", "best"]);
    expect((await json(shop, "runs", "tag", "first", "best", "--remove")).tags).toEqual(["tryout"]);
    const wrong = await shop.run(["runs", "show", "frist"]);
    expect(wrong).toMatchObject({ code: 9, stderr: expect.stringContaining('Did you mean "first"?') });
    const store = openSqliteStore({ folder: join(shop.folder, ".atelier") });
    await store.createRun({ id: "x", name: "\x1b[31mred", entity: "local", project: "p", createdAt: 1 });
    await store[Symbol.asyncDispose]();
    expect((await shop.run(["runs", "show", "[31mred"])).stderr).toContain('Did you mean "\\x1b[31mred"?');
  });

  test("are exported with their history as JSON lines, CSV and Parquet", async () => {
    const shop = await twoRuns();
    const lines = (await shop.run(["runs", "export", "first", "second"])).stdout.trim().split("\n");
    const rows = lines.map((line) => JSON.parse(line));
    expect(rows).toMatchObject([
      { row: 0, step: 1, loss: expect.any(Number) },
      { row: 0, step: 1, val_accuracy: expect.any(Number) },
    ]);
    const csv = (await shop.run(["runs", "export", "first", "--format", "csv"])).stdout.split("\r\n");
    expect(csv[0]).toBe(
      "run,row,step,time,accuracy,images_per_second,learning_rate,loss,seconds,val_accuracy,val_loss",
    );
    expect(csv[1]!.split(",")[7]).toBe(String(rows[0].loss));
    await shop.run(["runs", "export", "first", "second", "--out", "history.parquet"]);
    const file = await readFile(join(shop.folder, "history.parquet"));
    const read = await parquetReadObjects({ file: new Uint8Array(file).buffer });
    expect(read.map(({ run, loss }) => [run, loss])).toEqual(rows.map(({ run, loss }) => [run, loss]));
    const table = (await shop.run(["runs", "export", "--filter", "name = second"])).stdout;
    expect(JSON.parse(table)).toMatchObject({ name: "second", "config.seed": 1 });
    expect((await shop.run(["runs", "export", "--format", "parquet"])).code).toBe(2);
    const device = join(shop.folder, "device.csv");
    await symlink("/dev/null", device);
    const refused = await shop.run(["runs", "export", "first", "--out", device]);
    expect(refused).toMatchObject({ code: 8, stderr: expect.stringContaining("a device or a pipe") });
    expect(await readlink(device)).toBe("/dev/null");
    expect((await shop.run(["runs", "export", "--format", "cvs"])).stderr).toContain('Did you mean "csv"?');
  });

  test("stand for their model where a model is asked for", async () => {
    const shop = await twoRuns();
    const evaluated = await json(shop, "evaluate", "first", "--executor", "reference");
    const [run] = (await json(shop, "runs", "--filter", "name = first")).runs;
    expect(evaluated).toMatchObject({ model: run.id, run: run.id, accuracy: run.summary.test_accuracy });
    const store = openSqliteStore({ folder: join(shop.folder, ".atelier") });
    const [evaluation] = await store.listEvaluations([run.id]);
    expect(evaluation).toMatchObject({ data: "data", part: "test", imageCount: 30 });
    expect(evaluation!.predictions.sizeBytes).toBe(16 + 30 * (3 * 4 + 2 + 2));
    await store[Symbol.asyncDispose]();
    expect((await json(shop, "summary", "first")).parameters.total).toBe(run.config.parameters);
    const { predictions } = await json(
      shop,
      "predict",
      "second",
      "photos/top/2.png",
      "--executor",
      "reference",
    );
    expect(predictions).toHaveLength(1);
    const onnx = await json(shop, "export", "second", "--format", "onnx");
    expect(onnx.sizeBytes).toBeGreaterThan(1000);
    expect((await shop.run(["evaluate", "secnod"])).stderr).toContain('Did you mean "second"?');
  });

  test("give their files back, and say which are damaged", async () => {
    const shop = await twoRuns();
    const restored = await json(shop, "restore", "first", "--out", "back");
    expect(restored.restored).toHaveLength(restored.total);
    expect(await readFile(join(shop.folder, "back", "model.safetensors"))).toEqual(
      await readFile(join(shop.folder, "out", "tiny-1", "model.safetensors")),
    );
    expect((await shop.run(["restore", "first", "--out", "back"])).stdout).toContain("3 of 3 files in");
    const [{ sha256 }] = restored.restored;
    await writeFile(join(shop.folder, ".atelier", "blobs", sha256), "other");
    const damaged = await shop.run(["restore", "first", "--out", "again"]);
    expect(damaged).toMatchObject({ code: 11, stderr: expect.stringContaining("2 of 3 files restored") });
    expect(damaged.stderr).toContain("history.json: its content in the store is damaged");
    await rm(join(shop.folder, ".atelier", "blobs", sha256));
    await mkdir(join(shop.folder, "taken", "recipe.yaml"), { recursive: true });
    const missing = await shop.run(["restore", "first", "--out", "taken"]);
    expect(missing).toMatchObject({ code: 11, stderr: expect.stringContaining("1 of 3 files restored") });
    expect(missing.stderr).toContain("history.json: its content is missing");
    expect(missing.stderr).toContain("recipe.yaml: cannot be written");
  });

  test("have names and tags that say something", async () => {
    const shop = await twoRuns();
    for (const option of ["--name", "--tag", "--project", "--group"]) {
      const { code, stderr } = await shop.run([...oneEpoch, option, " "]);
      expect([code, stderr]).toEqual([2, `atelier: ${option}: expected a text, got an empty one.\n`]);
    }
    expect(await shop.run(["runs", "tag", "first", "good", ""])).toMatchObject({
      code: 2,
      stderr: "atelier: tag: expected a text, got an empty one.\n",
    });
    expect((await json(shop, "runs", "show", "first")).run.tags).not.toContain("good");
  });

  test("where a file has the name of their folder, are not recorded, and that is said", async () => {
    const shop = await workshop();
    await writeFile(join(shop.folder, ".atelier"), "");
    const trained = await shop.run(oneEpoch);
    expect(trained.code).toBe(0);
    expect(trained.stderr).toMatch(
      /not recorded: .*\.atelier: the folder cannot be made: a file has this name\.\n/,
    );
    expect(await shop.run(["runs"])).toMatchObject({
      code: 8,
      stderr: expect.stringContaining("a file has this name"),
    });
  });

  test("are not given back where nothing can be, or after Ctrl-C", async () => {
    const shop = await twoRuns();
    const nowhere = await shop.run(["restore", "first", "--out", "/proc/x"]);
    expect(nowhere).toMatchObject({ code: 8, stderr: expect.stringContaining("0 of 3 files restored") });
    expect(nowhere.stderr).toContain("/proc/x: the folder cannot be made: there can be no such folder.");
    const stop = AbortSignal.abort();
    const stopped = await shop.run(["restore", "first", "--out", "stopped"], { signal: stop });
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toMatch(/^atelier: stopped: 0 of 3 files restored to .*stopped\.\n$/);
    expect(await readdir(shop.folder)).not.toContain("stopped");
  });

  test("are deleted, but none when one name is wrong", async () => {
    const own = await trained();
    expect((await own.run(["runs", "delete", "first", "nope"])).code).toBe(9);
    expect((await json(own, "runs")).total).toBe(1);
    expect((await json(own, "runs", "delete", "first")).deleted).toHaveLength(1);
    expect((await own.run(["runs"])).stdout).toBe("No run matches.\n");
  });
});

test("where nothing has been recorded, that is said", async () => {
  const { run } = await workshop();
  expect(await run(["runs"])).toMatchObject({
    code: 9,
    stderr: expect.stringContaining("no runs are recorded here"),
  });
});
