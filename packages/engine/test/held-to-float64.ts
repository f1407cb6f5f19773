/**
 * A network as a whole step, its output and all of its gradients, against float64 on every CPU variant, and what is planned
 * for it. The loss is a sum of the output's elements, each with a weight of its own.
 */
import { loadKernels } from "@atelier/kernels";
import { expect, it } from "vitest";
import { gradients } from "../src/autodiff/gradient.ts";
import { openNativeExecutor } from "../src/executors/native/native-executor.ts";
import { evaluateGraph } from "../src/executors/reference/evaluate.ts";
import { GraphBuilder, type Value } from "../src/graph/builder.ts";
import type { ConvAttrs } from "../src/graph/ops.ts";
import { type Shape, sizeOf } from "../src/graph/shape.ts";
import { type Machine, vectorUnits } from "../src/plan/convolution.ts";
import { planGraph } from "../src/plan/plan.ts";
import { StateLayout } from "../src/plan/state-layout.ts";
import { uniform, wordOf } from "../src/random/philox.ts";
import { runGraph, stepGraph } from "./run-graph.ts";

/** A convolution of 3×3 windows whose result is as large as its image. */
export const plain3x3: ConvAttrs = {
  size: [3, 3],
  strides: [1, 1],
  dilation: [1, 1],
  padding: { top: 1, bottom: 1, left: 1, right: 1 },
  groups: 1,
};

export interface Network {
  readonly images: Readonly<Record<string, Shape>>;
  readonly weights: Readonly<Record<string, Shape>>;
  /** From images and weights by their name; gradients are taken of the weights it asks for. */
  readonly build: (g: GraphBuilder, state: (name: string) => Value) => Value;
}

/** The step graph of a network, and the values of its states. */
function stepOf({ images, weights, build }: Network) {
  const g = new GraphBuilder();
  const shapes = { ...images, ...weights };
  const states = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, g.state(name, shape)]),
  );
  const used = new Set<string>();
  const y = build(g, (name) => {
    if (name in weights) used.add(name);
    return states[name]!;
  });
  const factors = Array.from({ length: sizeOf(g.shape(y)) }, (_, i) => Math.sin(i + 1));
  const loss = g.total(g.mul(y, g.constant(factors, g.shape(y))));
  const names = [...used];
  const partials = gradients(
    g,
    loss,
    names.map((name) => states[name]!),
  );
  const graph = stepGraph(g, { y, ...Object.fromEntries(names.map((name, i) => [name, partials[i]!])) });
  const state = Object.fromEntries(
    Object.entries(shapes).map(([name, shape], stream) => {
      const value = (_: unknown, i: number) => uniform(wordOf(7, 9300 + stream, 0, i)) - 0.4;
      return [name, { shape, values: Float32Array.from({ length: sizeOf(shape) }, value) }];
    }),
  );
  return { graph, state };
}

/** Kernels whose names begin with one of `of`, in the order in which they are planned. */
export function plannedKernels(network: Network, of: RegExp, machine: Machine = vectorUnits): string[] {
  const { graph, state } = stepOf(network);
  const layout = new StateLayout(Object.entries(state).map(([name, { shape }]) => ({ name, shape })));
  const { calls } = planGraph(graph, layout, machine);
  return calls.map(({ kernel }) => kernel).filter((kernel) => of.test(kernel));
}

/**
 * Declares the tests of a network. Errors are held to `most` of a result's largest element. All results are the same bits
 * at every thread count but those `byThreads`, which are only the same each time.
 */
export function holdToFloat64(network: Network, most: number, byThreads: readonly string[] = []): void {
  const { graph, state } = stepOf(network);
  const values = Object.fromEntries(Object.entries(state).map(([name, { values }]) => [name, values]));
  const truth = evaluateGraph(graph, {
    inputs: { images: [0] },
    state: values,
    seed: 5,
    step: 3,
    float32: false,
  });

  for (const variant of loadKernels().variants)
    it(`has the gradients of float64 on ${variant}, the same bits at every thread count`, async () => {
      const run = async (threads: number) =>
        (await runGraph(openNativeExecutor({ variant, threads }), graph, { state })).outputs;
      const one = await run(1);
      for (const [name, id] of Object.entries(graph.outputs)) {
        let [scale, error] = [0, 0];
        for (const [i, value] of truth[id]!.entries()) {
          scale = Math.max(scale, Math.abs(value));
          error = Math.max(error, Math.abs(one[name]![i]! - value));
        }
        expect(error / scale, name).toBeLessThan(most);
      }
      for (const threads of [2, 3]) {
        const more = await run(threads);
        for (const name of Object.keys(one).filter((name) => !byThreads.includes(name)))
          expect(more[name], `${name} on ${threads} threads`).toEqual(one[name]);
        if (byThreads.length > 0) expect(await run(threads)).toEqual(more);
      }
    });
}
