/** Rewrites of a step graph that save work whatever the kernels: node for node, so that numbers stay as they are. */
import type { Node, OpNode, StepGraph } from "../graph/graph.ts";

/**
 * dropout(dy)·step(x), the gradient through relu and dropout, as dy/(1 − rate)·step(dropout(x)) where the forward pass
 * has drawn dropout(x): what was dropped is not above zero either. Neither the mask is drawn again nor x kept.
 */
export function simplify(graph: StepGraph): StepGraph {
  const { nodes } = graph;
  const uses = nodes.map(() => 0);
  for (const id of [
    ...nodes.flatMap((node) => node.inputs),
    ...Object.values(graph.outputs),
    ...Object.values(graph.updates),
  ])
    uses[id]!++;
  const dropouts = nodes.filter((node) => node.op === "dropout");
  const rewritten = [...nodes];
  for (const product of nodes) {
    if (product.op !== "mul") continue;
    const operands = product.inputs.map((id) => nodes[id]!);
    const redrawn = operands.find((node): node is OpNode<"dropout"> => node.op === "dropout");
    const mask = operands.find((node): node is OpNode<"step"> => node.op === "step");
    if (redrawn === undefined || mask === undefined || uses[redrawn.id] !== 1 || uses[mask.id] !== 1)
      continue;
    const drawn = dropouts.find((node) => node.id < mask.id && isSameMask(node, redrawn, mask.inputs[0]!));
    if (drawn === undefined) continue;
    const attrs = { scale: 1 / (1 - redrawn.attrs.rate), offset: 0 };
    rewritten[redrawn.id] = { ...redrawn, op: "affine", attrs };
    rewritten[mask.id] = { ...mask, inputs: [drawn.id] };
  }
  return { ...graph, nodes: rewritten };
}

/** Whether `drawn` is the dropout of `x` by the mask that `redrawn` uses. */
function isSameMask(drawn: Node, redrawn: OpNode<"dropout">, x: number): boolean {
  return (
    drawn.op === "dropout" &&
    drawn.inputs[0] === x &&
    drawn.attrs.stream === redrawn.attrs.stream &&
    drawn.attrs.rate === redrawn.attrs.rate
  );
}
