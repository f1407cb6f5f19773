/**
 * Sessions whose state never changes, made cheaper: batch norm goes into the filters before it, and whatever depends on
 * state alone is computed once, by the oracle's kernels, and becomes state itself.
 */
import { GraphBuilder, type Value } from "../../graph/builder.ts";
import type { StepGraph } from "../../graph/graph.ts";
import type { OpName } from "../../graph/ops.ts";
import { foldBatchNorm } from "../../plan/fold-batch-norm.ts";
import { analyze } from "../../plan/fuse.ts";
import type { SessionSpec, StateSpec } from "../executor.ts";
import { evaluateGraph } from "../reference/evaluate.ts";

/** The spec with the same outputs in fewer operations a step. */
export function freeze(spec: SessionSpec): SessionSpec {
  const values = Object.fromEntries(spec.state.map(({ name, initial }) => [name, initial]));
  const computed = new Map<string, StateSpec>();
  const graphs = Object.fromEntries(
    Object.entries(spec.graphs).map(([name, graph]) => {
      const folded = foldBatchNorm(graph, (state) => values[state]!);
      return [name, computeOnce(folded, values, computed)];
    }),
  );
  const read = new Set(Object.values(graphs).flatMap(statesRead));
  const state = [...spec.state, ...computed.values()].filter(({ name }) => read.has(name));
  return { ...spec, state, graphs };
}

/** `graph` reading its fixed values from new state, which is added to `computed` by the expression it stands for. */
function computeOnce(
  graph: StepGraph,
  state: Readonly<Record<string, Float32Array>>,
  computed: Map<string, StateSpec>,
): StepGraph {
  const { nodes } = graph;
  const fixed = new Map<number, Value>();
  const expressions = new Map<number, string>();
  const alone = new GraphBuilder();
  for (const { id, op, attrs, inputs } of nodes) {
    const isLeaf = op === "state" || op === "constant";
    if (!isLeaf && (inputs.length === 0 || op === "dropout" || !inputs.every((input) => fixed.has(input))))
      continue;
    const operands = inputs.map((input) => fixed.get(input)!);
    fixed.set(id, alone.apply(op, operands, attrs as never));
    expressions.set(id, `${op}${JSON.stringify(attrs)}(${inputs.map((input) => expressions.get(input))})`);
  }
  const roots = [...Object.values(graph.outputs), ...Object.values(graph.updates)];
  const wanted = new Set([
    ...nodes.filter(({ id }) => !fixed.has(id)).flatMap(({ inputs }) => inputs),
    ...roots,
  ]);
  const isView = (op: OpName, [x]: readonly number[]) => op === "reshape" && nodes[x!]!.inputs.length === 0;
  const toCompute = nodes.filter(
    ({ id, op, inputs }) => wanted.has(id) && fixed.has(id) && inputs.length > 0 && !isView(op, inputs),
  );
  if (toCompute.length === 0) return graph;
  const values = evaluateGraph(alone.finish(), { state });
  const g = new GraphBuilder();
  const made: Value[] = [];
  for (const node of nodes) {
    if (!toCompute.includes(node)) {
      made.push(
        g.apply(
          node.op,
          node.inputs.map((input) => made[input]!),
          node.attrs as never,
        ),
      );
      continue;
    }
    const key = expressions.get(node.id)!;
    const known = computed.get(key) ?? {
      name: `fixed/${computed.size}`,
      shape: node.shape,
      initial: Float32Array.from(values[fixed.get(node.id)!]!),
    };
    computed.set(key, known);
    made.push(g.state(known.name, known.shape));
  }
  const named = (ids: StepGraph["outputs"]) =>
    Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, made[id]!]));
  return { ...g.finish(), outputs: named(graph.outputs), updates: named(graph.updates) };
}

function statesRead(graph: StepGraph): string[] {
  const { nodes, live } = analyze(graph);
  return nodes.flatMap((node) => (node.op === "state" && live.has(node.id) ? [node.attrs.name] : []));
}
