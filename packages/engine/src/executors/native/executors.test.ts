/** Every executor, thread count and CPU variant against the oracle in float64, over the samples of every op. */

import { loadKernels } from "@atelier/kernels";
import { describe, expect, it } from "vitest";
import { opSamples } from "../../../test/op-samples.ts";
import { runGraph, stepGraph } from "../../../test/run-graph.ts";
import { sampleValues } from "../../../test/sample-values.ts";
import { gradients } from "../../autodiff/gradient.ts";
import { GraphBuilder } from "../../graph/builder.ts";
import { sizeOf } from "../../graph/shape.ts";
import { evaluateGraph } from "../reference/evaluate.ts";
import { openReferenceExecutor } from "../reference/reference-executor.ts";
import { openNativeExecutor } from "./native-executor.ts";

const executors = [
  openReferenceExecutor(),
  ...loadKernels().variants.flatMap((variant) =>
    [1, 2].map((threads) => openNativeExecutor({ variant, threads })),
  ),
];

describe.each(executors)("$name, $threads thread(s)", (executor) => {
  for (const [op, samples] of Object.entries(opSamples)) {
    samples.forEach((sample, index) => {
      it(`${op} ${index}: value and gradients`, async () => {
        const g = new GraphBuilder();
        const operands = Object.fromEntries(
          Object.entries(sample.operands).map(([name, shape]) => [name, g.state(name, shape)]),
        );
        const y = sample.build(g, operands);
        const weights = Array.from({ length: sizeOf(g.shape(y)) }, (_, i) => Math.sin(i + 1));
        const names = sample.differentiable ?? Object.keys(sample.operands);
        const partials = gradients(
          g,
          g.total(g.mul(y, g.constant(weights, g.shape(y)))),
          names.map((name) => operands[name]!),
        );
        const graph = stepGraph(g, {
          y,
          ...Object.fromEntries(names.map((name, i) => [`d${name}`, partials[i]!])),
        });
        const values = sampleValues(sample, 23);
        const truth = evaluateGraph(graph, {
          inputs: { images: [0] },
          state: values,
          seed: 5,
          step: 3,
          float32: false,
        });
        const state = Object.fromEntries(
          Object.entries(sample.operands).map(([name, shape]) => [name, { shape, values: values[name]! }]),
        );
        const { outputs } = await runGraph(executor, graph, { state });
        for (const [name, id] of Object.entries(graph.outputs)) expectClose(outputs[name]!, truth[id]!, name);
      });
    });
  }

  it("updates state in place over several steps", async () => {
    const g = new GraphBuilder();
    const x = g.state("x", [37]);
    const m = g.state("m", [37]);
    const next = g.add(g.scale(m, 0.5), g.square(x));
    const graph = stepGraph(g, { total: g.total(x) }, { x: g.sub(x, g.scale(next, 0.1)), m: next });
    const start = Float32Array.from({ length: 37 }, (_, i) => i / 37);
    const { state } = await runGraph(executor, graph, {
      state: { x: { shape: [37], values: start }, m: { shape: [37], values: new Float32Array(37) } },
      steps: 3,
    });
    const expected = [...start].map((value) => {
      let [a, b] = [value, 0];
      for (let step = 0; step < 3; step++) {
        b = 0.5 * b + a * a;
        a -= 0.1 * b;
      }
      return a;
    });
    expectClose(state.x!, expected, "x");
  });

  it("draws other dropout masks at other steps, the same at the same", async () => {
    const g = new GraphBuilder();
    const x = g.state("x", [1000]);
    const graph = stepGraph(g, { y: g.dropout(x, 0.4, 1024) });
    const state = { x: { shape: [1000], values: new Float32Array(1000).fill(1) } };
    const draw = async (firstStep: number) => [
      ...(await runGraph(executor, graph, { state, firstStep })).outputs.y!,
    ];
    const first = await draw(7);
    expect(await draw(7)).toEqual(first);
    expect(await draw(8)).not.toEqual(first);
    expect(first.filter((value) => value === 0).length / 1000).toBeCloseTo(0.4, 1);
  });
});

/** Within float32 rounding of a few hundred operations. */
function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  expect(actual.length, what).toBe(expected.length);
  const scale = Math.max(1, ...Array.from(expected, Math.abs));
  for (let i = 0; i < expected.length; i++) {
    if (!(Math.abs(actual[i]! - expected[i]!) <= 2e-5 * scale)) {
      expect.fail(`${what}[${i}]: expected ${expected[i]}, got ${actual[i]}`);
    }
  }
}
