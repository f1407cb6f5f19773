import { describe, expect, it } from "vitest";
import { GraphBuilder, type Value, windowPadding } from "../graph/builder.ts";
import { sizeOf } from "../graph/shape.ts";
import { exportOnnx, type OnnxExportOptions } from "./export.ts";
import {
  drawPixels,
  evaluateModel,
  largestDifference,
  type Model,
  openExported,
  stateOf,
} from "./run-exported.ts";

function dense(g: GraphBuilder, x: Value, units: number, name: string): Value {
  const kernel = g.state(`${name}/kernel`, [g.shape(x)[1]!, units]);
  return g.add(g.matmul(x, kernel), g.state(`${name}/bias`, [units]));
}

function conv(g: GraphBuilder, x: Value, F: number, size: number, name: string, stride = 1): Value {
  const [, H, W, C] = g.shape(x) as [number, number, number, number];
  const window = { size: [size, size], strides: [stride, stride] } as const;
  const padding = windowPadding("same", [H, W], window);
  const filters = g.state(`${name}/filters`, [size, size, C, F]);
  const y = g.conv2d(x, filters, { ...window, padding, dilation: [1, 1], groups: 1 });
  return g.add(y, g.state(`${name}/bias`, [F]));
}

function pool(g: GraphBuilder, kind: "maxPool2d" | "avgPool2d", x: Value, size = 2): Value {
  const [, H, W] = g.shape(x) as [number, number, number];
  const window = { size: [size, size], strides: [size, size] } as const;
  return g[kind](x, { ...window, padding: windowPadding("same", [H, W], window) });
}

function globalPool(g: GraphBuilder, kind: "maxPool2d" | "avgPool2d", x: Value): Value {
  const [N, H, W, C] = g.shape(x) as [number, number, number, number];
  const padding = { top: 0, bottom: 0, left: 0, right: 0 };
  return g.reshape(g[kind](x, { size: [H, W], strides: [1, 1], padding }), [N, C]);
}

function batchNorm(g: GraphBuilder, x: Value, name: string): Value {
  const C = g.shape(x).at(-1)!;
  const [gamma, beta] = [g.state(`${name}/gamma`, [C]), g.state(`${name}/beta`, [C])];
  return g.batchNorm(x, g.state(`${name}/moments`, [2, C]), gamma, beta, {
    epsilon: 1e-3,
    batchStatistics: false,
  });
}

const flatten = (g: GraphBuilder, x: Value) => {
  const [N, ...rest] = g.shape(x) as [number, ...number[]];
  return g.reshape(x, [N, sizeOf(rest)]);
};

const models: Readonly<Record<string, { readonly imageShape: readonly number[]; readonly model: Model }>> = {
  "logistic regression": { imageShape: [5, 7, 1], model: (g, x) => dense(g, flatten(g, x), 10, "dense") },
  "MLP with batch norm": {
    imageShape: [28, 28, 1],
    model: (g, x) => {
      const hidden = g.gelu(batchNorm(g, dense(g, flatten(g, x), 65, "dense1"), "norm"));
      return dense(g, g.sigmoid(dense(g, hidden, 33, "dense2")), 10, "dense3");
    },
  },
  "CNN with 'same' pools at odd sizes": {
    imageShape: [29, 27, 3],
    model: (g, x) => {
      let y = x;
      for (const [i, F] of [8, 16, 32].entries())
        y = pool(g, "maxPool2d", g.relu(conv(g, y, F, 3, `conv${i}`)));
      return dense(g, flatten(g, y), 10, "dense");
    },
  },
  "CNN with batch norm, residual add, concat and global pools": {
    imageShape: [15, 13, 2],
    model: (g, x) => {
      const stem = g.relu(batchNorm(g, conv(g, x, 8, 5, "stem", 2), "stem/norm"));
      const residual = g.add(
        stem,
        g.leakyRelu(batchNorm(g, conv(g, stem, 8, 3, "block"), "block/norm"), 0.1),
      );
      const branches = g.concat([residual, conv(g, residual, 4, 1, "branch")], 3);
      const pooled = pool(g, "avgPool2d", branches, 3);
      return dense(
        g,
        g.concat([globalPool(g, "maxPool2d", pooled), globalPool(g, "avgPool2d", pooled)], 1),
        7,
        "dense",
      );
    },
  },
};

describe("exportOnnx", () => {
  for (const [name, { imageShape, model }] of Object.entries(models)) {
    it.each([true, false])(`${name}, preprocessing %s`, async (preprocessing) => {
      const run = await openExported(model, imageShape, preprocessing);
      for (const N of [1, 3, 7]) {
        const pixels = drawPixels(N, imageShape);
        const got = await run(pixels, N);
        const expected = evaluateModel(model, imageShape, pixels, N);
        expect(largestDifference(got.probabilities, expected.probabilities)).toBeLessThan(1e-5);
        expect(largestDifference(got.logits, expected.logits)).toBeLessThan(1e-5);
      }
    });
  }

  /** A small valid export, some of it replaced. */
  function exportWith(
    change: Partial<OnnxExportOptions>,
    build?: (g: GraphBuilder, x: Value) => Value,
  ): Uint8Array {
    const g = new GraphBuilder();
    const x = g.input("images", [4, 2, 2, 1]);
    const output = build ? build(g, x) : g.matmul(g.reshape(x, [4, 4]), g.state("w", [4, 3]));
    return exportOnnx({
      graph: g.finish(),
      output,
      state: stateOf(g.finish()),
      normalization: { mean: [0.5], std: [0.25] },
      classNames: ["T-shirt/top", "Trouser", "Größe"],
      ...change,
    });
  }

  it("keeps names, classes, normalization and metadata in the file", () => {
    const text = new TextDecoder().decode(exportWith({ metadata: { config: '{"layers":[]}' } }));
    expect(text).toContain('["T-shirt/top","Trouser","Größe"]');
    expect(text).toContain('{"mean":[0.5],"std":[0.25]}');
    expect(text).toContain('config\x12\x0d{"layers":[]}');
    expect(text).toContain("w");
  });

  it("writes each parameter once and transposes no more than the layouts need", () => {
    const bytes = exportWith({ classNames: new Array(5).fill("c") }, (g, x) => {
      const y = g.relu(conv(g, x, 5, 3, "conv"));
      return globalPool(g, "avgPool2d", g.add(y, conv(g, y, 5, 3, "second")));
    });
    const text = new TextDecoder().decode(bytes);
    expect(text).not.toMatch(/(bias|filters)_2/);
    expect(text.match(/"\tTranspose/g)).toHaveLength(1); // of the images; '"' is the tag of a node's operator
  });

  it("leaves out what the logits do not need", () => {
    const bytes = exportWith({}, (g, x) => {
      const logits = g.matmul(g.reshape(x, [4, 4]), g.state("w", [4, 3]));
      g.softmaxCrossEntropy(logits, g.input("targets", [4, 3]));
      return logits;
    });
    expect(new TextDecoder().decode(bytes)).not.toContain("targets");
  });

  it("keeps parameters that are called like inputs, outputs or nodes apart from them", () => {
    const state = new Map(
      ["images", "logits", "MatMul", "constant"].map((name) => [name, Float32Array.of(1, 2, 3)]),
    );
    state.set("w", new Float32Array(12));
    const build = (g: GraphBuilder, x: Value) => {
      const names = ["images", "logits", "MatMul", "constant", "constructor"];
      const y = g.matmul(g.reshape(x, [4, 4]), g.state("w", [4, 3]));
      return names.reduce((sum, name) => g.add(sum, g.state(name, [3])), y);
    };
    expect(new TextDecoder().decode(exportWith({}, build))).toMatch(/images_2.*logits_2.*MatMul_2/s);
  });

  it.each<[string, Partial<OnnxExportOptions>, ((g: GraphBuilder, x: Value) => Value) | undefined, string]>([
    [
      "a missing state",
      { state: new Map() },
      undefined,
      'state "w": expected 12 values for [4, 3], got none.',
    ],
    ["a state of another size", { state: new Map([["w", new Float32Array(5)]]) }, undefined, "got 5."],
    [
      "other class names",
      { classNames: ["a", "b"] },
      undefined,
      "expected logits [4, 2], one for each class name, got [4, 3].",
    ],
    [
      "normalization of other channels",
      { normalization: { mean: [0, 0, 0], std: [1, 1, 1] } },
      undefined,
      "by 1 means",
    ],
    ["dropout", {}, (g, x) => g.dropout(g.reshape(x, [4, 4]), 0.5, 0), "%2 dropout is for training only"],
    [
      "the batch's own moments",
      {},
      (g, x) => {
        const C = [g.state("g", [1]), g.state("b", [1])] as const;
        return g.batchNorm(x, g.state("m", [2, 1]), ...C, { epsilon: 1, batchStatistics: true });
      },
      "batchNorm by the moments of the batch is for training only",
    ],
    [
      "a sum over images",
      {},
      (g, x) => g.sub(x, g.mean(x, [0])),
      "sum [1, 2, 2, 1] mixes the images of a batch",
    ],
    ["a graph without images", {}, (g) => g.state("w", [4, 3]), 'expected one input, "images" [N, H, W, C]'],
    [
      "more inputs",
      {},
      (g, x) => g.mul(x, g.input("learningRate", [])),
      '"images" [4, 2, 2, 1], "learningRate" []',
    ],
  ])("refuses %s", (_, change, build, message) => {
    const flat =
      build &&
      ((g: GraphBuilder, x: Value) => {
        const y = build(g, x);
        return sizeOf(g.shape(y)) === 16 ? g.matmul(g.reshape(y, [4, 4]), g.state("w", [4, 3])) : y;
      });
    expect(() => exportWith(change, flat)).toThrow(message);
    expect(() => exportWith(change, flat)).toThrow(expect.objectContaining({ code: "bad-argument" }));
  });
});
