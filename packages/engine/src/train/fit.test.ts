import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toyDataset } from "../../test/toy-dataset.ts";
import { openExecutor } from "../executors/open-executor.ts";
import { batchNorm } from "../nn/layers/batch-norm.ts";
import { conv2d } from "../nn/layers/conv2d.ts";
import { dense } from "../nn/layers/dense.ts";
import { dropout } from "../nn/layers/dropout.ts";
import { flatten } from "../nn/layers/flatten.ts";
import { maxPool2d } from "../nn/layers/max-pool2d.ts";
import { sequential } from "../nn/model.ts";
import { adam } from "../optim/adam.ts";
import { oneCycle } from "../optim/schedules.ts";
import { sgd } from "../optim/sgd.ts";
import { loadModel, saveModel } from "./checkpoint.ts";
import { evaluate } from "./evaluate.ts";
import { fit, type Training } from "./fit.ts";
import type { Epoch, FitOptions } from "./fit-options.ts";

const train = toyDataset(90);
const validation = toyDataset(45, { seed: 2 });
const model = sequential(
  [
    conv2d(4, 3, { activation: "relu", padding: "same" }),
    batchNorm(),
    maxPool2d(2),
    dropout(0.2),
    flatten(),
    dense(3),
  ],
  { input: [8, 8, 1] },
);
const common: FitOptions = {
  validation,
  batchSize: 32, // 90 = 2 × 32 + 26: the last batch is smaller
  epochs: 4,
  seed: 11,
  optimizer: adam({ learningRate: 0.01 }),
  schedule: oneCycle(),
  augmentation: { shift: { pixels: 1 }, flip: "random", mixup: { alpha: 0.2 } },
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "atelier-fit-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function runToEnd(training: Training): Promise<Epoch[]> {
  const epochs: Epoch[] = [];
  for await (const epoch of training) epochs.push(epoch);
  return epochs;
}

const metricsOf = (epochs: readonly { readonly metrics: object }[]) => epochs.map(({ metrics }) => metrics);

describe.each(["reference", "native"] as const)("fit on the %s executor", (kind) => {
  const executor = openExecutor({ kind, threads: 2 });

  it("learns, reports every epoch and keeps the best weights", async () => {
    const training = fit(model, train, { ...common, epochs: 8, augmentation: {}, executor });
    const epochs = await runToEnd(training);
    expect(training.end).toBe("done");
    expect(epochs).toHaveLength(8);
    const best = Math.min(...epochs.map(({ metrics }) => metrics.val_loss!));
    const measured = await evaluate(training.trained, validation, { executor });
    expect(measured.accuracy).toBeGreaterThan(0.9);
    expect(measured.loss).toBeCloseTo(best, 5);
    expect(measured.probabilities).toHaveLength(45 * 3);
    training.close();
  });

  it("repeats bit for bit", async () => {
    const once = async () => {
      const training = fit(model, train, { ...common, epochs: 2, executor });
      const epochs = await runToEnd(training);
      const weights = training.trained.weights;
      training.close();
      return { metrics: metricsOf(epochs), weights };
    };
    expect(await once()).toEqual(await once());
  });

  it("resumes bit for bit from a file written in the middle of an epoch", async () => {
    const whole = fit(model, train, { ...common, ema: { decay: 0.9 }, executor });
    const expected = metricsOf(await runToEnd(whole));

    const path = join(folder, `${kind}.safetensors`);
    const stopper = new AbortController();
    const first = fit(model, train, {
      ...common,
      ema: { decay: 0.9 },
      executor,
      signal: stopper.signal,
      checkpointSeconds: 1e-9, // a checkpoint after every step, from the second epoch on
      onCheckpoint: async (training) => {
        await saveModel(path, { trained: training.trained, training: training.state(), about: {} });
        if (training.state().epochSteps > 0) stopper.abort();
      },
    });
    const before = metricsOf(await runToEnd(first));
    expect(first.end).toBe("stopped");
    expect(before).toEqual(expected.slice(0, before.length));

    const { training, trained } = await loadModel(path);
    const second = fit(trained.model, train, {
      ...common,
      ema: { decay: 0.9 },
      executor,
      resume: { ...training!, best: trained.weights },
    });
    await runToEnd(second);
    expect(metricsOf(second.history)).toEqual(expected);
    expect(second.trained.weights).toEqual(whole.trained.weights);
    for (const each of [whole, first, second]) each.close();
  });

  it("spends little of short epochs on checkpoints, and keeps the first and the last", async () => {
    const kept: number[] = [];
    const training = fit(model, train, {
      ...common,
      epochs: 6,
      executor,
      onCheckpoint: async (current) => {
        kept.push(current.state().history.length);
        await setTimeout(200); // 10 s are to pass until the next
      },
    });
    await runToEnd(training);
    expect(kept).toEqual([1, 6]);
    training.close();
  });

  it("refuses to resume with other options, naming the difference", async () => {
    const training = fit(model, train, { ...common, epochs: 1, executor });
    await runToEnd(training);
    const state = training.state();
    expect(() => fit(model, train, { ...common, epochs: 1, batchSize: 16, executor, resume: state })).toThrow(
      /batchSize was 32, now 16/,
    );
    training.close();
  });

  it("ends as diverged with the step when the loss is no longer finite", async () => {
    const training = fit(model, train, {
      ...common,
      optimizer: sgd({ learningRate: 1e30 }),
      schedule: { type: "constant" } as never,
      executor,
    });
    await expect(runToEnd(training)).rejects.toMatchObject({
      code: "diverged",
      message: expect.stringMatching(/step \d+ of epoch 1/),
    });
    training.close();
  });

  it("stops early when validation no longer improves", async () => {
    const training = fit(model, train, {
      ...common,
      epochs: 50,
      optimizer: sgd({ learningRate: 1e-9 }),
      earlyStopping: { patience: 2, minDelta: 0.1 },
      executor,
    });
    expect(await runToEnd(training)).toHaveLength(3);
    expect(training.end).toBe("early-stopped");
    training.close();
  });
});

it("draws the same curves on both executors", async () => {
  const curve = async (kind: "reference" | "native") => {
    const training = fit(model, train, {
      ...common,
      epochs: 2,
      executor: openExecutor({ kind, threads: 2 }),
    });
    const epochs = await runToEnd(training);
    training.close();
    return epochs.map(({ metrics }) => metrics);
  };
  const [reference, native] = [await curve("reference"), await curve("native")];
  reference.forEach((metrics, i) => {
    expect(native[i]!.loss).toBeCloseTo(metrics.loss, 4);
    expect(native[i]!.val_loss!).toBeCloseTo(metrics.val_loss!, 4);
    expect(native[i]!.accuracy).toBeCloseTo(metrics.accuracy, 6);
  });
});

it.each([
  ["images of another shape", toyDataset(9, { side: 6 }), /expected images \[8, 8, 1\].*got \[6, 6, 1\]/],
  ["another number of classes", toyDataset(8, { classes: 2 }), /expected 3 classes.*got 2/],
])("refuses %s", (_, dataset, message) => {
  expect(() => fit(model, dataset, { executor: openExecutor({ kind: "reference" }) })).toThrow(message);
});

it.each([
  ["earlyStopping", { earlyStopping: { patience: 2 } }],
  ["reduceOnPlateau", { reduceOnPlateau: { patience: 2, monitor: "val_accuracy" } }],
  ["monitor", { monitor: "val_loss" }],
] as const)("refuses to watch validation images that are not there: %s", (option, rules) => {
  expect(() => fit(model, train, { ...rules, executor: openExecutor({ kind: "reference" }) })).toThrow(
    new RegExp(`^${option}: expected validation images to measure val_`),
  );
});

it("refuses work that would take the reference executor hours", () => {
  const big = sequential([flatten(), dense(1024, { activation: "relu" }), dense(3)], { input: [8, 8, 1] });
  expect(() => fit(big, train, { epochs: 100_000, executor: openExecutor({ kind: "reference" }) })).toThrow(
    /npm run build:native/,
  );
});
