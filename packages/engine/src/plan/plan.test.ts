import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stepGraph } from "../../test/run-graph.ts";
import { gradients } from "../autodiff/gradient.ts";
import { GraphBuilder, type Value } from "../graph/builder.ts";
import { adam } from "../optim/adam.ts";
import { adamW } from "../optim/adam-w.ts";
import { buildUpdates } from "../optim/build-updates.ts";
import type { OptimizerConfig } from "../optim/optimizers.ts";
import { aligned, packArena } from "./arena.ts";
import { vectorUnits } from "./convolution.ts";
import { planGraph } from "./plan.ts";
import { StateLayout } from "./state-layout.ts";

it("packs lifetimes so that none that overlap in time overlap in space", () => {
  const lifetime = fc
    .record({
      floats: fc.integer({ min: 1, max: 500 }),
      start: fc.integer({ min: -1, max: 20 }),
      length: fc.integer({ min: 0, max: 9 }),
    })
    .map(({ floats, start, length }) => ({ floats, start, end: start + length }));
  fc.assert(
    fc.property(fc.array(lifetime, { maxLength: 30 }), (lifetimes) => {
      const { offsets, floats } = packArena(lifetimes);
      lifetimes.forEach((a, i) => {
        expect(offsets[i]! + a.floats).toBeLessThanOrEqual(floats);
        expect(offsets[i]! % 16).toBe(0);
        lifetimes.slice(0, i).forEach((b, j) => {
          const together = a.start <= b.end && b.start <= a.end;
          const disjoint =
            offsets[i]! + aligned(a.floats) <= offsets[j]! || offsets[j]! + aligned(b.floats) <= offsets[i]!;
          expect(!together || disjoint).toBe(true);
        });
      });
    }),
  );
});

describe("plan of a small dense layer with momentum", () => {
  const g = new GraphBuilder();
  const x = g.state("x", [6, 5]);
  const w = g.state("w", [5, 4]);
  const b = g.state("b", [4]);
  const y = g.relu(g.add(g.matmul(x, w), b));
  const loss = g.total(g.square(y));
  const [dw, db] = gradients(g, loss, [w, b]) as [number, number];
  const m = g.state("m", [5, 4]);
  const velocity = g.add(g.scale(m, 0.9), dw);
  const graph = stepGraph(
    g,
    { loss },
    { w: g.sub(w, g.scale(velocity, 0.1)), m: velocity, b: g.sub(b, g.scale(db, 0.1)) },
  );
  const layout = new StateLayout([
    { name: "x", shape: [6, 5] },
    { name: "w", shape: [5, 4] },
    { name: "b", shape: [4] },
    { name: "m", shape: [5, 4] },
  ]);
  const { calls } = planGraph(graph, layout, vectorUnits);

  it("fuses bias and relu into the product", () => {
    const [product] = calls.filter((call) => call.kernel === "gemmMap");
    expect(product?.args).toMatchObject({
      bias: layout.refOf("b"),
      relu: 1,
      M: 6,
      N: 4,
      K: 5,
    });
  });

  it("updates weights and momentum within the gradient's product, in place", () => {
    const products = calls.filter((call) => call.kernel === "gemmMap");
    const update = products.find(({ body }) => body.outputs.some(({ ref }) => ref === layout.refOf("w")));
    expect(update?.args).toMatchObject({ a: layout.refOf("x"), transposeA: 1, M: 5, N: 4, K: 6 });
    // The gradient itself is not among what is written.
    expect(update?.body.outputs.map(({ ref }) => ref).sort()).toEqual(
      [layout.refOf("w"), layout.refOf("m")].sort(),
    );
    expect(update?.body.inputs.map(({ mode }) => mode).sort()).toEqual(["full", "full", "product"]);
    expect(calls.some((call) => call.kernel === "stridedCopy")).toBe(false);
  });

  it("takes the mask of relu beside its use, not as a pass of its own", () => {
    const bodies = calls.flatMap((call) => ("body" in call ? [call.body] : []));
    const masks = bodies.filter(({ code }) => code.some(({ op }) => op === "step"));
    expect(masks).toHaveLength(1);
    expect(masks[0]?.code.length).toBeGreaterThan(1);
  });
});

it("copies an update whose old value is still read elsewhere", () => {
  const g = new GraphBuilder();
  const a = g.state("a", [3, 3]);
  const b = g.state("b", [3, 3]);
  // Each is updated from a product with the other's old value.
  const graph = stepGraph(g, {}, { a: g.matmul(a, b), b: g.matmul(b, a) });
  const { calls } = planGraph(
    graph,
    new StateLayout([
      { name: "a", shape: [3, 3] },
      { name: "b", shape: [3, 3] },
    ]),
    vectorUnits,
  );
  expect(calls.map(({ kernel }) => kernel)).toEqual(["gemm", "gemm", "stridedCopy", "stridedCopy"]);
});

it("leaves a cluster out of the product when it also waits for something made from the product", () => {
  const g = new GraphBuilder();
  const a = g.state("a", [3, 4]);
  const w = g.state("w", [3, 5]);
  const gradient = g.matmul(a, w, { transposeA: true });
  const norm = g.sqrt(g.total(g.square(gradient)));
  const v = g.state("v", [4, 5]);
  const graph = stepGraph(g, {}, { v: g.sub(v, g.div(gradient, norm)) });
  const { calls } = planGraph(
    graph,
    new StateLayout([
      { name: "a", shape: [3, 4] },
      { name: "w", shape: [3, 5] },
      { name: "v", shape: [4, 5] },
    ]),
    vectorUnits,
  );
  // The squares join the product, which then stores the gradient too; the update comes after the norm.
  expect(calls.map(({ kernel }) => kernel)).toEqual(["gemmMap", "reduceSum", "map", "map"]);
  expect(calls[0]?.kernel === "gemmMap" && calls[0].body.outputs).toHaveLength(2);
});

it("never writes a product's result over its factors", () => {
  const g = new GraphBuilder();
  const w = g.state("w", [3, 3]);
  const x = g.relu(w);
  const graph = stepGraph(g, {}, { w: g.sub(w, g.matmul(x, w)), y: g.add(x, g.matmul(w, x)) });
  const layout = new StateLayout(["w", "y"].map((name) => ({ name, shape: [3, 3] })));
  const { calls } = planGraph(graph, layout, vectorUnits);
  for (const call of calls) {
    if (call.kernel !== "gemmMap") continue;
    const written = call.body.outputs.map(({ ref }) => ref);
    expect(written).not.toContain(call.args.a);
    expect(written).not.toContain(call.args.b);
  }
  expect(calls.filter(({ kernel }) => kernel === "gemmMap")).toHaveLength(2);
});

it("changes state only after everything that the host reads is known", () => {
  const g = new GraphBuilder();
  const w = g.state("w", [4]);
  const next = g.sub(w, g.scale(w, 0.5));
  const loss = g.scale(g.total(g.square(w)), 3);
  const graph = stepGraph(g, { loss }, { w: next });
  const layout = new StateLayout([{ name: "w", shape: [4] }]);
  const { calls } = planGraph(graph, layout, vectorUnits);
  const writes = calls.map(
    (call) => call.kernel === "map" && call.body.outputs.some(({ ref }) => ref === layout.refOf("w")),
  );
  expect(writes.indexOf(true)).toBe(calls.length - 1);
});

it("has one instruction for a moving average, for a root with its epsilon and for what it divides", () => {
  const g = new GraphBuilder();
  const m = g.state("m", [8]);
  const x = g.state("x", [8]);
  const moved = g.add(m, g.scale(g.sub(x, m), 0.1));
  const root = g.affine(g.sqrt(moved), 1, 1e-7);
  const code = (updates: Record<string, Value>) => {
    const layout = new StateLayout(["m", "x", "y"].map((name) => ({ name, shape: [8] })));
    const [call] = planGraph(stepGraph(g, {}, updates), layout, vectorUnits).calls;
    return call?.kernel === "map" ? call.body.code : [];
  };
  const quotient = g.div(x, root);
  expect(code({ m: moved, x: quotient })).toMatchObject([
    { op: "lerp", imm0: 0.1 },
    { op: "divRoot", imm1: 1e-7 },
  ]);
  expect(code({ m: moved, x: quotient, y: root })).toMatchObject([
    { op: "lerp", imm0: 0.1 },
    { op: "sqrt", imm1: 1e-7 },
    { op: "div" },
  ]);
});

it("numbers the registers of Adam and AdamW as the loops of kernels/src/native/straight.h do", () => {
  const bodyOf = (optimizer: OptimizerConfig) => {
    const g = new GraphBuilder();
    const [learningRate, step] = [g.input("learningRate", []), g.input("step", [])];
    const gradients = new Map([["w", g.matmul(g.state("x", [6, 4]), g.state("dy", [4, 5]))]]);
    const parameters = [{ name: "w", shape: [6, 5] } as const];
    const { updates, slots } = buildUpdates(g, optimizer, { parameters, gradients, learningRate, step });
    const state = [...slots, ...parameters, { name: "x", shape: [6, 4] }, { name: "dy", shape: [4, 5] }];
    const { calls } = planGraph(
      stepGraph(g, {}, Object.fromEntries(updates)),
      new StateLayout(state),
      vectorUnits,
    );
    const call = calls.find(({ kernel }) => kernel === "gemmMap")!;
    return call.kernel === "gemmMap" ? call.body.code.map(({ op, dst, a, b }) => [op, dst, a, b]) : [];
  };
  expect(bodyOf(adam())).toEqual([
    ["lerp", 5, 1, 0],
    ["mul", 6, 0, 0],
    ["lerp", 6, 2, 6],
    ["mul", 7, 5, 3],
    ["divRoot", 7, 7, 6],
    ["sub", 7, 4, 7],
  ]);
  expect(bodyOf(adamW())).toEqual([
    ["mul", 6, 0, 1],
    ["lerp", 7, 3, 2],
    ["mul", 8, 2, 2],
    ["lerp", 8, 4, 8],
    ["mul", 9, 7, 5],
    ["divRoot", 9, 9, 8],
    ["sub", 9, 6, 9],
  ]);
});

it("keeps the parts of a moving average that something else reads", () => {
  const g = new GraphBuilder();
  const m = g.state("m", [8]);
  const x = g.state("x", [8]);
  const difference = g.sub(x, m);
  const graph = stepGraph(g, {}, { m: g.add(m, g.scale(difference, 0.1)), x: difference });
  const layout = new StateLayout(["m", "x"].map((name) => ({ name, shape: [8] })));
  const [call] = planGraph(graph, layout, vectorUnits).calls;
  expect(call?.kernel === "map" && call.body.code.map(({ op }) => op)).toEqual(["sub", "affine", "add"]);
});

it("takes the mask of dropout from what the forward pass kept, not from a second draw", () => {
  const g = new GraphBuilder();
  const x = g.state("x", [6, 5]);
  const w = g.state("w", [5, 4]);
  const y = g.dropout(g.relu(g.matmul(x, w)), 0.25, 3);
  const loss = g.total(g.square(y));
  const [dw] = gradients(g, loss, [w]) as [number];
  const layout = new StateLayout([
    { name: "x", shape: [6, 5] },
    { name: "w", shape: [5, 4] },
  ]);
  const { calls } = planGraph(stepGraph(g, { loss }, { w: g.sub(w, g.scale(dw, 0.1)) }), layout, vectorUnits);
  const code = calls.flatMap((call) => ("body" in call ? call.body.code : []));
  expect(code.filter(({ op }) => op === "dropout")).toHaveLength(1);
  expect(code.filter(({ op }) => op === "step")).toHaveLength(1);
});

it("masks and sums the gradient of a bias before relu and max pooling once a window, not once a pixel", () => {
  const g = new GraphBuilder();
  const x = g.state("x", [2, 8, 8, 3]);
  const b = g.state("b", [3]);
  const none = { top: 0, bottom: 0, left: 0, right: 0 };
  const y = g.maxPool2d(g.relu(g.add(x, b)), { size: [2, 2], strides: [2, 2], padding: none });
  const [db] = gradients(g, g.total(g.square(y)), [b]) as [number];
  const layout = new StateLayout([
    { name: "x", shape: [2, 8, 8, 3] },
    { name: "b", shape: [3] },
  ]);
  const { calls } = planGraph(stepGraph(g, { db }), layout, vectorUnits);
  expect(calls.map(({ kernel }) => kernel)).toEqual(["map", "maxPool2d", "map", "reduceSum"]);
  expect(calls[2]?.kernel === "map" && calls[2].body.count).toBe(2 * 4 * 4 * 3);
});
