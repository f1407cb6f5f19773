/**
 * Convolutions, most by Winograd's algorithm, with what lies between them, as a whole step against float64: what is planned
 * on the way in and out of them, and what is not because something else wants the map in between.
 */
import { describe, expect, it } from "vitest";
import { holdToFloat64, plain3x3, plannedKernels } from "../../../test/held-to-float64.ts";
import type { GraphBuilder, Value } from "../../graph/builder.ts";

const channels = 32;
const images = { x: [32, 17, 16, channels], image: [32, 17, 16, 1] };
const weights = {
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
  const network = {
    images,
    weights,
    build: (g: GraphBuilder, state: (name: string) => Value) =>
      build({
        g,
        image: state("image"),
        conv: (x, filters) => g.conv2d(x, state(filters), plain3x3),
        norm: (x) =>
          g.batchNorm(x, g.moments(x), state("gamma"), state("beta"), {
            epsilon: 1e-3,
            batchStatistics: true,
          }),
        pool: (x) =>
          g.maxPool2d(x, {
            size: [2, 2],
            strides: [2, 2],
            padding: { top: 0, bottom: 0, left: 0, right: 0 },
          }),
      })(state("x")),
  };

  it("is planned in as few passes", () => {
    expect(plannedKernels(network, /^(conv2d|maxPool|batchNorm|moments)/)).toEqual(kernels);
  });

  holdToFloat64(network, 2e-5);
});

it("takes no joins to Winograd's products on the matrix unit", () => {
  const wide = {
    images: { x: [64, 14, 14, 256] },
    weights: { filters: [3, 3, 256, 256] },
    build: (g: GraphBuilder, state: (name: string) => Value) =>
      g.moments(g.conv2d(state("x"), state("filters"), plain3x3)),
  };
  const forward = /^(conv2d(Winograd|Fft)?|moments)$/;
  expect(plannedKernels(wide, forward, { matrixUnit: true })).toEqual(["conv2dWinograd", "moments"]);
});
