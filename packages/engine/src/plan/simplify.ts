/** Rewrites of a step graph that save work whatever the kernels: node for node, so that numbers stay as they are. */
import type { Node, OpNode, StepGraph } from "../graph/graph.ts";

/** The graph that computes the same in less work. */
export function simplify(graph: StepGraph): StepGraph {
  return keepDropoutMasks(maskBeforePools(graph));
}

/**
 * dropout(dy)·step(x), the gradient through relu and dropout, as dy/(1 − rate)·step(dropout(x)) where the forward pass
 * has drawn dropout(x): what was dropped is not above zero either. Neither the mask is drawn again nor x kept.
 */
function keepDropoutMasks(graph: StepGraph): StepGraph {
  const { nodes } = graph;
  const uses = countUses(graph);
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

/**
 * The gradient through relu and then max pooling, as one through the pooling alone: what is not above zero as a window's
 * maximum is masked there, where there are fewer, and a bias before relu takes the sum of the windows' gradients, each of
 * which goes to one pixel.
 */
function maskBeforePools(graph: StepGraph): StepGraph {
  const { nodes } = graph;
  const uses = countUses(graph);
  const rewritten = [...nodes];
  for (const product of nodes) {
    if (product.op !== "mul") continue;
    const operands = product.inputs.map((id) => nodes[id]!);
    const spread = operands.find((node): node is OpNode<"maxPool2dGrad"> => node.op === "maxPool2dGrad");
    const mask = operands.find((node): node is OpNode<"step"> => node.op === "step");
    if (spread === undefined || mask === undefined || mask.id < spread.id) continue;
    if (uses[spread.id] !== 1 || uses[mask.id] !== 1) continue;
    const [index, dy] = spread.inputs as [number, number];
    const pool = nodes.find((node): node is OpNode<"maxPool2d"> => isPlacedBy(node, nodes[index]!));
    if (pool === undefined || pool.inputs[0] !== mask.inputs[0]) continue;
    const { shape } = pool;
    rewritten[spread.id] = { ...mask, id: spread.id, inputs: [pool.id], shape };
    rewritten[mask.id] = { ...product, id: mask.id, inputs: [dy, spread.id], shape };
    rewritten[product.id] = { ...spread, id: product.id, inputs: [index, mask.id] };
  }
  for (const node of rewritten) {
    if (node.op !== "sum" || ![0, 1, 2].every((axis) => node.attrs.axes.includes(axis))) continue;
    const spread = rewritten[node.inputs[0]!]!;
    if (spread.op === "maxPool2dGrad") rewritten[node.id] = { ...node, inputs: [spread.inputs[1]!] };
  }
  return { ...graph, nodes: rewritten };
}

/** Whether `pool` is the pooling whose maxima `index` places. */
export function isPlacedBy(pool: Node, index: Node): boolean {
  return (
    pool.op === "maxPool2d" &&
    index.op === "maxPool2dIndex" &&
    pool.inputs[0] === index.inputs[0] &&
    JSON.stringify(pool.attrs) === JSON.stringify(index.attrs)
  );
}

function countUses({ nodes, outputs, updates }: StepGraph): readonly number[] {
  const uses = nodes.map(() => 0);
  for (const id of [
    ...nodes.flatMap((node) => node.inputs),
    ...Object.values(outputs),
    ...Object.values(updates),
  ])
    uses[id]!++;
  return uses;
}
