import { InferenceSession, Tensor } from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { forward } from "../nn/forward.ts";
import { activation } from "../nn/layers/activation.ts";
import { add } from "../nn/layers/add.ts";
import { averagePool2d } from "../nn/layers/average-pool2d.ts";
import { batchNorm } from "../nn/layers/batch-norm.ts";
import { concat } from "../nn/layers/concat.ts";
import { conv2d } from "../nn/layers/conv2d.ts";
import { dense } from "../nn/layers/dense.ts";
import { dropout } from "../nn/layers/dropout.ts";
import { flatten } from "../nn/layers/flatten.ts";
import { globalAveragePool2d } from "../nn/layers/global-average-pool2d.ts";
import { globalMaxPool2d } from "../nn/layers/global-max-pool2d.ts";
import { layerNorm } from "../nn/layers/layer-norm.ts";
import { maxPool2d } from "../nn/layers/max-pool2d.ts";
import { layerRules } from "../nn/layers.ts";
import { sequential } from "../nn/model.ts";
import { exportModel } from "./export-model.ts";
import { buildModel, drawPixels, evaluateModel, largestDifference, stateOf } from "./run-exported.ts";

/** Every kind of layer, at odd sizes. The normalization is the one run-exported.ts applies. */
const model = sequential(
  [
    conv2d(8, 3, { padding: "same", strides: 2, useBias: false, name: "stem" }),
    batchNorm(),
    activation("relu", { name: "first" }),
    dropout(0.3),
    conv2d(8, [3, 5], { padding: "same", dilation: [2, 1], groups: 2, activation: "gelu" }),
    layerNorm({ name: "normal" }),
    add({ from: ["first", "normal"] }),
    maxPool2d(2, { padding: "same", name: "pool" }),
    conv2d(4, 1, { activation: "leakyRelu", name: "branch" }),
    concat({ from: ["branch", "pool"], name: "joined" }),
    averagePool2d(3, { padding: "same", strides: 2, name: "small" }),
    globalAveragePool2d({ from: ["joined"], name: "mean" }),
    globalMaxPool2d({ from: ["joined"], name: "most" }),
    flatten({ from: ["small"], name: "flat" }),
    concat({ from: ["mean", "most", "flat"] }),
    dense(21, { activation: "tanh" }),
    batchNorm(),
    dense(5),
  ],
  { input: [27, 21, 3], normalization: { mean: [0.25, 0.5, 0.125], std: [0.5, 0.25, 0.75] } },
);

describe("exportModel", () => {
  it("exports every kind of layer", async () => {
    expect(new Set(model.layers.map(({ type }) => type))).toEqual(new Set(Object.keys(layerRules)));
    const build = (g: Parameters<typeof forward>[1], x: number) =>
      forward(model, g, x, { training: false }).logits;
    const weights = stateOf(buildModel(build, model.input).graph);
    const classNames = ["a", "b", "c", "d", "e"];
    const session = await InferenceSession.create(exportModel({ model, weights, classNames }));
    for (const N of [1, 3, 7]) {
      const pixels = drawPixels(N, model.input);
      const { probabilities } = await session.run({
        images: new Tensor("uint8", pixels, [N, ...model.input]),
      });
      const expected = evaluateModel(build, model.input, pixels, N).probabilities;
      expect(largestDifference(probabilities!.data as Float32Array, expected)).toBeLessThan(1e-5);
    }
  });
});
