/**
 * What lies between convolutions, in the orders that models have it in, as a whole step against float64: pooling that
 * keeps places, moments taken on the way, masks and pooling joined to batch norm's gradients.
 */
import { describe, expect, it } from "vitest";
import { holdToFloat64, plain3x3, plannedKernels } from "../../../test/held-to-float64.ts";
import type { GraphBuilder, Value } from "../../graph/builder.ts";
import type { WindowAttrs } from "../../graph/ops.ts";

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

describe.each(Object.entries(chains))("%s", (_, { channels, build, kernels }) => {
  const network = {
    images: { x: [20, 13, 11, 2] },
    weights: {
      filters: [3, 3, 2, channels],
      bias: [channels],
      gamma: [channels],
      beta: [channels],
    },
    build: (g: GraphBuilder, state: (name: string) => Value) =>
      build(
        {
          g,
          bias: (x) => g.add(x, state("bias")),
          norm: (x) =>
            g.batchNorm(x, g.moments(x), state("gamma"), state("beta"), {
              epsilon: 1e-3,
              batchStatistics: true,
            }),
          pool: (x, window) => g.maxPool2d(x, { size: [2, 2], strides: [2, 2], padding: none, ...window }),
        },
        g.conv2d(state("x"), state("filters"), plain3x3),
      ),
  };

  it("is planned in as few passes", () => {
    expect(plannedKernels(network, /^(maxPool|batchNorm|moments)/)).toEqual(kernels);
  });

  holdToFloat64(network, 1e-5, ["filters"]);
});
