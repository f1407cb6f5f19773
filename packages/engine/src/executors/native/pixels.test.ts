/** Images that stay bytes or come in lanes: where they do, and whole trainings on every CPU variant against the oracle, at odd sizes. */
import { loadKernels } from "@atelier/kernels";
import { describe, expect, it } from "vitest";
import { conv2d } from "../../nn/layers/conv2d.ts";
import { dense } from "../../nn/layers/dense.ts";
import { dropout } from "../../nn/layers/dropout.ts";
import { flatten } from "../../nn/layers/flatten.ts";
import { maxPool2d } from "../../nn/layers/max-pool2d.ts";
import { type Model, sequential } from "../../nn/model.ts";
import { sgd } from "../../optim/sgd.ts";
import { describeProgram } from "../../plan/describe-program.ts";
import { planGraph } from "../../plan/plan.ts";
import { StateLayout } from "../../plan/state-layout.ts";
import type { AugmentationSpec } from "../../train/augmentation.ts";
import type { ImageDataset } from "../../train/dataset.ts";
import { sequentialOrder } from "../../train/order.ts";
import { pixelScaleOf } from "../../train/pixel-scale.ts";
import { evaluateGraph, initialWeights, trainGraph, trainingState } from "../../train/step-graphs.ts";
import type { Executor } from "../executor.ts";
import { openReferenceExecutor } from "../reference/reference-executor.ts";
import { openNativeExecutor } from "./native-executor.ts";

const [size, batch, height, width, channels, classes] = [77, 45, 9, 7, 3, 5];
const rest = size % batch;
const input = [height, width, channels] as const;
const dataset: ImageDataset = {
  name: "noise",
  size,
  shape: [...input],
  images: Uint8Array.from(
    { length: size * height * width * channels },
    (_, i) => Math.imul(i + 1, 2654435761) >>> 24,
  ),
  labels: Uint8Array.from({ length: size }, (_, i) => (i * 3) % classes),
  classNames: ["a", "b", "c", "d", "e"],
  checksum: "",
};

const layers = [flatten(), dense(96, { activation: "relu" }), dropout(0.25), dense(classes)];
const perceptron = sequential(layers, { input });
const scaled = sequential(layers, { input, normalization: { mean: [0], std: [0.4] } });
const centred = sequential(layers, { input, normalization: { mean: [0.3], std: [0.4] } });
const channelwise = sequential(layers, { input, normalization: { mean: [0], std: [0.4, 0.4, 0.3] } });
const convolutional = sequential([conv2d(8, 3), flatten(), dense(96), dense(classes)], { input });
const narrow = sequential(
  [conv2d(8, 3, { padding: "same", activation: "relu" }), maxPool2d(2), flatten(), dense(classes)],
  { input, normalization: { mean: [0.3, 0.2, 0.4], std: [0.4, 0.3, 0.5] } },
);

const rules = { optimizer: sgd({ learningRate: 0.05, momentum: 0.9 }) };

describe("images that stay bytes", () => {
  const bytesIn = (model: Model, augmentation: AugmentationSpec = {}, rows = batch, matrixUnit = true) => {
    const { graph, slots } = trainGraph(model, rows, rules);
    const layout = new StateLayout(trainingState(model, initialWeights(model, 1), slots));
    const pixelScale = pixelScaleOf(model.normalization, augmentation);
    const program = planGraph(graph, layout, { matrixUnit, pixelScale });
    const products = describeProgram(program).filter(({ what }) => what.includes("bytes"));
    expect(program.images?.form === "bytes").toBe(products.length > 0);
    return products.map(({ what }) => what.split(",")[0]);
  };
  const both = ["45×189 bytes · 189×96 + bias", "189×45ᵀ bytes · 45×96"];

  it("are those that only products on the matrix unit read", () => {
    expect(bytesIn(perceptron)).toEqual(both);
    expect(bytesIn(scaled)).toEqual(both);
    expect(bytesIn(convolutional)).toEqual([]);
    expect(bytesIn(perceptron, {}, 20)).toEqual([]);
    expect(bytesIn(perceptron, {}, batch, false)).toEqual([]);
  });

  it("are not those of which something is subtracted, or whose channels differ", () => {
    expect(bytesIn(centred)).toEqual([]);
    expect(bytesIn(channelwise)).toEqual([]);
  });

  it("may be moved and blanked, not computed", () => {
    const moved = { flip: "random", shift: { pixels: 2 }, cutout: { size: 3 } } as const;
    expect(bytesIn(perceptron, moved)).toEqual(both);
    for (const made of [
      { affine: { degrees: 5 } },
      { brightness: 0.2 },
      { contrast: 0.2 },
      { mixup: { alpha: 0.2 } },
    ])
      expect(bytesIn(perceptron, { ...moved, ...made })).toEqual([]);
  });
});

it("come in lanes where blocks with images in lanes are all that reads them", () => {
  const formIn = (model: Model, rows: number) => {
    const { graph, slots } = trainGraph(model, rows, rules);
    const layout = new StateLayout(trainingState(model, initialWeights(model, 1), slots));
    return planGraph(graph, layout, { matrixUnit: true }).images?.form;
  };
  expect(formIn(narrow, batch)).toBe("lanes");
  expect(formIn(narrow, 5)).toBe("plain");
  expect(formIn(convolutional, batch)).toBe("plain");
  expect(formIn(perceptron, batch)).toBe("plain");
});

const augmentations: Record<string, AugmentationSpec> = {
  none: {},
  flips: { flip: "alternating" },
  "flips, shifts and cutout": { flip: "random", shift: { pixels: 2 }, cutout: { size: 3, probability: 0.7 } },
  rotation: { affine: { degrees: 10 } },
};

/** The losses of an epoch and an evaluation, and the state after it. */
async function train(executor: Executor, model: Model, augmentation: AugmentationSpec) {
  const { graph, slots } = trainGraph(model, batch, rules);
  const state = trainingState(model, initialWeights(model, 3), slots);
  const session = executor.compile({
    state,
    graphs: {
      train: graph,
      trainRest: trainGraph(model, rest, rules).graph,
      evaluate: evaluateGraph(model, batch),
      evaluateRest: evaluateGraph(model, rest),
    },
    pixelScale: pixelScaleOf(model.normalization, augmentation),
  });
  try {
    session.upload("data", dataset);
    const request = {
      dataset: "data",
      order: sequentialOrder(size),
      normalization: model.normalization,
      seed: 7,
      firstStep: 11,
      epochIndex: 1,
    };
    const epoch = await session.run({
      ...request,
      graph: "train",
      restGraph: "trainRest",
      augmentation,
      scalarNames: ["learningRate", "step"],
      scalars: Float32Array.of(0.05, 1, 0.05, 2),
      outputs: ["lossSum"],
    });
    const evaluation = await session.run({
      ...request,
      graph: "evaluate",
      restGraph: "evaluateRest",
      outputs: ["lossSum", "probabilities"],
    });
    return {
      losses: epoch.outputs.lossSum!,
      ...evaluation.outputs,
      ...Object.fromEntries(state.map(({ name }) => [name, session.read(name)])),
    };
  } finally {
    session.close();
  }
}

const executors = loadKernels().variants.flatMap((variant) =>
  [1, 2].map((threads) => openNativeExecutor({ variant, threads })),
);

const trainings = Object.entries({ bytes: scaled, lanes: narrow }).flatMap(([form, model]) =>
  Object.entries(augmentations).map(([name, spec]) => [`${form}, ${name}`, model, spec] as const),
);
for (const [name, model, augmentation] of trainings) {
  const truth = train(openReferenceExecutor(), model, augmentation);
  const oneThread = new Map<string, object>();

  it.each(executors)(`trains from ${name}, on $name, $threads thread(s)`, async (executor) => {
    const [expected, actual] = [await truth, await train(executor, model, augmentation)];
    for (const [value, numbers] of Object.entries(expected)) {
      const scale = Math.max(...Array.from(numbers, Math.abs));
      const miss = Math.max(...numbers.map((number, i) => Math.abs(number - actual[value as never]![i]!)));
      expect(miss / scale, value).toBeLessThan(2e-5);
    }
    // Blocks add up gradients thread by thread.
    if (model === narrow) return;
    if (executor.threads === 1) oneThread.set(executor.name, actual);
    else expect(actual).toEqual(oneThread.get(executor.name));
  });
}

it("refuses a run whose images are not what was promised", async () => {
  const session = openNativeExecutor({ threads: 1 }).compile({
    state: trainingState(perceptron, initialWeights(perceptron, 1), []),
    graphs: { evaluate: evaluateGraph(perceptron, batch) },
    pixelScale: 1 / 255,
  });
  session.upload("data", dataset);
  const request = {
    dataset: "data",
    order: sequentialOrder(batch),
    graph: "evaluate",
    normalization: centred.normalization,
    seed: 1,
    firstStep: 0,
    epochIndex: 0,
    outputs: ["lossSum"],
  };
  await expect(session.run(request)).rejects.toThrow("promised");
  session.close();
});
