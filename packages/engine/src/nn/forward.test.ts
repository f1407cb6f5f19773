/** Every layer against PyTorch; where the numbers come from is said in test/reference/generate_nn.py. */
import { describe, expect, it } from "vitest";
import reference from "../../test/reference/nn.json" with { type: "json" };
import { wave } from "../../test/reference/wave.ts";
import { gradients } from "../autodiff/gradient.ts";
import { evaluateGraph } from "../executors/reference/evaluate.ts";
import { GraphBuilder } from "../graph/builder.ts";
import { sizeOf } from "../graph/shape.ts";
import { halfWordOf, streams } from "../random/philox.ts";
import { forward } from "./forward.ts";
import { batchNorm } from "./layers/batch-norm.ts";
import { conv2d } from "./layers/conv2d.ts";
import { dense } from "./layers/dense.ts";
import { dropout } from "./layers/dropout.ts";
import { flatten } from "./layers/flatten.ts";
import { parseLayers } from "./layers.ts";
import { sequential } from "./model.ts";

interface Case {
  readonly name: string;
  readonly layers: unknown[];
  readonly input: number[];
  readonly training: boolean;
  readonly parameters: Readonly<Record<string, number[]>>;
  /** Parameters that are bound to absolute values. */
  readonly absolute?: string[];
  readonly output: number[];
  readonly updates?: Readonly<Record<string, number[]>>;
  readonly regularization?: number;
}

function expectClose(actual: ArrayLike<number>, expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  expected.forEach((value, i) => {
    expect(Math.abs(actual[i]! - value), `element ${i}`).toBeLessThan(2e-8 * Math.max(1, Math.abs(value)));
  });
}

describe("forward agrees with PyTorch", () => {
  for (const sample of reference.layers as unknown as Case[]) {
    it(sample.name, () => {
      const [batch, ...input] = sample.input as [number, number, number, number];
      const model = sequential(parseLayers(sample.layers, "layers"), { input });
      expect(Object.fromEntries(model.parameters.map(({ name, shape }) => [name, shape]))).toEqual(
        sample.parameters,
      );
      const g = new GraphBuilder();
      const images = g.input("images", [batch, ...input]);
      const result = forward(model, g, images, { training: sample.training });
      const state = Object.fromEntries(
        model.parameters.map(({ name, shape }, k) => {
          const values = wave(sizeOf(shape), k + 1);
          return [name, sample.absolute?.includes(name) ? values.map(Math.abs) : values];
        }),
      );
      const inputs = { images: wave(sizeOf(sample.input), 0) };
      const values = evaluateGraph(g.finish(), { inputs, state, float32: false });
      expect(g.shape(result.logits)).toEqual([batch, model.classes]);
      expectClose(values[result.logits]!, sample.output);
      expect([...result.updates.keys()]).toEqual(Object.keys(sample.updates ?? {}));
      for (const [name, expected] of Object.entries(sample.updates ?? {})) {
        expectClose(values[result.updates.get(name)!]!, expected);
      }
      if (sample.regularization === undefined) expect(result.regularization).toBeUndefined();
      else expectClose(values[result.regularization!]!, [sample.regularization]);
    });
  }
});

it("draws each dropout layer's mask from its own stream, in training only", () => {
  const model = sequential([flatten(), dropout(0.5), dropout(0.25)], { input: [2, 3, 1] });
  const g = new GraphBuilder();
  const images = g.input("images", [25, 2, 3, 1]);
  const train = forward(model, g, images, { training: true }).logits;
  const evaluate = forward(model, g, images, { training: false }).logits;
  const x = wave(150, 0);
  const values = evaluateGraph(g.finish(), { inputs: { images: x }, seed: 9, step: 4, float32: false });
  const kept = (layer: number, rate: number, i: number): boolean =>
    halfWordOf(9, streams.firstDropout + layer, 4, i) >= rate * 2 ** 16;
  expect([...values[train]!]).toEqual(
    [...x].map((value, i) => (kept(1, 0.5, i) && kept(2, 0.25, i) ? value / 0.5 / 0.75 : 0)),
  );
  expect([...values[evaluate]!]).toEqual([...x]);
});

it("reads its parameters from the state that it is told", () => {
  const model = sequential([flatten(), batchNorm(), dense(3)], { input: [2, 2, 1] });
  const g = new GraphBuilder();
  const images = g.input("images", [1, 2, 2, 1]);
  const { updates } = forward(model, g, images, { training: true, stateName: (name) => `ema/${name}` });
  const states = g.finish().nodes.flatMap((node) => (node.op === "state" ? [node.attrs.name] : []));
  expect(states).toEqual(model.parameters.map(({ name }) => `ema/${name}`));
  expect([...updates.keys()]).toEqual(["ema/batch_normalization/moving_moments"]);
});

it("keeps product, bias and relu next to each other for the planner", () => {
  const model = sequential(
    [conv2d(2, 3, { activation: "relu" }), flatten(), dense(3, { activation: "relu" }), dense(2)],
    { input: [4, 4, 1] },
  );
  const g = new GraphBuilder();
  forward(model, g, g.input("images", [1, 4, 4, 1]), { training: true });
  const ops = g.finish().nodes.flatMap((node) => (node.op === "state" ? [] : [node.op]));
  expect(ops.join(" ")).toBe("input conv2d add relu reshape matmul add relu matmul add");
});

it("can be differentiated with respect to every trainable parameter", () => {
  const model = sequential(
    [conv2d(4, 3, { padding: "same", useBias: false }), batchNorm(), flatten(), dense(3)],
    { input: [3, 3, 1] },
  );
  const g = new GraphBuilder();
  const { logits } = forward(model, g, g.input("images", [2, 3, 3, 1]), { training: true });
  const trainable = model.parameters.filter((parameter) => parameter.trainable);
  const partials = gradients(
    g,
    g.total(g.square(logits)),
    trainable.map(({ name, shape }) => g.state(name, shape)),
  );
  expect(partials.map((partial) => g.shape(partial))).toEqual(trainable.map(({ shape }) => shape));
});
