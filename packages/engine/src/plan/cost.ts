/** What a graph costs to compute, from shapes alone. */
import type { Graph, Node } from "../graph/graph.ts";
import { sizeOf } from "../graph/shape.ts";

/** Multiply-adds of one evaluation of `graph`; element-wise work counts as one an element. */
export function multiplyAdds(graph: Graph): number {
  return graph.nodes.reduce((total, node) => total + ofNode(graph, node), 0);
}

function ofNode({ nodes }: Graph, node: Node): number {
  const operand = (position: number) => sizeOf(nodes[node.inputs[position]!]!.shape);
  const filters = (shape: readonly number[]) => sizeOf(shape) / shape.at(-1)!; // per output element
  switch (node.op) {
    case "input":
    case "state":
    case "constant":
    case "reshape":
      return 0;
    case "matmul":
      return Math.sqrt(operand(0) * operand(1) * sizeOf(node.shape)); // √(MK · KN · MN)
    case "conv2d":
      return sizeOf(node.shape) * filters(nodes[node.inputs[1]!]!.shape);
    case "conv2dInputGrad":
      return operand(1) * filters(nodes[node.inputs[0]!]!.shape);
    case "conv2dFilterGrad":
      return operand(1) * filters(node.shape);
    default:
      return sizeOf(node.shape);
  }
}
