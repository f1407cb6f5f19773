/**
 * Batch norm by moments that stay, taken into the product before it: γ/σ into its filters, the rest into a bias, with
 * relu after that. Through max pooling only where no γ is below zero: there the largest stays the largest.
 */
import { GraphBuilder, type Value } from "../graph/builder.ts";
import type { Node, OpNode, StepGraph } from "../graph/graph.ts";
import { sizeOf } from "../graph/shape.ts";
import { type Analysis, analyze, onlyUser } from "./fuse.ts";

interface Fold {
  readonly norm: OpNode<"batchNorm">;
  /** conv2d or matmul, with the bias added to it if there is one. */
  readonly product: number;
  readonly bias: number | undefined;
  readonly relu: boolean;
  /** Nodes whose value becomes that of what they were applied to, with that operand. */
  readonly gone: readonly (readonly [id: number, operand: number])[];
}

/** `graph` with what can be folded; `valuesOf` gives the state's values, by name. */
export function foldBatchNorm(graph: StepGraph, valuesOf: (name: string) => Float32Array): StepGraph {
  const analysis = analyze(graph);
  const folds = graph.nodes.flatMap((node) => {
    const fold =
      node.op === "batchNorm" && !node.attrs.batchStatistics ? foldOf(analysis, node, valuesOf) : undefined;
    return fold === undefined ? [] : [fold];
  });
  const byProduct = new Map(folds.map((fold) => [fold.product, fold]));
  const gone = new Map(folds.flatMap((fold) => fold.gone));
  const g = new GraphBuilder();
  const made: Value[] = [];
  for (const node of graph.nodes) {
    const fold = byProduct.get(node.id);
    const inputs = node.inputs.map((id) => made[id]!);
    const operand = gone.get(node.id);
    if (fold !== undefined) made.push(folded(g, graph.nodes, node, inputs as [Value, Value], fold));
    else if (operand !== undefined) made.push(made[operand]!);
    else made.push(g.apply(node.op, inputs, node.attrs as never));
  }
  const named = (ids: StepGraph["outputs"]) =>
    Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, made[id]!]));
  return { ...g.finish(), outputs: named(graph.outputs), updates: named(graph.updates) };
}

function foldOf(
  analysis: Analysis,
  norm: OpNode<"batchNorm">,
  valuesOf: (name: string) => Float32Array,
): Fold | undefined {
  const { nodes } = analysis;
  const own = (id: number, op: Node["op"]): boolean =>
    analysis.users[id]!.length === 1 && !analysis.roots.has(id) && nodes[id]!.op === op;
  const [x, ...parameters] = norm.inputs as [number, number, number, number];
  if (!parameters.every((id) => nodes[id]!.op === "state")) return undefined;
  let at = x;
  if (own(at, "maxPool2d")) {
    const gamma = nodes[parameters[1]!]!;
    if (gamma.op !== "state" || !valuesOf(gamma.attrs.name).every((value) => value >= 0)) return undefined;
    at = nodes[at]!.inputs[0]!;
  }
  const relu = onlyUser(analysis, norm.id, "relu");
  const gone: [number, number][] = [[norm.id, x], ...(relu ? [[relu.id, norm.id] as [number, number]] : [])];
  let bias: number | undefined;
  if (own(at, "add")) {
    const channels = nodes[at]!.shape.at(-1)!;
    const [a, b] = nodes[at]!.inputs as [number, number];
    bias = [a, b].find((id) => nodes[id]!.op === "state" && sizeOf(nodes[id]!.shape) === channels);
    if (bias === undefined) return undefined;
    const product = bias === a ? b : a;
    gone.push([at, product]);
    at = product;
  }
  const product = nodes[at]!;
  const foldable =
    own(at, "conv2d") || (product.op === "matmul" && own(at, "matmul") && !product.attrs.transposeB);
  return foldable ? { norm, product: at, bias, relu: relu !== undefined, gone } : undefined;
}

/** The product with scaled filters, its new bias and relu. */
function folded(
  g: GraphBuilder,
  nodes: readonly Node[],
  product: Node,
  [x, filters]: readonly [Value, Value],
  { norm, bias, relu }: Fold,
): Value {
  // State may be mentioned for the first time here; mentioned again later, it is the same node.
  const state = (id: number) => g.apply("state", [], (nodes[id] as OpNode<"state">).attrs);
  const [moments, gamma, beta] = norm.inputs.slice(1).map(state) as [Value, Value, Value];
  const channels = g.shape(gamma);
  const row = (index: number) => g.reshape(g.slice(moments, 0, index, index + 1), channels);
  const scale = g.div(gamma, g.sqrt(g.affine(row(1), 1, norm.attrs.epsilon)));
  const mean = bias === undefined ? row(0) : g.sub(row(0), g.reshape(state(bias), channels));
  const shift = g.sub(beta, g.mul(mean, scale));
  const y = g.add(g.apply(product.op, [x, g.mul(filters, scale)], product.attrs as never), shift);
  return relu ? g.relu(y) : y;
}
