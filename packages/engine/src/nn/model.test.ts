import { describe, expect, it } from "vitest";
import { AtelierError } from "../error.ts";
import { activation } from "./layers/activation.ts";
import { add } from "./layers/add.ts";
import { averagePool2d } from "./layers/average-pool2d.ts";
import { batchNorm } from "./layers/batch-norm.ts";
import { concat } from "./layers/concat.ts";
import { conv2d } from "./layers/conv2d.ts";
import { dense } from "./layers/dense.ts";
import { dropout } from "./layers/dropout.ts";
import { flatten } from "./layers/flatten.ts";
import { globalAveragePool2d } from "./layers/global-average-pool2d.ts";
import { globalMaxPool2d } from "./layers/global-max-pool2d.ts";
import { layerNorm } from "./layers/layer-norm.ts";
import { maxPool2d } from "./layers/max-pool2d.ts";
import { type LayerConfig, parseLayers } from "./layers.ts";
import { modelFromConfig, sequential } from "./model.ts";
import { l2 } from "./regularizers.ts";

const input = [28, 28, 1] as const;

function errorOf(action: () => unknown): AtelierError {
  try {
    action();
  } catch (error) {
    if (error instanceof AtelierError) return error;
    throw error;
  }
  throw new Error("expected an error");
}

describe("parameter counts", () => {
  it("784-1024-10", () => {
    const { counts } = sequential([flatten(), dense(1024, { activation: "relu" }), dropout(0.3), dense(10)], {
      input,
    });
    expect(counts).toEqual({ total: 814_090, trainable: 814_090, nonTrainable: 0 });
  });

  it("cnn-small: 292,666 trainable, with batch norm instead of biases", () => {
    const block = (filters: number, pool: boolean): LayerConfig[] => [
      conv2d(filters, 3, { padding: "same", useBias: false }),
      ...(pool ? [maxPool2d(2)] : []),
      batchNorm(),
      activation("relu"),
    ];
    const groups = [32, 64, 128].flatMap((filters) => [...block(filters, true), ...block(filters, false)]);
    const model = sequential([...block(16, false), ...groups, globalMaxPool2d(), dense(10)], { input });
    expect(model.counts).toEqual({ total: 293_594, trainable: 292_666, nonTrainable: 928 });
  });

  it("the tuned CNN, layer by layer", () => {
    const same = { padding: "same", activation: "relu" } as const;
    const model = sequential(
      [
        conv2d(512, 5, same),
        maxPool2d(2),
        conv2d(512, 3, same),
        conv2d(128, 7, same),
        batchNorm(),
        maxPool2d(2),
        conv2d(64, 5, same),
        dropout(0.4),
        flatten(),
        dense(10),
      ],
      { input },
    );
    expect(model.counts).toEqual({ total: 5_821_258, trainable: 5_821_002, nonTrainable: 256 });
    expect(model.layers.map((layer) => layer.parameterCount)).toEqual([
      13_312, 0, 2_359_808, 3_211_392, 512, 0, 204_864, 0, 0, 31_370,
    ]);
  });
});

describe("sequential", () => {
  it("names layers as Keras does, around given names", () => {
    const model = sequential(
      [
        conv2d(2, 3),
        conv2d(2, 3),
        maxPool2d(),
        averagePool2d(),
        batchNorm({ name: "batch_normalization" }),
        batchNorm(),
        layerNorm(),
        globalAveragePool2d(),
        dropout(0.1),
        activation("tanh"),
        dense(3, { name: "dense" }),
        dense(4),
        concat({ from: ["dense", "dense_1"] }),
      ],
      { input },
    );
    expect(model.layers.map(({ name }) => name)).toEqual([
      "conv2d",
      "conv2d_1",
      "max_pooling2d",
      "average_pooling2d",
      "batch_normalization",
      "batch_normalization_1",
      "layer_normalization",
      "global_average_pooling2d",
      "dropout",
      "activation",
      "dense",
      "dense_1",
      "concatenate",
    ]);
    expect(model.classes).toBe(7);
    expect(model.layers.at(-1)).toMatchObject({ from: ["dense", "dense_1"], inputShapes: [[3], [4]] });
  });

  it("survives JSON and is frozen", () => {
    const model = sequential(
      [
        conv2d(4, [3, 5], { padding: "same", strides: 2, name: "a", kernelRegularizer: l2(1e-4) }),
        conv2d(4, 1, { kernelInitializer: { type: "randomNormal", stddev: 0.1 } }),
        add({ from: ["a", "conv2d"] }),
        flatten(),
        dense(10),
      ],
      { input, normalization: { mean: [0.286], std: [0.353] } },
    );
    expect(modelFromConfig(JSON.parse(JSON.stringify(model.config)))).toEqual(model);
    expect(Object.isFrozen(model.layers[0]!.parameters[0]!.shape)).toBe(true);
    expect(model.parameters[0]).toEqual({
      name: "a/kernel",
      shape: [3, 5, 1, 4],
      trainable: true,
      initializer: "glorotUniform",
      regularizer: { l2: 1e-4 },
    });
  });

  it("normalises to [0, 1] unless told otherwise", () => {
    const model = sequential([flatten(), dense(2)], { input: [2, 2, 3] });
    expect(model.normalization).toEqual({ mean: [0, 0, 0], std: [1, 1, 1] });
  });

  it("takes one number for every channel", () => {
    const normalization = { mean: [0.5], std: [0.2, 0.3, 0.4] };
    const model = sequential([flatten(), dense(2)], { input: [2, 2, 3], normalization });
    expect(model.normalization).toEqual({ mean: [0.5, 0.5, 0.5], std: [0.2, 0.3, 0.4] });
  });
});

describe("layers that do not fit say so", () => {
  it.each<[string, readonly LayerConfig[], string]>([
    [
      "dense on images",
      [dense(10, { name: "fc1" })],
      'dense "fc1": expected input [N, 784], got [N, 28, 28, 1]. Add flatten() before it.',
    ],
    [
      "convolution after flatten",
      [flatten(), conv2d(3, 3)],
      'conv2d "conv2d": expected input [N, H, W, C], got [N, 784]. It must come before flatten() and global pooling.',
    ],
    [
      "a window larger than the image",
      [maxPool2d(16), conv2d(3, 3)],
      'conv2d "conv2d": expected input of at least 3×3 pixels, got [N, 1, 1, 1]. Use padding "same", a smaller window, or less pooling before it.',
    ],
    [
      "groups that divide nothing",
      [conv2d(4, 3), conv2d(4, 3, { groups: 3 })],
      'conv2d "conv2d_1": expected input [N, H, W, C] with C and filters (4) divisible by groups (3), got [N, 26, 26, 4]. Choose groups that divide both.',
    ],
    [
      "a sum of different shapes",
      [conv2d(4, 3), add({ from: ["input", "conv2d"] })],
      'add "add": expected input [N, 28, 28, 1] from every layer, got [N, 26, 26, 4]. Match the shortcut by a conv2d of kernel size 1.',
    ],
    [
      "a concatenation of different images",
      [conv2d(4, 3), concat({ from: ["input", "conv2d"] })],
      'concat "concatenate": expected input [N, 28, 28, any] from every layer, got [N, 26, 26, 4]. Only the last axis may differ.',
    ],
    [
      "images at the end",
      [conv2d(4, 3)],
      'conv2d "conv2d": expected the last layer to give [N, classes], got [N, 26, 26, 4]. End with flatten() or a global pooling and dense(classes).',
    ],
  ])("%s", (_, layers, message) => {
    expect(errorOf(() => sequential(layers, { input }))).toMatchObject({ code: "shape-mismatch", message });
  });

  it.each<[string, () => unknown, string]>([
    [
      "softmax at the end",
      () => sequential([flatten(), dense(10, { activation: "softmax" })], { input }),
      'dense "dense": expected the last layer to give logits, got activation "softmax". Remove it: the loss applies softmax itself.',
    ],
    [
      "an unknown source",
      () => sequential([conv2d(1, 3, { name: "stem" }), add({ from: ["stem", "steam"] })], { input }),
      'add "add": from names "steam", which is no earlier layer. Did you mean "stem"?',
    ],
    [
      "two layers of one name",
      () => sequential([flatten({ name: "a" }), dense(2, { name: "a" })], { input }),
      'layers: the name "a" is used twice.',
    ],
    [
      "a join of one",
      () => sequential([flatten(), add({ from: ["flatten"] })], { input }),
      'add "add": expected from to name two layers or more, got 1.',
    ],
    [
      "two inputs where one is read",
      () => sequential([flatten(), dense(2, { from: ["flatten", "input"] })], { input }),
      'dense "dense": expected from to name one layer, got 2.',
    ],
    [
      "an input that is no image",
      () => sequential([flatten()], { input: [28, 28] as never }),
      "model: expected input to be [height, width, channels], whole numbers ≥ 1, got [28,28].",
    ],
    [
      "normalisation of another number of channels",
      () => sequential([flatten()], { input, normalization: { mean: [0, 0, 0], std: [1] } }),
      "normalization: expected mean to have one number, or one a channel (1), got 3.",
    ],
    [
      "weights beyond any machine",
      () => sequential([flatten(), dense(1e9)], { input }),
      "model: expected at most 1,073,741,824 parameters, got 785,000,000,000. Use fewer units or filters, or pool more before dense.",
    ],
    [
      "normalisation without spread",
      () => sequential([flatten()], { input, normalization: { mean: [0], std: [0] } }),
      "model normalization: expected std to be a list of 1 or more, each a number > 0, got [0].",
    ],
    [
      "a later format",
      () => modelFromConfig({ version: 2, input, layers: ["flatten"] }),
      "model: expected version to be 1, the format this version of Atelier reads, got 2.",
    ],
    ["no layers", () => sequential([], { input }), "layers: expected a list of layers, got []."],
  ])("%s", (_, action, message) => {
    expect(errorOf(action)).toMatchObject({ code: "bad-argument", message });
  });
});

describe("parseLayers", () => {
  it("reads what recipes say into what the factories return", () => {
    expect(
      parseLayers(
        [
          { type: "conv2d", filters: 8, kernelSize: 3, padding: "same" },
          { type: "maxPool2d", strides: 1 },
          "batchNorm",
          { type: "dropout", rate: 0.2, name: "drop" },
          { type: "add", from: ["conv2d", "drop"] },
          "flatten",
          { type: "dense", units: 10, kernelInitializer: { type: "constant", value: 0.5 } },
        ],
        "layers",
      ),
    ).toEqual([
      conv2d(8, 3, { padding: "same" }),
      maxPool2d(2, { strides: 1 }),
      batchNorm(),
      dropout(0.2, { name: "drop" }),
      add({ from: ["conv2d", "drop"] }),
      flatten(),
      dense(10, { kernelInitializer: { type: "constant", value: 0.5 } }),
    ]);
    expect(conv2d(8, 3)).toEqual({
      type: "conv2d",
      filters: 8,
      kernelSize: [3, 3],
      strides: [1, 1],
      padding: "valid",
      dilation: [1, 1],
      groups: 1,
      activation: "linear",
      useBias: true,
      kernelInitializer: "glorotUniform",
      biasInitializer: "zeros",
    });
  });

  it.each<[unknown, string]>([
    [{ type: "dens", units: 1 }, 'layers[0]: unknown layer type "dens". Did you mean "dense"?'],
    [{ type: "dense", unit: 1 }, 'layers[0] (dense): unknown option "unit". Did you mean "units"?'],
    [{ type: "dense" }, 'layers[0] (dense): "units" is missing; expected a whole number ≥ 1.'],
    [
      { type: "dense", units: 2.5, name: "fc" },
      'layers[0] (dense "fc"): expected units to be a whole number ≥ 1, got 2.5.',
    ],
    [
      { type: "dense", units: 2, activation: "leaky_relu" },
      'layers[0] (dense): expected activation to be one of linear, relu, leakyRelu, gelu, sigmoid, tanh, softmax, got "leaky_relu". Did you mean "leakyRelu"?',
    ],
    [{ type: "dropout", rate: 1 }, "layers[0] (dropout): expected rate to be a number ≥ 0 and < 1, got 1."],
    [
      { type: "dropout", rate: Number.NaN },
      "layers[0] (dropout): expected rate to be a number ≥ 0 and < 1, got NaN.",
    ],
    [
      { type: "conv2d", filters: 2, kernelSize: [3, 0] },
      "layers[0] (conv2d): expected kernelSize to be a whole number ≥ 1, or a pair of them, got [3,0].",
    ],
    [
      { type: "dense", units: 2, kernelRegularizer: { l3: 1 } },
      'layers[0] (dense) kernelRegularizer: unknown option "l3". Did you mean "l1"?',
    ],
    [
      { type: "dense", units: 2, kernelInitializer: "glorot_uniform" },
      'layers[0] (dense) kernelInitializer: unknown initialiser type "glorot_uniform". Did you mean "glorotUniform"?',
    ],
    [
      { type: "dense", units: 2, kernelInitializer: "constant" },
      'layers[0] (dense) kernelInitializer (constant): "value" is missing; expected a number.',
    ],
    [
      { type: "dense", units: 2, name: "a/b" },
      'layers[0] (dense "a/b"): expected name to be a name without "/" (not "input"), got "a/b".',
    ],
    [
      { type: "__proto__" },
      'layers[0]: unknown layer type "__proto__". Known are: activation, add, averagePool2d, batchNorm, concat, conv2d, dense, dropout, flatten, globalAveragePool2d, globalMaxPool2d, layerNorm, maxPool2d.',
    ],
    [42, 'layers[0]: expected a layer with a "type", got 42.'],
    [{ units: 3 }, 'layers[0]: expected a layer with a "type", got {"units":3}.'],
  ])("refuses %j", (layer, message) => {
    expect(errorOf(() => parseLayers([layer], "layers"))).toMatchObject({ code: "bad-argument", message });
  });

  it("refuses what is no list", () => {
    expect(errorOf(() => parseLayers({}, "layers")).message).toBe(
      "layers: expected a list of layers, got {}.",
    );
  });

  it("names the factory and layer where options are wrong in code", () => {
    expect(errorOf(() => dense(-3, { name: "fc1" })).message).toBe(
      'dense "fc1": expected units to be a whole number ≥ 1, got -3.',
    );
  });
});
