/**
 * Joins what lies between convolutions, so that each map of activations is read and written as seldom as can be: the
 * moments of a pooled map are taken while it is made; the gradients of batch norm take relu's mask with them and, through
 * the pooling before it, go straight to the map that was pooled.
 */
import type { Node, OpNode } from "../graph/graph.ts";
import { type Analysis, type KernelUnit, onlyUser } from "./fuse.ts";
import { isSpreadOnTheWay } from "./join-convolution.ts";
import { isPlacedBy } from "./simplify.ts";

/** `unit` with the neighbours that its kernel can do in the same pass. */
export function joinNeighbours(analysis: Analysis, unit: KernelUnit): KernelUnit {
  switch (unit.node.op) {
    case "maxPool2d":
      return withResults(analysis, unit, unit.node);
    case "batchNormParamGrad":
      return withMask(analysis, unit, unit.node.inputs[2]!);
    case "batchNormInputGrad":
      return throughPool(analysis, withMask(analysis, unit, unit.node.inputs[4]!));
    default:
      return unit;
  }
}

/** Pooling that also keeps where its maxima are and takes the moments of its result, where these are asked for. */
function withResults(
  { nodes, users, live }: Analysis,
  unit: KernelUnit,
  pool: OpNode<"maxPool2d">,
): KernelUnit {
  const index = nodes.find((node) => live.has(node.id) && isPlacedBy(pool, node));
  const moments = users[pool.id]!.find((user) => nodes[user]!.op === "moments");
  const also = { ...(index && { index: index.id }), ...(moments !== undefined && { moments }) };
  return { ...unit, also, absorbed: [...unit.absorbed, ...Object.values(also)] };
}

/** A gradient of batch norm whose dy is relu's, dy·step(relu(batchNorm(x))): the mask is made within, from x again. */
function withMask(analysis: Analysis, unit: KernelUnit, gradient: number): KernelUnit {
  const { nodes, users, roots } = analysis;
  const product = nodes[gradient]!;
  if (product.op !== "mul" || roots.has(gradient)) return unit;
  const mask = product.inputs.find((id) => nodes[id]!.op === "step");
  const dy = product.inputs.find((id) => id !== mask);
  if (mask === undefined || dy === undefined || onlyUser(analysis, mask, "mul") === undefined) return unit;
  const norm = behindRelu(nodes, nodes[mask]!.inputs[0]!);
  const ofNorm = (node: Node) =>
    (node.op === "batchNormParamGrad" || node.op === "batchNormInputGrad") &&
    node.inputs[0] === norm?.inputs[0] &&
    node.inputs[1] === norm?.inputs[1];
  if (norm === undefined || !users[gradient]!.every((user) => ofNorm(nodes[user]!))) return unit;
  const [, , gamma, beta] = norm.inputs as [number, number, number, number];
  const operands = [...unit.node.inputs.map((id) => (id === gradient ? dy : id)), gamma, beta];
  return { ...unit, operands, relu: true, absorbed: [...unit.absorbed, gradient, mask] };
}

function behindRelu(nodes: readonly Node[], id: number): OpNode<"batchNorm"> | undefined {
  const node = nodes[id]!;
  if (node.op === "relu") return behindRelu(nodes, node.inputs[0]!);
  return node.op === "batchNorm" ? node : undefined;
}

/** Batch norm's input gradient that nothing but the pooling before it wants. */
function throughPool(analysis: Analysis, unit: KernelUnit): KernelUnit {
  const pool = onlyUser(analysis, unit.node.id, "maxPool2dGrad");
  if (pool?.op !== "maxPool2dGrad" || isSpreadOnTheWay(analysis, pool)) return unit;
  const operands = [...unit.operands, pool.inputs[0]!];
  return { ...unit, operands, pool, result: pool.id, absorbed: [...unit.absorbed, pool.id] };
}
