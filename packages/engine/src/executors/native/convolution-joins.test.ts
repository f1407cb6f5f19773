/**
 * Convolutions, most by Winograd's algorithm, with what lies between them, as a whole step against float64: what is planned
 * on the way in and out of them, and what is not because something else wants the map in between.
 */
import { loadKernels } from "@atelier/kernels";
import { describe, expect, it } from "vitest";
import { runGraph, stepGraph } from "../../../test/run-graph.ts";
import { gradients } from "../../autodiff/gradient.ts";
import { GraphBuilder, type Value } from "../../graph/builder.ts";
import { sizeOf } from "../../graph/shape.ts";
import { vectorUnits } from "../../plan/convolution.ts";
import { planGraph } from "../../plan/plan.ts";
import { StateLayout } from "../../plan/state-layout.ts";
import { uniform, wordOf } from "../../random/philox.ts";
import { evaluateGraph } from "../reference/evaluate.ts";
import { openNativeExecutor } from "./native-executor.ts";

const channels = 32;
const shapes: Readonly<Record<string, readonly number[]>> = {
  x: [32, 17, 16, channels],
  image: [32, 17, 16, 1],
  thin: [3, 3, 1, channels],
  first: [3, 3, channels, channels],
  second: [3, 3, channels, channels],
  third: [3, 3, channels, channels],
  gamma: [channels],
  beta: [channels],
};

interface Layers {
  readonly g: GraphBuilder;
  readonly image: Value;
  readonly conv: (x: Value, filters: string) => Value;
  readonly norm: (x: Value) => Value;
  readonly pool: (x: Value) => Value;
}

interface Network {
  readonly build: (layers: Layers) => (x: Value) => Value;
  /** What is planned. */
  readonly kernels: readonly string[];
}

const back = ["conv2dInputGradWinograd", "conv2dFilterGradWinograd"];
const networks: Readonly<Record<string, Network>> = {
  "pool, batch norm, relu and batch norm, relu": {
    build:
      ({ g, conv, norm, pool }) =>
      (x) =>
        conv(g.relu(norm(conv(g.relu(norm(pool(conv(x, "first")))), "second"))), "third"),
    kernels: [
      ...new Array<string>(3).fill("conv2dWinograd"),
      ...back,
      "batchNormParamGrad",
      "batchNormInputGrad",
      ...back,
      "batchNormParamGrad",
      "batchNormInputGrad",
      "conv2dFilterGradWinograd",
    ],
  },
  "one channel, batch norm, relu": {
    build:
      ({ g, image, conv, norm }) =>
      () =>
        conv(g.relu(norm(conv(image, "thin"))), "first"),
    kernels: ["conv2dThin", "conv2dWinograd", ...back, "batchNormParamGrad", "conv2dThinFilterGrad"],
  },
  "one channel, then no batch norm": {
    build:
      ({ g, image, conv }) =>
      () =>
        g.tanh(conv(image, "thin")),
    kernels: ["conv2dThin", "conv2dThinFilterGrad"],
  },
  "relu, pool": {
    build:
      ({ g, conv, pool }) =>
      (x) =>
        conv(pool(g.relu(conv(x, "first"))), "second"),
    kernels: [
      "conv2dInputGradWinograd",
      "conv2dWinograd",
      "conv2dWinograd",
      "conv2dFilterGradWinograd",
      "conv2dFilterGradWinograd",
    ],
  },
  "a normalised map with another reader": {
    build:
      ({ g, conv, norm }) =>
      (x) => {
        const normalised = g.relu(norm(conv(x, "first")));
        return g.add(normalised, conv(normalised, "second"));
      },
    kernels: [
      "conv2dWinograd",
      "batchNorm",
      "conv2dWinograd",
      ...back,
      "batchNormParamGrad",
      "batchNormInputGrad",
      "conv2dFilterGradWinograd",
    ],
  },
  "a pooled map with another reader": {
    build:
      ({ g, conv, pool }) =>
      (x) => {
        const map = conv(x, "first");
        return g.add(g.total(g.square(map)), conv(pool(map), "second"));
      },
    kernels: [
      "conv2dWinograd",
      "conv2dInputGradWinograd",
      "maxPool2d",
      "conv2dWinograd",
      "conv2dFilterGradWinograd",
      "maxPool2dGrad",
      "conv2dFilterGradWinograd",
    ],
  },
};

describe.each(Object.entries(networks))("%s", (_, { build, kernels }) => {
  const g = new GraphBuilder();
  const used = new Set<string>();
  const state = (name: string): Value => {
    used.add(name);
    return states[name]!;
  };
  const states = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, g.state(name, [...shape])]),
  );
  const ones = { top: 1, bottom: 1, left: 1, right: 1 };
  const plain = { size: [3, 3], strides: [1, 1], dilation: [1, 1], padding: ones, groups: 1 } as const;
  const y = build({
    g,
    image: states.image!,
    conv: (x, filters) => g.conv2d(x, state(filters), plain),
    norm: (x) =>
      g.batchNorm(x, g.moments(x), state("gamma"), state("beta"), { epsilon: 1e-3, batchStatistics: true }),
    pool: (x) =>
      g.maxPool2d(x, { size: [2, 2], strides: [2, 2], padding: { top: 0, bottom: 0, left: 0, right: 0 } }),
  })(states.x!);
  const weights = Array.from({ length: sizeOf(g.shape(y)) }, (_, i) => Math.sin(i + 1));
  const loss = g.total(g.mul(y, g.constant(weights, g.shape(y))));
  const names = [...used];
  const partials = gradients(
    g,
    loss,
    names.map((name) => states[name]!),
  );
  const graph = stepGraph(g, { y, ...Object.fromEntries(names.map((name, i) => [name, partials[i]!])) });
  const values = Object.fromEntries(
    Object.entries(shapes).map(([name, shape], stream) => [
      name,
      Float32Array.from({ length: sizeOf(shape) }, (_, i) => uniform(wordOf(7, 9300 + stream, 0, i)) - 0.4),
    ]),
  );
  const truth = evaluateGraph(graph, {
    inputs: { images: [0] },
    state: values,
    seed: 5,
    step: 3,
    float32: false,
  });

  it("is planned in as few passes", () => {
    const layout = new StateLayout(Object.entries(shapes).map(([name, shape]) => ({ name, shape })));
    const planned = planGraph(graph, layout, vectorUnits).calls.map(({ kernel }) => kernel);
    const between = planned.filter((kernel) => /^(conv2d|maxPool|batchNorm|moments)/.test(kernel));
    expect(between).toEqual(kernels);
  });

  for (const variant of loadKernels().variants)
    it(`has the gradients of float64 on ${variant}, the same bits at every thread count`, async () => {
      const run = async (threads: number) =>
        (
          await runGraph(openNativeExecutor({ variant, threads }), graph, {
            state: Object.fromEntries(
              Object.entries(shapes).map(([name, shape]) => [
                name,
                { shape: [...shape], values: values[name]! },
              ]),
            ),
          })
        ).outputs;
      const one = await run(1);
      for (const [name, id] of Object.entries(graph.outputs)) {
        const expected = truth[id]!;
        let [scale, error] = [0, 0];
        for (const [i, value] of expected.entries()) {
          scale = Math.max(scale, Math.abs(value));
          error = Math.max(error, Math.abs(one[name]![i]! - value));
        }
        expect(error / scale, name).toBeLessThan(2e-5);
      }
      for (const threads of [2, 3]) expect(await run(threads)).toEqual(one);
    });
});
