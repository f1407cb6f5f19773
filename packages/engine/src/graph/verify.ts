/**
 * Checks a graph against its own rules. Passes call it on what they return, so that a mistake is reported
 * where it was made and not as a wrong number three passes later.
 */
import { AtelierError } from "../error.ts";
import type { Graph, Node, StepGraph } from "./graph.ts";
import { formatShape, type Shape, sameShape } from "./shape.ts";
import { inferShape } from "./shape-rules.ts";

/**
 * Throws internal, naming the node and the rule, unless: every node's id is its place; operands come before
 * use; shapes are what the shape rules infer; a leaf name has one node; and, for a step graph, outputs are
 * nodes and updates replace a state by a value of its shape.
 */
export function verifyGraph(graph: Graph | StepGraph): void {
  const leaves = new Map<string, Node>();
  graph.nodes.forEach((node, place) => {
    verifyNode(graph, node, place);
    if (node.op === "input" || node.op === "state") {
      const key = `${node.op} ${JSON.stringify(node.attrs.name)}`;
      const earlier = leaves.get(key);
      ensure(earlier === undefined, describe(node), `${key} to occur once`, `also %${earlier?.id}`);
      leaves.set(key, node);
    }
  });
  if (!("outputs" in graph)) return;
  for (const [name, id] of Object.entries(graph.outputs)) {
    ensure(id in graph.nodes, `output "${name}"`, `a node below %${graph.nodes.length}`, `%${id}`);
  }
  for (const [name, id] of Object.entries(graph.updates)) {
    const where = `update of "${name}"`;
    const state = leaves.get(`state ${JSON.stringify(name)}`);
    ensure(state !== undefined, where, "a state node of that name", "none");
    ensure(id in graph.nodes, where, `a node below %${graph.nodes.length}`, `%${id}`);
    ensureShape(where, state!.shape, graph.nodes[id]!.shape);
  }
}

function verifyNode(graph: Graph, node: Node, place: number): void {
  const where = describe(node);
  ensure(node.id === place, where, `id ${place}, its place in the graph`, `${node.id}`);
  for (const id of node.inputs) {
    ensure(Number.isInteger(id) && id >= 0 && id < place, where, `operands below %${place}`, `%${id}`);
  }
  const operands = node.inputs.map((id) => graph.nodes[id]!.shape);
  let inferred: Shape;
  try {
    inferred = inferShape(node.op, operands, node.attrs as never);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AtelierError("internal", `${where}: no shape can be inferred: ${reason}`, { cause });
  }
  ensureShape(where, inferred, node.shape);
}

function ensureShape(where: string, expected: Shape, got: Shape): void {
  ensure(sameShape(expected, got), where, `shape ${formatShape(expected)}`, formatShape(got));
}

function ensure(condition: boolean, where: string, expected: string, got: string): void {
  if (!condition) throw new AtelierError("internal", `${where}: expected ${expected}, got ${got}.`);
}

function describe(node: Node): string {
  return `%${node.id} ${node.op}`;
}
