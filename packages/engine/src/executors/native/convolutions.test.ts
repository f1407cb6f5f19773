/** A step whose convolutions the planner takes by three algorithms, forward and back, against float64. */
import { loadKernels } from "@atelier/kernels";
import { expect, it } from "vitest";
import { runGraph, stepGraph } from "../../../test/run-graph.ts";
import { gradients } from "../../autodiff/gradient.ts";
import { GraphBuilder } from "../../graph/builder.ts";
import { sizeOf } from "../../graph/shape.ts";
import { vectorUnits } from "../../plan/convolution.ts";
import { planGraph } from "../../plan/plan.ts";
import { StateLayout } from "../../plan/state-layout.ts";
import { uniform, wordOf } from "../../random/philox.ts";
import { evaluateGraph } from "../reference/evaluate.ts";
import { openNativeExecutor } from "./native-executor.ts";

const shapes = {
  x: [16, 8, 8, 3],
  first: [3, 3, 3, 48],
  bias: [48],
  second: [3, 3, 48, 32],
  third: [5, 5, 32, 64],
} as const;
type Name = keyof typeof shapes;
const names = Object.keys(shapes) as Name[];

function trainingStep() {
  const g = new GraphBuilder();
  const state = Object.fromEntries(names.map((name) => [name, g.state(name, shapes[name])])) as Record<
    Name,
    number
  >;
  const plain = { strides: [1, 1], dilation: [1, 1], groups: 1 } as const;
  const padding = (pixels: number) => ({ top: pixels, bottom: pixels, left: pixels, right: pixels });
  const hidden = g.relu(
    g.add(g.conv2d(state.x, state.first, { ...plain, size: [3, 3], padding: padding(1) }), state.bias),
  );
  const narrow = g.relu(g.conv2d(hidden, state.second, { ...plain, size: [3, 3], padding: padding(1) }));
  const y = g.relu(g.conv2d(narrow, state.third, { ...plain, size: [5, 5], padding: padding(2) }));
  const loss = g.scale(g.total(g.square(y)), 1 / sizeOf(g.shape(y)));
  const weights = ["first", "bias", "second", "third"] as const;
  const partials = gradients(
    g,
    loss,
    weights.map((name) => state[name]),
  );
  return stepGraph(g, { loss, ...Object.fromEntries(weights.map((name, i) => [name, partials[i]!])) });
}

const graph = trainingStep();
const values = Object.fromEntries(
  names.map((name, stream) => [
    name,
    Float32Array.from(
      { length: sizeOf(shapes[name]) },
      (_, i) => uniform(wordOf(7, 9100 + stream, 0, i)) - 0.5,
    ),
  ]),
);
const truth = evaluateGraph(graph, {
  inputs: { images: [0] },
  state: values,
  seed: 5,
  step: 3,
  float32: false,
});

it("is planned with the algorithm that suits each layer", () => {
  const { calls } = planGraph(
    graph,
    new StateLayout(names.map((name) => ({ name, shape: [...shapes[name]] }))),
    vectorUnits,
  );
  expect(calls.map(({ kernel }) => kernel).filter((kernel) => kernel.startsWith("conv2d"))).toEqual([
    "conv2dBlock",
    "conv2dWinograd",
    "conv2dFft",
    "conv2dInputGradFft",
    "conv2dFilterGradFft",
    "conv2dInputGradWinograd",
    "conv2dFilterGradWinograd",
    "conv2dBlockGrad",
  ]);
});

it.each(loadKernels().variants)("has the gradients of float64 on %s", async (variant) => {
  const { outputs } = await runGraph(openNativeExecutor({ variant, threads: 2 }), graph, {
    state: Object.fromEntries(names.map((name) => [name, { shape: shapes[name], values: values[name]! }])),
  });
  for (const [name, id] of Object.entries(graph.outputs)) {
    const expected = truth[id]!;
    const scale = Math.max(...Array.from(expected, Math.abs));
    const error = Math.max(...Array.from(expected, (value, i) => Math.abs(outputs[name]![i]! - value)));
    expect(error / scale, name).toBeLessThan(1e-5);
  }
});
