/**
 * What lies between convolutions, in the orders that models have it in, as a whole step against float64: pooling that
 * keeps places, moments taken on the way, masks and pooling joined to batch norm's gradients.
 */
import { loadKernels } from "@atelier/kernels";
import { describe, expect, it } from "vitest";
import { runGraph, stepGraph } from "../../../test/run-graph.ts";
import { gradients } from "../../autodiff/gradient.ts";
import { GraphBuilder, type Value } from "../../graph/builder.ts";
import type { WindowAttrs } from "../../graph/ops.ts";
import { sizeOf } from "../../graph/shape.ts";
import { vectorUnits } from "../../plan/convolution.ts";
import { planGraph } from "../../plan/plan.ts";
import { StateLayout } from "../../plan/state-layout.ts";
import { uniform, wordOf } from "../../random/philox.ts";
import { evaluateGraph } from "../reference/evaluate.ts";
import { openNativeExecutor } from "./native-executor.ts";

interface Layers {
  readonly g: GraphBuilder;
  readonly bias: (x: Value) => Value;
  readonly norm: (x: Value) => Value;
  readonly pool: (x: Value, window?: Partial<WindowAttrs>) => Value;
}

interface Chain {
  readonly channels: number;
  readonly build: (layers: Layers, x: Value) => Value;
  /** Pooling and normalisation in the plan. */
  readonly kernels: readonly string[];
}

const none = { top: 0, bottom: 0, left: 0, right: 0 };
const chains: Readonly<Record<string, Chain>> = {
  "pool, batch norm, relu": {
    channels: 24,
    build: ({ g, norm, pool }, x) => g.relu(norm(pool(x))),
    kernels: ["maxPool2d", "batchNorm", "batchNormParamGrad", "batchNormPoolGrad"],
  },
  "batch norm, relu": {
    channels: 16,
    build: ({ g, norm }, x) => g.relu(norm(x)),
    kernels: ["moments", "batchNorm", "batchNormParamGrad", "batchNormInputGrad"],
  },
  "bias, relu, pool": {
    channels: 17,
    build: ({ g, bias, pool }, x) => pool(g.relu(bias(x))),
    kernels: ["maxPool2d", "maxPool2dGrad"],
  },
  "bias, relu, batch norm, pool": {
    channels: 3,
    build: ({ g, bias, norm, pool }, x) => pool(norm(g.relu(bias(x)))),
    kernels: [
      "moments",
      "batchNorm",
      "maxPool2d",
      "maxPool2dGrad",
      "batchNormParamGrad",
      "batchNormInputGrad",
    ],
  },
  "windows that meet, batch norm, relu": {
    channels: 33,
    build: ({ g, norm, pool }, x) =>
      g.relu(norm(pool(x, { size: [3, 3], padding: { top: 1, bottom: 1, left: 1, right: 1 } }))),
    kernels: ["maxPool2d", "batchNorm", "batchNormParamGrad", "batchNormPoolGrad"],
  },
  "windows apart, relu": {
    channels: 8,
    build: ({ g, pool }, x) => g.relu(pool(x, { size: [2, 2], strides: [3, 3] })),
    kernels: ["maxPool2d", "maxPool2dGrad"],
  },
};

const image = [20, 13, 11, 2] as const;

describe.each(Object.entries(chains))("%s", (_, { channels, build, kernels }) => {
  const shapes = {
    x: [...image],
    filters: [3, 3, 2, channels],
    bias: [channels],
    gamma: [channels],
    beta: [channels],
  };
  const g = new GraphBuilder();
  const state = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, g.state(name, shape)]),
  );
  const convolved = g.conv2d(state.x!, state.filters!, {
    size: [3, 3],
    strides: [1, 1],
    dilation: [1, 1],
    padding: { top: 1, bottom: 1, left: 1, right: 1 },
    groups: 1,
  });
  const used = new Set(["filters"]);
  const use = (name: string): Value => {
    used.add(name);
    return state[name]!;
  };
  const y = build(
    {
      g,
      bias: (x) => g.add(x, use("bias")),
      norm: (x) =>
        g.batchNorm(x, g.moments(x), use("gamma"), use("beta"), { epsilon: 1e-3, batchStatistics: true }),
      pool: (x, window) => g.maxPool2d(x, { size: [2, 2], strides: [2, 2], padding: none, ...window }),
    },
    convolved,
  );
  const weights = Array.from({ length: sizeOf(g.shape(y)) }, (_, i) => Math.sin(i + 1));
  const loss = g.total(g.mul(y, g.constant(weights, g.shape(y))));
  const names = [...used];
  const partials = gradients(
    g,
    loss,
    names.map((name) => state[name]!),
  );
  const graph = stepGraph(g, { y, ...Object.fromEntries(names.map((name, i) => [name, partials[i]!])) });
  const values = Object.fromEntries(
    Object.entries(shapes).map(([name, shape], stream) => [
      name,
      Float32Array.from({ length: sizeOf(shape) }, (_, i) => uniform(wordOf(7, 9200 + stream, 0, i)) - 0.4),
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
    expect(planned.filter((kernel) => /^(maxPool|batchNorm|moments)/.test(kernel))).toEqual(kernels);
  });

  for (const variant of loadKernels().variants)
    it(`has the gradients of float64 on ${variant}, the same bits at every thread count`, async () => {
      const run = async (threads: number) =>
        (
          await runGraph(openNativeExecutor({ variant, threads }), graph, {
            state: Object.fromEntries(
              Object.entries(shapes).map(([name, shape]) => [name, { shape, values: values[name]! }]),
            ),
          })
        ).outputs;
      const one = await run(1);
      for (const [name, id] of Object.entries(graph.outputs)) {
        const expected = truth[id]!;
        const scale = Math.max(...Array.from(expected, Math.abs));
        const error = Math.max(...Array.from(expected, (value, i) => Math.abs(one[name]![i]! - value)));
        expect(error / scale, name).toBeLessThan(1e-5);
      }
      for (const threads of [2, 3]) {
        const more = await run(threads);
        for (const name of ["y", ...names.filter((name) => name !== "filters")])
          expect(more[name], `${name} on ${threads} threads`).toEqual(one[name]);
        expect(await run(threads)).toEqual(more);
      }
    });
});
