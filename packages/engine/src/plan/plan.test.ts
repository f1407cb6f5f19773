import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stepGraph } from "../../test/run-graph.ts";
import { gradients } from "../autodiff/gradient.ts";
import { GraphBuilder } from "../graph/builder.ts";
import { aligned, packArena } from "./arena.ts";
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
  const { calls } = planGraph(graph, layout);

  it("fuses bias and relu into the product", () => {
    const gemm = calls.find((call) => call.kernel === "gemm");
    expect(gemm?.kernel === "gemm" && gemm.args).toMatchObject({
      bias: layout.refOf("b"),
      relu: 1,
      M: 6,
      N: 4,
      K: 5,
    });
  });

  it("updates weights and momentum in one pass, in place", () => {
    const updates = calls.filter(
      (call) => call.kernel === "map" && call.body.outputs.some(({ ref }) => ref === layout.refOf("w")),
    );
    expect(updates).toHaveLength(1);
    const [update] = updates;
    expect(update?.kernel === "map" && update.body.outputs.map(({ ref }) => ref).sort()).toEqual(
      [layout.refOf("w"), layout.refOf("m")].sort(),
    );
    expect(calls.some((call) => call.kernel === "stridedCopy")).toBe(false);
  });

  it("takes the mask of relu beside its use, not as a pass of its own", () => {
    const masks = calls.filter(
      (call) => call.kernel === "map" && call.body.code.some(({ op }) => op === "step"),
    );
    expect(masks).toHaveLength(1);
    expect(masks[0]?.kernel === "map" && masks[0].body.code.length).toBeGreaterThan(1);
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
  );
  expect(calls.map(({ kernel }) => kernel)).toEqual(["gemm", "gemm", "stridedCopy", "stridedCopy"]);
});
