/**
 * Matrices of the state that lie in panels of 32 columns, [N / 32][K][32] for [K, N]: a product reads such weights, and
 * an optimiser updates them, in long runs of memory, whatever share of the columns a thread has. Element-wise work
 * does not care how its operands lie as long as all lie alike, so that weights and the optimiser's slots for them go
 * together; whatever else wants to read one of them keeps all of them as rows.
 */
import type { StepGraph } from "../graph/graph.ts";
import { type Shape, sameShape, sizeOf } from "../graph/shape.ts";
import { type Analysis, analyze, fuse, type MapUnit, type Unit } from "./fuse.ts";
import { joinProducts } from "./join.ts";
import { readsOf, resultsOf } from "./schedule.ts";
import { simplify } from "./simplify.ts";

/** Columns of a panel: the widest register tile of any CPU. program.h has the same number. */
export const panelColumns = 32;

/** The states of `states` that can lie in panels in all `graphs` of a session. */
export function panelStates(
  states: readonly { readonly name: string; readonly shape: Shape }[],
  graphs: readonly StepGraph[],
): ReadonlySet<string> {
  const chosen = new Set(
    states
      .filter(({ shape }) => shape.length === 2 && shape[1]! % panelColumns === 0)
      .map(({ name }) => name),
  );
  const groups: (readonly string[])[] = [];
  for (const graph of graphs) {
    const { asRows, together } = claimsOf(graph);
    for (const name of asRows) chosen.delete(name);
    groups.push(...together);
  }
  for (let size = -1; size !== chosen.size; ) {
    size = chosen.size;
    for (const group of groups)
      if (!group.every((name) => chosen.has(name))) for (const name of group) chosen.delete(name);
  }
  return chosen;
}

/** States that a graph needs as rows, and those that must lie alike. */
function claimsOf(graph: StepGraph) {
  const analysis = analyze(simplify(graph));
  const { nodes, views, live } = analysis;
  const asRows = new Set<string>();
  const together: (readonly string[])[] = [];
  const updated = new Map<number, string[]>();
  for (const [name, id] of Object.entries(graph.updates)) {
    const { base } = views[id]!;
    updated.set(base, [...(updated.get(base) ?? []), name]);
  }
  const stateOf = (id: number) => {
    const node = nodes[views[id]!.base]!;
    return node.op === "state" ? node.attrs.name : undefined;
  };
  const keepRows = (ids: Iterable<number>) => {
    for (const id of ids)
      for (const name of [stateOf(id) ?? [], updated.get(id) ?? []].flat()) asRows.add(name);
  };
  keepRows(Object.values(graph.outputs));
  keepRows(
    nodes
      .filter(({ id, op }) => live.has(id) && op !== "state" && views[id]!.base !== id)
      .map(({ id }) => id),
  );
  for (const unit of joinProducts(analysis, fuse(analysis))) {
    const map = unit.kind === "map" ? unit : unit.kind === "kernel" ? unit.map : undefined;
    const isProduct = unit.kind === "kernel" && unit.node.op === "matmul";
    if (map === undefined || (unit.kind === "kernel" && !isProduct)) keepRows(resultsOf(analysis, unit));
    if (isProduct) keepRows([unit.operands[0]!, ...(unit.bias === undefined ? [] : [unit.bias])]);
    else if (map === undefined) keepRows(readsOf(analysis, unit));
    if (map === undefined) continue;
    const full = fullOperands(analysis, unit, map);
    const results = resultsOf(analysis, unit);
    const names = [
      ...full.flatMap((id) => stateOf(id) ?? []),
      ...results.flatMap((id) => updated.get(id) ?? []),
    ];
    if (staysInState(analysis, unit, map, full, updated)) together.push(names);
    else keepRows([...full, ...results]);
  }
  return { asRows, together };
}

/** What a cluster reads element by element, apart from what it or its product makes. */
function fullOperands(analysis: Analysis, unit: Unit, map: MapUnit): readonly number[] {
  const count = sizeOf(map.nodes[0]!.shape);
  const inside = new Set(map.nodes.map(({ id }) => id));
  if (unit.kind === "kernel") inside.add(unit.result);
  const operands = map.nodes.flatMap(({ inputs }) => inputs);
  return operands.filter(
    (id) => !inside.has(analysis.views[id]!.base) && sizeOf(analysis.nodes[id]!.shape) === count,
  );
}

/** Whether all that a cluster reads and leaves, single numbers and its product aside, are states of one shape. */
function staysInState(
  analysis: Analysis,
  unit: Unit,
  map: MapUnit,
  full: readonly number[],
  updated: ReadonlyMap<number, readonly string[]>,
): boolean {
  const { nodes, users, graph } = analysis;
  const { shape } = map.nodes[0]!;
  const inside = new Set(map.nodes.map(({ id }) => id));
  const outputs = new Set(Object.values(graph.outputs));
  return (
    shape.length === 2 &&
    map.nodes.every(
      (node) =>
        node.op !== "dropout" &&
        sameShape(node.shape, shape) &&
        node.inputs.every((id) => [1, sizeOf(shape)].includes(sizeOf(nodes[id]!.shape))),
    ) &&
    full.every((id) => nodes[id]!.op === "state" && sameShape(nodes[id]!.shape, shape)) &&
    resultsOf(analysis, unit).every(
      (id) => updated.has(id) && !outputs.has(id) && users[id]!.every((user) => inside.has(user)),
    )
  );
}

/** `values` of a matrix [K, N] as they lie in panels. */
export function toPanels(values: Float32Array, shape: Shape): Float32Array {
  const panels = new Float32Array(values.length);
  eachRun(shape, (row, panel) => panels.set(values.subarray(row, row + panelColumns), panel));
  return panels;
}

/** The matrix [K, N] that lies in `panels`, row by row. */
export function fromPanels(panels: Float32Array, shape: Shape): Float32Array {
  const values = new Float32Array(panels.length);
  eachRun(shape, (row, panel) => values.set(panels.subarray(panel, panel + panelColumns), row));
  return values;
}

/** Calls back with the offsets of each run of 32 columns: in the matrix, and in its panels. */
function eachRun([K, N]: Shape, visit: (row: number, panel: number) => void): void {
  for (let k = 0; k < K!; k++)
    for (let n = 0; n < N!; n += panelColumns) visit(k * N! + n, n * K! + k * panelColumns);
}
