/** Graphs as text, a line a node, for error hunting and snapshots. Not a format to be read back. */
import type { Graph, Node, StepGraph } from "./graph.ts";
import type { WindowAttrs } from "./ops.ts";
import { formatShape } from "./shape.ts";

/**
 * One line a node, `%2 = conv2d(%0, %1) [8, 28, 28, 4] 3×3 strides 1×1 padding 1+1 × 1+1` (before + after, an
 * axis each); then a step graph's outputs and updates. Attributes that change nothing are left out.
 */
export function printGraph(graph: Graph | StepGraph): string {
  const lines = graph.nodes.map(printNode);
  if ("outputs" in graph) {
    lines.push(
      ...Object.entries(graph.outputs).map(([name, id]) => `output ${JSON.stringify(name)} = %${id}`),
    );
    lines.push(
      ...Object.entries(graph.updates).map(([name, id]) => `update ${JSON.stringify(name)} = %${id}`),
    );
  }
  return lines.map((line) => `${line}\n`).join("");
}

function printNode(node: Node): string {
  const operands = node.inputs.map((id) => `%${id}`).join(", ");
  const attrs = Object.entries(node.attrs).map(([name, value]) => printAttr(name, value));
  return [`%${node.id} = ${node.op}(${operands}) ${formatShape(node.shape)}`, ...attrs.filter(Boolean)].join(
    " ",
  );
}

/** Values printed of a constant that has many. */
const shownValues = 4;

/** The text of one attribute; "" where it says nothing beyond the result's shape. */
function printAttr(name: string, value: unknown): string {
  switch (name) {
    case "shape":
      return ""; // always that of the result
    case "name":
      return JSON.stringify(value);
    case "size":
      return printExtents(value);
    case "strides":
      return `strides ${printExtents(value)}`;
    case "dilation":
      return printExtents(value) === "1×1" ? "" : `dilation ${printExtents(value)}`;
    case "groups":
      return value === 1 ? "" : `groups ${value}`;
    case "padding":
      return printPadding(value as WindowAttrs["padding"]);
    case "values":
      return printValues(value as readonly number[]);
    default:
      if (typeof value === "boolean") return value ? name : "";
      return `${name} ${Array.isArray(value) ? formatShape(value) : value}`;
  }
}

function printExtents(value: unknown): string {
  return (value as readonly number[]).join("×");
}

function printPadding({ top, bottom, left, right }: WindowAttrs["padding"]): string {
  return top + bottom + left + right === 0 ? "" : `padding ${top}+${bottom} × ${left}+${right}`;
}

function printValues(values: readonly number[]): string {
  const more = values.length > shownValues ? `, … ${values.length} values` : "";
  return `values ${values.slice(0, shownValues).join(", ")}${more}`;
}
