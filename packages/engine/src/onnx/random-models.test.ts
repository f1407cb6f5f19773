import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type GraphBuilder, type Value, windowPadding } from "../graph/builder.ts";
import { sameShape, sizeOf } from "../graph/shape.ts";
import { drawPixels, evaluateModel, largestDifference, type Model, openExported } from "./run-exported.ts";

/**
 * What may follow in a random model; `other` is an earlier value of any shape, `name` is free for parameters.
 * Chained at will they meet every pair of layouts.
 */
const steps: readonly ((g: GraphBuilder, x: Value, other: Value, name: string) => Value)[] = [
  (g, x, _, name) => {
    const [, H, W, C] = g.shape(x) as [number, number, number, number];
    const window = { size: [3, 2], strides: [1, 2], dilation: [1, 1] } as const;
    const attrs = { ...window, padding: windowPadding("same", [H, W], window), groups: 1 };
    return g.conv2d(x, g.state(name, [3, 2, C, 3]), attrs);
  },
  (g, x) => {
    const [, H, W] = g.shape(x) as [number, number, number];
    const window = { size: [2, 2], strides: [2, 1] } as const;
    return g.maxPool2d(x, { ...window, padding: windowPadding("same", [H, W], window) });
  },
  (g, x) => g.tanh(x),
  (g, x) => g.gelu(x),
  (g, x, _, name) => g.add(x, g.state(name, g.shape(x).slice(3))),
  (g, x, _, name) => g.mul(x, g.state(name, g.shape(x).slice(1))),
  (g, x, other) => (sameShape(g.shape(x), g.shape(other)) ? g.sub(x, other) : x),
  (g, x, other) =>
    sameShape(g.shape(x).slice(0, 3), g.shape(other).slice(0, 3)) ? g.concat([x, other], 3) : x,
  (g, x) => g.concat([x, g.relu(x)], 1),
  (g, x) => g.slice(x, 2, 0, Math.ceil(g.shape(x)[2]! / 2)),
  (g, x) => g.slice(x, 3, Math.floor(g.shape(x)[3]! / 2), g.shape(x)[3]!),
  (g, x) => g.sub(x, g.mean(x, [1, 2])),
  (g, x) => g.mean(x, [3]),
  (g, x) => g.transpose(x, [0, 3, 1, 2]),
  (g, x) => {
    const [N, H, W, C] = g.shape(x) as [number, number, number, number];
    return g.reshape(x, [N, C, H * W, 1]);
  },
  (g, x) => g.softmax(x),
  (g, x, _, name) =>
    g.layerNorm(
      x,
      g.state(`${name}/gamma`, [g.shape(x)[3]!]),
      g.state(`${name}/beta`, [g.shape(x)[3]!]),
      1e-2,
    ),
  (g, x, _, name) => {
    const C = g.shape(x)[3]!;
    const [moments, gamma, beta] = [
      g.state(`${name}/moments`, [2, C]),
      g.state(`${name}/gamma`, [C]),
      g.state(`${name}/beta`, [C]),
    ];
    return g.batchNorm(x, moments, gamma, beta, { epsilon: 1e-3, batchStatistics: false });
  },
];

/** The model that takes the chosen steps, each beside one of the values before it. */
function randomModel(choices: readonly { readonly step: number; readonly other: number }[]): Model {
  return (g, images, N) => {
    const values = [images];
    choices.forEach(({ step, other }, i) => {
      values.push(steps[step]!(g, values.at(-1)!, values[other % values.length]!, `p${i}`));
    });
    const last = values.at(-1)!;
    return g.reshape(last, [N, sizeOf(g.shape(last)) / N]);
  };
}

describe("exportOnnx of random models", () => {
  it("agrees with the oracle at any batch size", async () => {
    const choice = fc.record({ step: fc.nat(steps.length - 1), other: fc.nat(20) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(choice, { minLength: 1, maxLength: 12 }),
        fc.constantFrom(1, 2, 5),
        async (choices, N) => {
          const imageShape = [5, 6, 2];
          const model = randomModel(choices);
          const pixels = drawPixels(N, imageShape);
          const { logits } = await (await openExported(model, imageShape, true))(pixels, N);
          expect(largestDifference(logits, evaluateModel(model, imageShape, pixels, N).logits)).toBeLessThan(
            1e-4,
          );
        },
      ),
      { seed: 7, numRuns: 150 },
    );
  });
});
