/** What can be done with a trained model and with data: evaluate, predict, export, summary, plan, data. */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Workshop, workshop } from "../../test/workshop.ts";

const reference = ["--executor", "reference"];

async function withModel(...more: string[]): Promise<Workshop> {
  const place = await workshop();
  const { code } = await place.run(["train", "tiny.yaml", "--out", "m", ...reference, ...more]);
  expect(code).toBe(0);
  return place;
}

test("evaluate measures on the data that the model was trained on", async () => {
  const { run } = await withModel();
  const { code, stdout } = await run(["evaluate", "m/model.safetensors", ...reference, "--json"]);
  expect(code).toBe(0);
  const result = JSON.parse(stdout);
  expect(result).toMatchObject({ data: "data", count: 30, accuracy: 1, classNames: ["0", "1", "2"] });
  expect(result.loss).toBeCloseTo(result.logLoss, 6);
  expect(result.confusion).toEqual([
    [10, 0, 0],
    [0, 10, 0],
    [0, 0, 10],
  ]);
  expect(result.perClass).toHaveLength(3);
  const text = await run(["evaluate", "m/model.safetensors", ...reference]);
  expect(text.stdout).toMatch(/accuracy 1\.0000 \(95 % interval 0\.\d+ to 1\.0000\)/);
  expect(text.stdout).toContain("precision    recall  f1-score   support");
  expect(text.stdout).toContain("No mistakes.");
});

test("evaluate on other data says that classes are matched by position, and writes a report", async () => {
  const { folder, run } = await withModel();
  const args = [
    "evaluate",
    "m/model.safetensors",
    "--data",
    "photos",
    "--report",
    "report",
    ...reference,
    "--json",
  ];
  const { code, stdout, stderr } = await run(args);
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: expect.stringContaining("they are matched by position"),
  });
  expect(JSON.parse(stdout).report).toBe(join(folder, "report", "report.html"));
  const page = await readFile(join(folder, "report", "report.html"), "utf8");
  for (const figure of ["The model tiny", "Training curves of tiny", "Confusion matrix of tiny"]) {
    expect(page).toContain(figure);
  }
  expect(await readdir(join(folder, "report", "figures"))).toContain("tiny-curves.png");
});

test("predict names the three most probable classes, and images that cannot be read", async () => {
  const { folder, run } = await withModel("--data", "photos");
  await writeFile(join(folder, "broken.png"), "no image");
  const predict = ["predict", "m/model.safetensors", ...reference];
  const { code, stdout, stderr } = await run([...predict, "photos/top/2.png", "broken.png", "--json"]);
  expect(code).toBe(0);
  const { predictions, skipped } = JSON.parse(stdout);
  expect(predictions).toHaveLength(1);
  expect(predictions[0]).toMatchObject({ image: "photos/top/2.png" });
  expect(predictions[0].top).toHaveLength(3);
  expect(predictions[0].top[0].className).toBe("top");
  const total = predictions[0].probabilities.reduce((sum: number, p: number) => sum + p, 0);
  expect(total).toBeCloseTo(1, 5);
  expect(skipped).toEqual([{ image: "broken.png", reason: expect.stringContaining("cannot be decoded") }]);
  expect(stderr).toMatch(/skipped .*broken\.png: cannot be decoded.*\n1 image skipped\.\n/);

  expect((await run([...predict, "photos/top/2.png"])).stdout).toMatch(/photos\/top\/2\.png +top \d+\.\d %/);
  expect((await run([...predict, "photos/top/2.png", "broken.png", "--strict"])).code).toBe(3);
  expect(await run([...predict, "broken.png"])).toMatchObject({
    code: 3,
    stderr: expect.stringContaining("no image could be read, of 1 given."),
  });
});

test("export writes each format beside the model and never over it", async () => {
  const { folder, run } = await withModel();
  for (const format of ["onnx", "safetensors", "json"]) {
    const { code, stdout } = await run(["export", "m/model.safetensors", "--format", format, "--json"]);
    expect(code).toBe(0);
    const { file, sizeBytes } = JSON.parse(stdout);
    expect((await readFile(file)).length).toBe(sizeBytes);
  }
  expect((await readdir(join(folder, "m"))).sort()).toEqual([
    "history.json",
    "model-weights.safetensors",
    "model.json",
    "model.onnx",
    "model.safetensors",
    "recipe.yaml",
  ]);
  const { parameters, classNames } = JSON.parse(await readFile(join(folder, "m", "model.json"), "utf8"));
  expect(classNames).toEqual(["0", "1", "2"]);
  expect(parameters[0]).toMatchObject({ name: "dense/kernel", shape: [64, 8] });
  expect(parameters[0].values).toHaveLength(512);
  const overItself = ["--format", "safetensors", "--out", "m/model.safetensors"];
  expect((await run(["export", "m/model.safetensors", ...overItself])).code).toBe(2);
  expect((await run(["export", "m/model.safetensors", "--format", "json", "--no-preprocessing"])).code).toBe(
    2,
  );
});

test("summary reads model files", async () => {
  const { run } = await withModel();
  const { stdout } = await run(["summary", "m/model.safetensors", "--json"]);
  expect(JSON.parse(stdout).parameters.total).toBe(547);
});

test("plan shows the kernels of a step with their arithmetic, without running them", async () => {
  const { run } = await workshop();
  const { code, stdout } = await run(["plan", "tiny.yaml", "--json"]);
  expect(code).toBe(0);
  const { batch, calls, stateBytes } = JSON.parse(stdout);
  expect(batch).toBe(8);
  expect(calls[0]).toMatchObject({
    kernel: "gemmMap",
    what: "8×64 · 64×8 + bias, relu, then 64 elements: dropout",
    flops: 2 * 8 * 64 * 8 + 64,
  });
  expect(stateBytes).toBeGreaterThan(3 * 547 * 4); // weights and Adam's two moments
  const evaluation = (await run(["plan", "tiny.yaml", "--evaluate"])).stdout;
  expect(evaluation).toMatch(/^softmax /m);
  expect(evaluation).not.toContain("dropout");
});

test("plan --measure adds the time of every call", async () => {
  const { run } = await workshop();
  const { code, stdout } = await run(["plan", "tiny.yaml", "--measure", "--json"]);
  expect(code).toBe(0);
  const { calls, seconds } = JSON.parse(stdout);
  expect(seconds.calls).toHaveLength(calls.length);
  const inCalls = seconds.calls.reduce((sum: number, value: number) => sum + value, seconds.gather);
  expect(inCalls).toBeGreaterThan(0);
  expect(inCalls).toBeLessThanOrEqual(seconds.step);
});

test("data counts parts and labels, and draws them", async () => {
  const { folder, run } = await workshop();
  const { code, stdout } = await run(["data", "data", "--pictures", "pictures", "--json"]);
  expect(code).toBe(0);
  const { name, shape, parts, pictures } = JSON.parse(stdout);
  expect({ name, shape }).toEqual({ name: "data", shape: [8, 8, 1] });
  expect(parts.train).toMatchObject({ size: 90, classes: [{ name: "0", count: 30 }, {}, {}] });
  expect(parts.test.size).toBe(30);
  expect(pictures).toHaveLength(3);
  expect((await readdir(join(folder, "pictures"))).filter((file) => file.endsWith(".svg"))).toHaveLength(3);
  expect((await run(["data", "photos"])).stdout).toMatch(/^middle +\d+ +\d+ +32\.0/m);
});

test("data names files that it leaves out, or refuses them", async () => {
  const { folder, run } = await workshop();
  await writeFile(join(folder, "photos", "top", "broken.png"), "no image");
  const { code, stderr } = await run(["data", "photos"]);
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr: expect.stringMatching(
      /skipped .*broken\.png: .*\n1 file skipped; --strict refuses them instead\.\n/,
    ),
  });
  expect((await run(["data", "photos", "--strict"])).code).toBe(3);
  await mkdir(join(folder, "photos", "zebra"));
  expect(await run(["data", "photos"])).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('"zebra"'),
  });
});
