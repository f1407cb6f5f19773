import { describe, expect, it } from "vitest";
import { opSamples } from "../../test/op-samples.ts";
import { sampleValues } from "../../test/sample-values.ts";
import { evaluateGraph } from "../executors/reference/evaluate.ts";
import { GraphBuilder, type Value } from "../graph/builder.ts";
import type { Graph } from "../graph/graph.ts";
import { sizeOf } from "../graph/shape.ts";
import { gradients } from "./gradient.ts";

/** A weighted sum of the sample's result, so that every element of dy differs. */
function weightedLoss(g: GraphBuilder, y: Value): Value {
  const size = sizeOf(g.shape(y));
  const weights = Array.from({ length: size }, (_, i) => Math.sin(i + 1));
  return g.total(g.mul(y, g.constant(weights, g.shape(y))));
}

function lossOf(graph: Graph, loss: Value, state: Record<string, Float64Array>): number {
  return evaluateGraph(graph, { state, seed: 5, step: 3, float32: false })[loss]![0]!;
}

describe("gradients agree with central differences in float64", () => {
  for (const [op, samples] of Object.entries(opSamples)) {
    samples.forEach((sample, index) => {
      const names = sample.differentiable ?? Object.keys(sample.operands);
      if (names.length === 0) return;
      it(`${op} ${index}`, () => {
        const g = new GraphBuilder();
        const operands = Object.fromEntries(
          Object.entries(sample.operands).map(([name, shape]) => [name, g.state(name, shape)]),
        );
        const loss = weightedLoss(g, sample.build(g, operands));
        const partials = gradients(
          g,
          loss,
          names.map((name) => operands[name]!),
        );
        const graph = g.finish();
        const state = sampleValues(sample, 17);
        const values = evaluateGraph(graph, { state, seed: 5, step: 3, float32: false });
        names.forEach((name, position) => {
          const analytic = values[partials[position]!]!;
          expect(graph.nodes[partials[position]!]!.shape).toEqual(sample.operands[name]);
          const stride = Math.max(1, Math.floor(analytic.length / 12));
          for (let i = 0; i < analytic.length; i += stride) {
            const h = 1e-5;
            const original = state[name]![i]!;
            state[name]![i] = original + h;
            const above = lossOf(graph, loss, state);
            state[name]![i] = original - h;
            const below = lossOf(graph, loss, state);
            state[name]![i] = original;
            const numeric = (above - below) / (2 * h);
            expect(
              Math.abs(analytic[i]! - numeric),
              `${name}[${i}]: ${analytic[i]} against ${numeric}`,
            ).toBeLessThan(1e-6 * Math.max(1, Math.abs(numeric)) * 10);
          }
        });
      });
    });
  }
});

it("accumulates over several uses and gives zeros where nothing depends", () => {
  const g = new GraphBuilder();
  const x = g.state("x", [2]);
  const unused = g.state("unused", [3]);
  const [dx, dUnused] = gradients(g, g.total(g.add(g.square(x), g.scale(x, 3))), [x, unused]);
  const values = evaluateGraph(g.finish(), { state: { x: [1, -2], unused: [0, 0, 0] } });
  expect([...values[dx!]!]).toEqual([5, -1]);
  expect([...values[dUnused!]!]).toEqual([0, 0, 0]);
});
