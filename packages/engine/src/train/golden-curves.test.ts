/** The first steps of two model families against PyTorch; origin in test/reference/golden-curves.json. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { openExecutor } from "../executors/open-executor.ts";
import { sizeOf } from "../graph/shape.ts";
import { batchNorm } from "../nn/layers/batch-norm.ts";
import { conv2d } from "../nn/layers/conv2d.ts";
import { dense } from "../nn/layers/dense.ts";
import { flatten } from "../nn/layers/flatten.ts";
import { maxPool2d } from "../nn/layers/max-pool2d.ts";
import { crossEntropy } from "../nn/losses.ts";
import { sequential } from "../nn/model.ts";
import { l2 } from "../nn/regularizers.ts";
import { adam } from "../optim/adam.ts";
import type { ImageDataset } from "./dataset.ts";
import { sequentialOrder } from "./order.ts";
import { trainGraph, trainingState } from "./step-graphs.ts";

const golden = JSON.parse(
  readFileSync(new URL("../../test/reference/golden-curves.json", import.meta.url), "utf8"),
);
const [N, H, W, classes, batch, steps] = [48, 9, 7, 3, 8, 6];

const labels = Uint8Array.from({ length: N }, (_, i) => (i * 5) % classes);
const dataset: ImageDataset = {
  name: "golden",
  size: N,
  shape: [H, W, 1],
  images: Uint8Array.from({ length: N * H * W }, (_, i) => {
    const pixel = ((i * 7919) % 251) / 255;
    return Math.floor(pixel * (0.4 + 0.3 * labels[Math.floor(i / (H * W))]!) * 255);
  }),
  labels,
  classNames: ["a", "b", "c"],
  checksum: "",
};

const wave = (count: number, phase: number) =>
  Float32Array.from({ length: count }, (_, i) => 0.3 * Math.sin((i + 1) * 0.7 + phase));
const input = [H, W, 1] as const;
// No bias before batch norm: its gradient would be rounding noise, which Adam magnifies.
const models = {
  cnn: sequential(
    [
      conv2d(4, 3, { padding: "same", activation: "relu", useBias: false, kernelRegularizer: l2(0.01) }),
      maxPool2d(2),
      batchNorm(),
      flatten(),
      dense(3),
    ],
    { input },
  ),
  mlp: sequential([flatten(), dense(17, { activation: "gelu", kernelRegularizer: l2(0.01) }), dense(3)], {
    input,
  }),
};

it.each([
  ["cnn", "reference"],
  ["cnn", "native"],
  ["mlp", "reference"],
  ["mlp", "native"],
] as const)("%s on the %s executor", async (name, kind) => {
  const model = models[name];
  const weights = new Map<string, Float32Array>();
  let phase = 0;
  for (const parameter of model.parameters) {
    const count = sizeOf(parameter.shape);
    if (parameter.name.endsWith("moving_moments"))
      weights.set(
        parameter.name,
        Float32Array.from({ length: count }, (_, i) => (i < count / 2 ? 0 : 1)),
      );
    else if (parameter.name.endsWith("gamma"))
      weights.set(
        parameter.name,
        wave(count, 9).map((w) => 1 + w),
      );
    else weights.set(parameter.name, wave(count, phase));
    if (parameter.trainable) phase++;
  }
  const { graph, slots } = trainGraph(model, batch, {
    optimizer: adam({ learningRate: 0.01 }),
    loss: crossEntropy({ labelSmoothing: 0.1 }),
  });
  const session = openExecutor({ kind, threads: 2 }).compile({
    state: trainingState(model, weights, slots),
    graphs: { train: graph },
  });
  session.upload("train", dataset);
  const { outputs } = await session.run({
    dataset: "train",
    order: sequentialOrder(N),
    graph: "train",
    normalization: model.normalization,
    scalarNames: ["learningRate", "step"],
    scalars: Float32Array.from({ length: steps * 2 }, (_, i) => (i % 2 === 0 ? 0.01 : (i + 1) / 2)),
    seed: 0,
    firstStep: 0,
    epochIndex: 0,
    outputs: ["lossSum", "correctSum"],
  });
  const expected = golden[name];
  expect([...outputs.correctSum!]).toEqual(expected.correct);
  outputs.lossSum!.forEach((lossSum, step) => {
    expect(lossSum / batch, `loss of step ${step + 1}`).toBeCloseTo(expected.losses[step], 4);
  });
  for (const [parameter, values] of Object.entries<number[]>(expected.weights)) {
    const actual = session.read(parameter);
    values.forEach((value, i) => {
      expect(actual[i], `${parameter}[${i}]`).toBeCloseTo(value, 3);
    });
  }
  if (name === "cnn") {
    const moving = session.read("batch_normalization/moving_moments");
    [...expected.moving.mean, ...expected.moving.variance].forEach((value, i) => {
      expect(moving[i]).toBeCloseTo(value, 4);
    });
  }
  session.close();
});
