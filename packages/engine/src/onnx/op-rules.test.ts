import { describe, expect, it } from "vitest";
import { opSamples } from "../../test/op-samples.ts";
import type { GraphBuilder, Value } from "../graph/builder.ts";
import type { ConvAttrs, OpName } from "../graph/ops.ts";
import { sizeOf } from "../graph/shape.ts";
import { onnxRules, trainingOnly } from "./op-rules.ts";
import {
  buildModel,
  drawPixels,
  evaluateModel,
  largestDifference,
  type Model,
  openExported,
} from "./run-exported.ts";

/** Whatever the batch, [N, everything else]. */
function flat(g: GraphBuilder, x: Value, N: number): Value {
  return g.reshape(x, [N, sizeOf(g.shape(x)) / N]);
}

const conv = (over: Partial<ConvAttrs> = {}): ConvAttrs => ({
  size: [3, 3],
  strides: [1, 1],
  padding: { top: 1, bottom: 1, left: 1, right: 1 },
  dilation: [1, 1],
  groups: 1,
  ...over,
});
/** A 3×3 convolution to 4 channels that keeps the size. */
const conv4 = (g: GraphBuilder, x: Value) =>
  g.conv2d(x, g.state("filters", [3, 3, g.shape(x)[3]!, 4]), conv());
const halve = { size: [2, 2], strides: [2, 2], padding: { top: 0, bottom: 1, left: 0, right: 1 } } as const;

/** Models of images [5, 7, 3] in which the op meets a batch, in both layouts. */
const batchedModels: Readonly<Record<string, Model>> = {
  "arithmetic between images in both layouts": (g, x, N) => {
    const y = conv4(g, x);
    const three = g.slice(y, 3, 1, 4);
    return flat(g, g.div(g.mul(g.sub(three, x), x), g.affine(g.maximum(x, three), 0.1, 5)), N);
  },
  "parameters of every rank beside a convolution": (g, x, N) => {
    let y = conv4(g, x);
    for (const shape of [[], [4], [7, 4], [7, 1], [5, 1, 4], [1, 5, 7, 1]])
      y = g.add(y, g.state(`s${shape}`, shape));
    return flat(g, g.mul(y, g.constant([1, 2, 3, 4], [4])), N);
  },
  "computed parameters beside a convolution": (g, x, N) => {
    const y = conv4(g, x);
    const filters = g.tanh(g.state("second", [3, 3, 4, 2]));
    return flat(g, g.conv2d(g.add(y, g.relu(g.state("b", [4]))), filters, conv()), N);
  },
  "one parameter in two layouts": (g, x, N) => {
    const s = g.state("s", [1, 1, 3, 3]);
    const y = g.conv2d(x, s, conv({ size: [1, 1], padding: { top: 0, bottom: 0, left: 0, right: 0 } }));
    return g.matmul(
      g.reshape(g.add(g.mean(y, [1, 2]), g.slice(g.slice(s, 2, 1, 2), 3, 0, 1)), [N, 3]),
      g.reshape(s, [3, 3]),
    );
  },
  "unary functions after a convolution": (g, x, N) => {
    const y = conv4(g, x);
    const parts = [g.relu(y), g.step(y), g.sigmoid(y), g.tanh(y), g.exp(y), g.gelu(y), g.leakyRelu(y, 0.1)];
    const root = g.sqrt(g.affine(g.mul(y, y), 1, 0.5));
    return flat(g, g.concat([...parts, root, g.log(root)], 3), N);
  },
  "concatenation along each axis": (g, x, N) => {
    const y = conv4(g, x);
    const channels = g.concat([x, y, g.relu(x)], 3);
    return flat(
      g,
      g.concat([g.concat([channels, g.tanh(channels)], 1), g.concat([channels, channels], 1)], 2),
      N,
    );
  },
  "slices along each axis": (g, x, N) => {
    const y = conv4(g, x);
    return flat(
      g,
      g.add(g.slice(g.slice(g.slice(y, 1, 1, 4), 2, 0, 6), 3, 3, 4), g.slice(g.slice(x, 1, 0, 3), 2, 1, 7)),
      N,
    );
  },
  "sums along each axis": (g, x, N) => {
    const y = conv4(g, x);
    return flat(g, g.add(g.add(g.sum(y, [1]), g.mean(y, [2, 3])), g.sum(x, [1, 3])), N);
  },
  "softmax and layer norm over channels": (g, x, N) => {
    const y = conv4(g, x);
    const normal = g.layerNorm(g.softmax(y), g.state("gamma", [4]), g.state("beta", [4]), 1e-3);
    return flat(g, g.add(normal, g.layerNorm(y, g.state("gamma2", [4]), g.state("beta2", [4]), 1e-2)), N);
  },
  "batch norm of pixels, images, rows and sequences": (g, x, N) => {
    const normal = (y: Value, name: string) => {
      const C = g.shape(y).at(-1)!;
      const [gamma, beta] = [g.state(`${name}/gamma`, [C]), g.state(`${name}/beta`, [C])];
      return g.batchNorm(y, g.state(`${name}/moments`, [2, C]), gamma, beta, {
        epsilon: 1e-3,
        batchStatistics: false,
      });
    };
    const images = normal(conv4(g, normal(x, "pixels")), "images");
    return normal(flat(g, normal(g.reshape(images, [N, 35, 4]), "sequence"), N), "rows");
  },
  "batch norm by computed moments": (g, x, N) => {
    const moments = g.concat([g.state("mean", [1, 3]), g.reshape(g.state("variance", [3]), [1, 3])], 0);
    const attrs = { epsilon: 1e-3, batchStatistics: false };
    return flat(g, g.batchNorm(x, moments, g.state("gamma", [3]), g.state("beta", [3]), attrs), N);
  },
  "strides, dilation and groups": (g, x, N) => {
    const padding = { top: 2, bottom: 1, left: 0, right: 3 };
    const y = g.conv2d(
      x,
      g.state("a", [3, 2, 1, 6]),
      conv({ size: [3, 2], groups: 3, padding, dilation: [2, 3] }),
    );
    return flat(
      g,
      g.conv2d(y, g.state("b", [2, 3, 3, 4]), conv({ size: [2, 3], groups: 2, strides: [2, 1] })),
      N,
    );
  },
  "pools with odd padding": (g, x, N) => {
    const wide = {
      size: [3, 2],
      strides: [1, 2],
      padding: { top: 2, bottom: 1, left: 1, right: 0 },
    } as const;
    return flat(
      g,
      g.concat([g.maxPool2d(x, wide), g.avgPool2d(x, wide), g.avgPool2d(conv4(g, x), wide)], 3),
      N,
    );
  },
  "pools of the whole image": (g, x, N) => {
    const whole = {
      size: [5, 7],
      strides: [1, 1],
      padding: { top: 0, bottom: 0, left: 0, right: 0 },
    } as const;
    const y = conv4(g, x);
    return g.concat([g.reshape(g.maxPool2d(y, whole), [N, 4]), g.reshape(g.avgPool2d(y, whole), [N, 4])], 1);
  },
  "reshapes that split and join images": (g, x, N) => {
    const pixels = g.reshape(conv4(g, x), [N * 35, 4]);
    const mixed = g.reshape(g.matmul(pixels, g.state("w", [2, 4]), { transposeB: true }), [N, 7, 5, 2]);
    return flat(g, g.maxPool2d(g.reshape(g.slice(mixed, 3, 0, 1), [N, 5, 7, 1]), halve), N);
  },
  "flattening one channel": (g, x, N) => {
    const y = g.conv2d(x, g.state("one", [3, 3, 3, 1]), conv());
    return g.matmul(flat(g, y, N), g.state("w", [35, 6]));
  },
  "transposed images": (g, x, N) => flat(g, g.tanh(g.transpose(conv4(g, x), [0, 2, 3, 1])), N),
  "a token broadcast to every image": (g, x, N) => {
    const tokens = g.reshape(conv4(g, x), [N, 35, 4]);
    const token = g.broadcastTo(g.state("token", [1, 1, 4]), [N, 1, 4]);
    const row = g.broadcastTo(g.sum(tokens, [1]), [N, 2, 4]);
    const all = g.concat(
      [token, tokens, row, g.broadcastTo(g.broadcastTo(g.state("t", [4]), [2, 4]), [N, 2, 4])],
      1,
    );
    return flat(g, all, N);
  },
};

describe("ONNX of a batch", () => {
  it.each(Object.entries(batchedModels))("%s", async (_, model) => {
    const imageShape = [5, 7, 3];
    const run = await openExported(model, imageShape, true);
    for (const N of [1, 3, 7]) {
      const pixels = drawPixels(N, imageShape);
      const got = await run(pixels, N);
      const expected = evaluateModel(model, imageShape, pixels, N);
      expect(largestDifference(got.logits, expected.logits)).toBeLessThan(1e-5);
      expect(largestDifference(got.probabilities, expected.probabilities)).toBeLessThan(1e-5);
    }
  });
});

describe("ONNX of each op's samples", () => {
  const samples = (Object.keys(opSamples) as OpName[]).flatMap((op) =>
    opSamples[op].map((sample, index) => ({ op, index, sample })),
  );

  it.each(samples)("$op $index", async ({ sample }) => {
    // The sample's result is added to each image's single pixel, since something must depend on the images.
    const model: Model = (g, images, N) => {
      const positive = new Set(sample.positive);
      const operands = Object.entries(sample.operands).map(([name, shape]) => {
        const state = g.state(name, shape);
        return [name, positive.has(name) ? g.affine(g.mul(state, state), 1, 0.5) : state] as const;
      });
      const y = sample.build(g, Object.fromEntries(operands));
      return g.add(g.reshape(images, [N, 1]), g.reshape(y, [1, sizeOf(g.shape(y))]));
    };
    const { graph } = buildModel(model, [1, 1, 1]);
    const isTraining = graph.nodes.some(
      (node) =>
        onnxRules[node.op] === trainingOnly || (node.op === "batchNorm" && node.attrs.batchStatistics),
    );
    if (isTraining) {
      await expect(openExported(model, [1, 1, 1], false)).rejects.toThrow(
        "is for training only; export the graph",
      );
      return;
    }
    const run = await openExported(model, [1, 1, 1], false);
    const pixels = drawPixels(3, [1, 1, 1]);
    const { logits } = evaluateModel(model, [1, 1, 1], pixels, 3);
    expect(largestDifference((await run(pixels, 3)).logits, logits)).toBeLessThan(1e-5);
  });
});
