/** The main job as its user does it: real data, the real command, the exported model in another runtime. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { evaluate, loadModel } from "@atelier/engine";
import { fashionMnist } from "@atelier/vision";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const atelierBin = fileURLToPath(new URL("../packages/cli/bin/atelier.js", import.meta.url));
const data = await fashionMnist().catch(() => undefined); // prepare.ts says why it is missing

describe.skipIf(data === undefined)("Fashion-MNIST from training to ONNX", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "atelier-main-job-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const atelier = async (...args: string[]) => {
    const { stdout } = await promisify(execFile)(process.execPath, [atelierBin, ...args, "--json"], {
      cwd: folder,
    });
    return JSON.parse(stdout);
  };

  it("trains, evaluates and exports a model that answers alike in onnxruntime", async () => {
    const trained = await atelier("train", "cnn-3", "--limit", "6000", "--epochs", "3", "--out", "run");
    expect(trained).toMatchObject({ recipe: "cnn-3", parameters: 11_018, epochs: 3 });
    expect(trained.test.accuracy).toBeGreaterThan(0.7);

    const model = join(folder, "run/model.safetensors");
    const measured = await atelier("evaluate", model);
    expect(measured.accuracy).toBeCloseTo(trained.test.accuracy, 6);
    expect(measured.loss).toBeCloseTo(trained.test.loss, 5);
    expect(measured.perClass).toHaveLength(10);

    const { file } = await atelier("export", model, "--format", "onnx");
    const session = await InferenceSession.create(file);
    const { test } = data!;
    const count = 500;
    const pixels = test.images.slice(0, count * 784);
    const { probabilities } = await session.run({ images: new Tensor("uint8", pixels, [count, 28, 28, 1]) });
    const ours = await evaluate((await loadModel(model)).trained, test);
    const theirs = probabilities!.data as Float32Array;
    let worst = 0;
    theirs.forEach((probability, i) => {
      worst = Math.max(worst, Math.abs(probability - ours.probabilities[i]!));
    });
    expect(worst).toBeLessThan(1e-5);
  });
});
