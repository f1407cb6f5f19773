/** Evaluation with weights that stay: fewer kernels, the same numbers as the graph that was asked for. */
import { loadKernels } from "@atelier/kernels";
import { describe, expect, it } from "vitest";
import { onePixel, stepGraph } from "../../../test/run-graph.ts";
import { GraphBuilder, type Value } from "../../graph/builder.ts";
import type { Shape } from "../../graph/shape.ts";
import { sizeOf } from "../../graph/shape.ts";
import { vectorUnits } from "../../plan/convolution.ts";
import { planGraph } from "../../plan/plan.ts";
import { StateLayout } from "../../plan/state-layout.ts";
import { uniform, wordOf } from "../../random/philox.ts";
import type { SessionSpec } from "../executor.ts";
import { evaluateGraph } from "../reference/evaluate.ts";
import { openReferenceExecutor } from "../reference/reference-executor.ts";
import { freeze } from "./freeze.ts";
import { openNativeExecutor } from "./native-executor.ts";

/** conv → pool → batch norm → relu, conv → relu → batch norm, dense + bias → batch norm, and a penalty. */
function specWith(smallestGamma: number): SessionSpec {
  const g = new GraphBuilder();
  const shapes = new Map<string, Shape>();
  const state = (name: string, ...shape: number[]): Value => {
    shapes.set(name, shape);
    return g.state(name, shape);
  };
  const norm = (name: string, x: Value): Value => {
    const channels = g.shape(x).at(-1)!;
    const [moments, gamma, beta] = [
      state(`${name}.moments`, 2, channels),
      state(`${name}.gamma`, channels),
      state(`${name}.beta`, channels),
    ];
    return g.batchNorm(x, moments, gamma, beta, { epsilon: 1e-3, batchStatistics: false });
  };
  const conv = (x: Value, filters: Value): Value =>
    g.conv2d(x, filters, {
      size: [3, 3],
      strides: [1, 1],
      dilation: [1, 1],
      padding: { top: 1, bottom: 1, left: 1, right: 1 },
      groups: 1,
    });
  const none = { top: 0, bottom: 0, left: 0, right: 0 };
  const first = state("first", 3, 3, 2, 5);
  // All but the images is fixed.
  const x = g.add(state("x", 4, 7, 9, 2), g.reshape(g.input("images", [1, 1, 1, 1]), [1]));
  const pooled = g.maxPool2d(conv(x, first), {
    size: [2, 2],
    strides: [2, 2],
    padding: none,
  });
  const hidden = g.relu(norm("one", pooled));
  const second = norm("two", g.relu(conv(hidden, state("second", 3, 3, 5, 3))));
  const flat = g.reshape(second, [4, 3 * 4 * 3]);
  const y = norm("three", g.add(g.matmul(flat, state("dense", 36, 6)), state("bias", 6)));
  const graph = stepGraph(g, { y, penalty: g.total(g.square(first)) });
  const initial = (name: string, shape: Shape, stream: number) =>
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => {
      const value = uniform(wordOf(7, 9300 + stream, 0, i));
      if (name.endsWith("moments")) return value + 0.1;
      return name.endsWith("gamma") ? value + smallestGamma : value - 0.5;
    });
  return {
    state: [...shapes].map(([name, shape], i) => ({ name, shape, initial: initial(name, shape, i) })),
    graphs: { graph },
    fixedState: true,
  };
}

function kernelsOf(spec: SessionSpec): string[] {
  const { state, graphs } = freeze(spec);
  return planGraph(graphs.graph!, new StateLayout(state), vectorUnits).calls.map(({ kernel }) => kernel);
}

it("leaves batch norm only where something stands between it and the product", () => {
  expect(kernelsOf(specWith(0))).toEqual(["map", "conv2d", "maxPool2d", "conv2d", "batchNorm", "gemm"]);
});

it("does not take a negative scale through max pooling", () => {
  const kernels = ["map", "conv2d", "maxPool2d", "batchNorm", "conv2d", "batchNorm", "gemm"];
  expect(kernelsOf(specWith(-0.5))).toEqual(kernels);
});

it("computes what graphs of other batch sizes share once", () => {
  const spec = specWith(0);
  const { state } = freeze({ ...spec, graphs: { ...spec.graphs, again: spec.graphs.graph! } });
  expect(state).toHaveLength(freeze(spec).state.length);
});

describe.each([0, -0.5])("gammas from %d", (smallestGamma) => {
  const spec = specWith(smallestGamma);
  const graph = spec.graphs.graph!;
  const truth = evaluateGraph(graph, {
    inputs: { images: [0] },
    state: Object.fromEntries(spec.state.map(({ name, initial }) => [name, initial])),
    float32: false,
  });
  const executors = [
    openReferenceExecutor(),
    ...loadKernels().variants.map((variant) => openNativeExecutor({ variant, threads: 2 })),
  ];
  it.each(executors)("$name agrees with float64, and keeps others from writing", async (executor) => {
    const session = executor.compile(spec);
    try {
      session.upload("data", onePixel);
      const { outputs } = await session.run({
        dataset: "data",
        order: new Int32Array(1),
        graph: "graph",
        normalization: { mean: [0], std: [1] },
        seed: 0,
        firstStep: 0,
        epochIndex: 0,
        outputs: ["y", "penalty"],
      });
      for (const name of ["y", "penalty"]) {
        const expected = truth[graph.outputs[name]!]!;
        const scale = Math.max(...Array.from(expected, Math.abs));
        expected.forEach((value, i) => {
          expect(Math.abs(outputs[name]![i]! - value) / scale, name).toBeLessThan(1e-5);
        });
      }
      expect(() => session.write("bias", new Float32Array(6))).toThrow(/fixed/);
    } finally {
      session.close();
    }
  });
});
