/** Weights in panels: which states are, and whole steps on every CPU variant against the oracle, at sizes that fit no tile. */
import { loadKernels } from "@atelier/kernels";
import { describe, expect, it } from "vitest";
import { runGraph, stepGraph } from "../../../test/run-graph.ts";
import { gradients } from "../../autodiff/gradient.ts";
import { GraphBuilder } from "../../graph/builder.ts";
import { type Shape, sizeOf } from "../../graph/shape.ts";
import { fromPanels, panelStates, toPanels } from "../../plan/panels.ts";
import { openReferenceExecutor } from "../reference/reference-executor.ts";
import { openNativeExecutor } from "./native-executor.ts";

/** Two layers with momentum, as states; `extra` may read the first layer's weights in another way. */
function twoLayers(
  [M, K, H, N]: readonly [number, number, number, number],
  extra?: (g: GraphBuilder, w: number) => number,
) {
  const g = new GraphBuilder();
  const shapes: Record<string, Shape> = { x: [M, K], a: [K, H], b: [H, N], va: [K, H], vb: [H, N] };
  const [x, a, b, va, vb] = Object.entries(shapes).map(([name, shape]) => g.state(name, shape)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const loss = g.scale(g.total(g.square(g.matmul(g.relu(g.matmul(x, a)), b))), 1 / (M * N));
  const [da, db] = gradients(g, loss, [a, b]) as [number, number];
  const [nextA, nextB] = [g.add(g.scale(va, 0.9), da), g.add(g.scale(vb, 0.9), db)];
  const updates = {
    va: nextA,
    vb: nextB,
    a: g.sub(a, g.scale(nextA, 0.05)),
    b: g.sub(b, g.scale(nextB, 0.05)),
  };
  const graph = stepGraph(g, { loss, ...(extra && { extra: extra(g, a) }) }, updates);
  return { graph, shapes, states: Object.entries(shapes).map(([name, shape]) => ({ name, shape })) };
}

describe("which states lie in panels", () => {
  const shape = [8, 5, 64, 32] as const;

  it("weights and the optimiser's slots for them", () => {
    const { graph, states } = twoLayers(shape);
    expect([...panelStates(states, [graph])].sort()).toEqual(["a", "b", "va", "vb"]);
  });

  it("none of those that go together when one is wanted as rows", () => {
    const { graph, states } = twoLayers(shape, (g, a) => g.total(g.slice(a, 0, 1, 3)));
    expect([...panelStates(states, [graph])].sort()).toEqual(["b", "vb"]);
    // One graph of a session decides for all.
    expect([...panelStates(states, [twoLayers(shape).graph, graph])].sort()).toEqual(["b", "vb"]);
  });

  it("only whole panels", () => {
    const { graph, states } = twoLayers([8, 5, 48, 32]);
    expect([...panelStates(states, [graph])].sort()).toEqual(["b", "vb"]);
  });
});

it("goes into panels and back", () => {
  const values = Float32Array.from({ length: 3 * 64 }, (_, i) => i);
  const panels = toPanels(values, [3, 64]);
  expect([panels[32], panels[96]]).toEqual([64, 32]);
  expect(fromPanels(panels, [3, 64])).toEqual(values);
});

const executors = loadKernels().variants.flatMap((variant) =>
  [1, 2].map((threads) => openNativeExecutor({ variant, threads })),
);
const cases = [
  [37, 70, 64, 96],
  [130, 1100, 96, 64],
  [1100, 45, 64, 32],
  [2900, 20, 32, 64],
] as const;

for (const shape of cases) {
  const { graph, shapes } = twoLayers(shape);
  const state = Object.fromEntries(
    Object.entries(shapes).map(([name, of], index) => [
      name,
      {
        shape: of,
        values: Float32Array.from({ length: sizeOf(of) }, (_, i) => Math.sin(i * 1.7 + index) / 8),
      },
    ]),
  );
  const steps = { state, steps: 3 };
  const truth = runGraph(openReferenceExecutor(), graph, steps);

  it.each(executors)(`trains ${shape.join("×")} on $name, $threads thread(s)`, async (executor) => {
    const [expected, actual] = [await truth, await runGraph(executor, graph, steps)];
    for (const name of ["a", "b", "va", "vb"]) {
      const scale = Math.max(...Array.from(expected.state[name]!, Math.abs));
      const miss = Math.max(
        ...Array.from(actual.state[name]!, (x, i) => Math.abs(x - expected.state[name]![i]!)),
      );
      expect(miss, name).toBeLessThan(2e-5 * scale);
    }
    expect((await runGraph(executor, graph, steps)).state).toEqual(actual.state);
  });
}
