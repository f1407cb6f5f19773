/** The loss, its gradient and the correct rows: one call where logits and targets are the same, and right at any size. */
import { loadKernels } from "@atelier/kernels";
import { describe, expect, it } from "vitest";
import { runGraph, stepGraph } from "../../../test/run-graph.ts";
import { gradients } from "../../autodiff/gradient.ts";
import { GraphBuilder } from "../../graph/builder.ts";
import { vectorUnits } from "../../plan/convolution.ts";
import { planGraph } from "../../plan/plan.ts";
import { StateLayout } from "../../plan/state-layout.ts";
import { uniform, wordOf } from "../../random/philox.ts";
import { evaluateGraph } from "../reference/evaluate.ts";
import { openNativeExecutor } from "./native-executor.ts";

function lossGraph(rows: number, C: number, labelSmoothing: number, weigh: "constant" | "loss" = "constant") {
  const g = new GraphBuilder();
  const logits = g.state("logits", [rows, C]);
  const targets = g.state("targets", [rows, C]);
  const loss = g.softmaxCrossEntropy(logits, targets, labelSmoothing);
  const weights = g.constant(
    Array.from({ length: rows }, (_, i) => Math.sin(i + 1)),
    [rows],
  );
  const [dx] = gradients(g, g.total(g.mul(loss, weigh === "loss" ? loss : weights)), [logits]);
  return stepGraph(g, { loss, dx: dx!, right: g.correct(logits, targets) });
}

function values(rows: number, C: number) {
  const logits = Float32Array.from(
    { length: rows * C },
    (_, i) => 20 * uniform(wordOf(7, 40, 0, i)) - (i % 5 === 0 ? 300 : 0),
  );
  const targets = Float32Array.from({ length: rows * C }, (_, i) =>
    Number(i % C === (Math.floor(i / C) * 7) % C),
  );
  return { logits, targets };
}

it.each([
  ["constant", 1],
  ["loss", 2],
] as const)("is one call unless the gradient waits for the loss: weights from the %s", (weigh, calls) => {
  const layout = new StateLayout(["logits", "targets"].map((name) => ({ name, shape: [9, 4] })));
  const planned = planGraph(lossGraph(9, 4, 0, weigh), layout, vectorUnits).calls;
  expect(planned.filter(({ kernel }) => kernel === "softmaxCrossEntropy")).toHaveLength(calls);
});

describe.each(loadKernels().variants)("%s", (variant) => {
  it.each([
    [1, 1, 0],
    [5, 2, 0.1],
    [128, 10, 0],
    [131, 17, 0.2],
    [37, 1000, 0.1],
  ])(
    "agrees with float64 for [%i, %i], smoothing %f, the same bits at every thread count",
    async (rows, C, smoothing) => {
      const graph = lossGraph(rows, C, smoothing);
      const state = values(rows, C);
      const truth = evaluateGraph(graph, {
        inputs: { images: [0] },
        state,
        seed: 5,
        step: 3,
        float32: false,
      });
      const run = async (threads: number) => {
        const placed = Object.entries(state).map(([name, all]) => [name, { shape: [rows, C], values: all }]);
        return (
          await runGraph(openNativeExecutor({ variant, threads }), graph, {
            state: Object.fromEntries(placed),
          })
        ).outputs;
      };
      const one = await run(1);
      for (const [name, id] of Object.entries(graph.outputs)) {
        const expected = Array.from(truth[id]!);
        const scale = Math.max(1, ...expected.map(Math.abs));
        const error = Math.max(...expected.map((value, i) => Math.abs(one[name]![i]! - value)));
        expect(error / scale, name).toBeLessThan(2e-6);
      }
      expect(await run(2)).toEqual(one);
    },
  );

  it("keeps a NaN to its row", async () => {
    const state = values(19, 6);
    state.logits[6 * 17 + 3] = Number.NaN;
    const placed = Object.entries(state).map(([name, all]) => [name, { shape: [19, 6], values: all }]);
    const { outputs } = await runGraph(openNativeExecutor({ variant, threads: 1 }), lossGraph(19, 6, 0), {
      state: Object.fromEntries(placed),
    });
    const invalid = (name: string) =>
      [...outputs[name]!].flatMap((value, i) => (Number.isNaN(value) ? [i] : []));
    expect(invalid("loss")).toEqual([17]);
    expect(invalid("dx")).toEqual([0, 1, 2, 3, 4, 5].map((c) => 6 * 17 + c));
  });
});
