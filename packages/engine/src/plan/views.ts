/** Which values are other values' memory seen under another shape: no kernel is needed for those. */
import type { Node } from "../graph/graph.ts";
import { sizeOf } from "../graph/shape.ts";

/** A value's place: `offset` floats into the memory of node `base`, which is itself no view. */
export interface View {
  readonly base: number;
  readonly offset: number;
}

/** The view of every node; a node with memory of its own is { base: id, offset: 0 }. */
export function resolveViews(nodes: readonly Node[]): readonly View[] {
  const views: View[] = [];
  for (const node of nodes) {
    const from = node.inputs.length > 0 ? views[node.inputs[0]!]! : undefined;
    if (node.op === "reshape") {
      views.push(from!);
    } else if (node.op === "slice" && isContiguous(node.attrs.axis, nodes[node.inputs[0]!]!.shape)) {
      const inner = sizeOf(node.shape) / node.shape[node.attrs.axis]!;
      views.push({ base: from!.base, offset: from!.offset + node.attrs.start * inner });
    } else {
      views.push({ base: node.id, offset: 0 });
    }
  }
  return views;
}

/** A slice is one run of memory when every axis outside it has extent 1. */
function isContiguous(axis: number, shape: readonly number[]): boolean {
  return shape.slice(0, axis).every((extent) => extent === 1);
}
