/**
 * Graphs are built for a fixed number N of images; exported models take any number. That works where axis 0 of
 * everything computed from the images counts images, or N times as many parts of them, and no op looks across it.
 */
import { AtelierError } from "../error.ts";
import type { Graph, Node } from "../graph/graph.ts";
import { formatShape } from "../graph/shape.ts";

/** Ids of the nodes among `nodes` whose axis 0 grows with the batch. Throws bad-argument where one mixes images. */
export function findBatched(graph: Graph, nodes: readonly Node[], batchSize: number): ReadonlySet<number> {
  const batched = new Set<number>();
  for (const node of nodes) {
    if (node.op === "input") batched.add(node.id);
    else if (!node.inputs.some((id) => batched.has(id))) {
      // A parameter repeated for each image, such as a class token.
      if (node.op === "broadcastTo" && node.shape[0] === batchSize) batched.add(node.id);
    } else if (keepsImagesApart(graph, node, batched, batchSize)) batched.add(node.id);
    else {
      throw new AtelierError(
        "bad-argument",
        `ONNX export: %${node.id} ${node.op} ${formatShape(node.shape)} mixes the images of a batch, so that the ` +
          "batch size cannot be left open; export a graph that treats every image by itself.",
      );
    }
  }
  return batched;
}

/** Whether `node`, with at least one batched operand, leaves axis 0 the batch. */
function keepsImagesApart(
  graph: Graph,
  node: Node,
  batched: ReadonlySet<number>,
  batchSize: number,
): boolean {
  const operands = node.inputs.map((id) => graph.nodes[id]!.shape);
  const isBatched = node.inputs.map((id) => batched.has(id));
  const onlyFirst = isBatched.indexOf(true) === 0 && isBatched.lastIndexOf(true) === 0;
  const [x] = operands as [readonly number[]];
  switch (node.op) {
    case "reshape":
      return node.shape.length > 0 && node.shape[0]! % batchSize === 0;
    case "broadcastTo":
      return node.shape.length === x.length && node.shape[0] === x[0];
    case "transpose":
      return node.attrs.axes[0] === 0;
    case "slice":
      return node.attrs.axis !== 0;
    case "concat":
      return node.attrs.axis !== 0 && isBatched.every(Boolean);
    case "sum":
      return !node.attrs.axes.includes(0);
    case "matmul":
      return onlyFirst && !node.attrs.transposeA;
    case "conv2d":
    case "batchNorm":
    case "layerNorm":
    case "softmax":
      return onlyFirst && x.length > 1;
    default: // element-wise
      return operands.every((shape, i) =>
        isBatched[i]
          ? shape.length === node.shape.length && shape[0] === node.shape[0]
          : shape.length < node.shape.length || shape[0] === 1,
      );
  }
}
