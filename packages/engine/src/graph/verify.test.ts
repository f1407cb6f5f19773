import { describe, expect, it } from "vitest";
import { GraphBuilder } from "./builder.ts";
import type { Node, StepGraph } from "./graph.ts";
import { verifyGraph } from "./verify.ts";

/** One step of gradient-free "training": w ← w + mean(x·w). */
function stepGraph(): StepGraph {
  const g = new GraphBuilder();
  const x = g.input("images", [3, 5]);
  const w = g.state("w", [5, 2]);
  const y = g.matmul(x, w);
  const mean = g.mean(y, [0]);
  const updated = g.add(w, mean);
  return { ...g.finish(), outputs: { mean }, updates: { w: updated } };
}

/** The graph with `change` applied to the node at `place`. */
function tampered(place: number, change: Partial<Node>): StepGraph {
  const graph = stepGraph();
  const nodes = graph.nodes.map((node) => (node.id === place ? ({ ...node, ...change } as Node) : node));
  return { ...graph, nodes };
}

describe("verifyGraph", () => {
  it("accepts what the builder makes", () => {
    verifyGraph(stepGraph());
    verifyGraph({ nodes: [] });
    verifyGraph({ nodes: stepGraph().nodes });
  });

  it.each([
    [
      "an id out of place",
      tampered(2, { id: 7 }),
      "%7 matmul: expected id 2, its place in the graph, got 7.",
    ],
    [
      "an operand after its use",
      tampered(2, { inputs: [0, 3] }),
      "%2 matmul: expected operands below %2, got %3.",
    ],
    ["itself as operand", tampered(3, { inputs: [3] }), "%3 sum: expected operands below %3, got %3."],
    ["a negative operand", tampered(3, { inputs: [-1] }), "%3 sum: expected operands below %3, got %-1."],
    ["a wrong shape", tampered(2, { shape: [3, 3] }), "%2 matmul: expected shape [3, 2], got [3, 3]."],
    [
      "operands that do not fit",
      tampered(2, { inputs: [0, 0] }),
      "%2 matmul: no shape can be inferred: matmul:",
    ],
    [
      "too few operands",
      tampered(2, { inputs: [0] }),
      "%2 matmul: no shape can be inferred: matmul: expected 2",
    ],
    [
      "an unknown output",
      { ...stepGraph(), outputs: { loss: 99 } },
      'output "loss": expected a node below %',
    ],
    [
      "an unknown state",
      { ...stepGraph(), updates: { v: 1 } },
      'update of "v": expected a state node of that name',
    ],
    [
      "an update of another shape",
      { ...stepGraph(), updates: { w: 2 } },
      'update of "w": expected shape [5, 2]',
    ],
    [
      "an update by no node",
      { ...stepGraph(), updates: { w: 99 } },
      'update of "w": expected a node below %',
    ],
  ])("refuses %s", (_, graph, message) => {
    expect(() => verifyGraph(graph)).toThrow(`internal: ${message}`);
    expect(() => verifyGraph(graph)).toThrow(expect.objectContaining({ code: "internal" }));
  });

  it("refuses two state nodes of one name", () => {
    const g = new GraphBuilder();
    g.state("w", [2]);
    g.state("w", [3]);
    expect(() => verifyGraph(g.finish())).toThrow('%1 state: expected state "w" to occur once, got also %0.');
  });
});
