/**
 * Joins to convolutions what lies before and after them, where nothing else wants the map in between: it is then never
 * written. Winograd's take batch norm and relu on the way in, max pooling with windows of 2×2 and the moments of their
 * result on the way out; their gradients take in a pooled gradient as it is. Those of one channel take the moments, and
 * batch norm's input gradient on the way to that of the filters.
 */
import type { Node, OpNode } from "../graph/graph.ts";
import type { WindowAttrs } from "../graph/ops.ts";
import { convolutionKernel, geometryOfNode, winogradTakesMatrixUnit } from "./convolution.ts";
import type { Analysis, KernelUnit, Unit } from "./fuse.ts";
import { readsOf } from "./schedule.ts";

/** `units` with every neighbour that a convolution can do on the way taken into it. */
export function joinConvolutions(analysis: Analysis, units: readonly Unit[]): readonly Unit[] {
  const joins = [poolResults, takeMoments, normalizeInputs, spreadGradients, normalizeGradients];
  return joins.reduce((joined, join) => join(analysis, joined), units);
}

/** Whether every user of a map's gradient through max pooling takes it in pooled. */
export function isSpreadOnTheWay(analysis: Analysis, pool: OpNode<"maxPool2dGrad">): boolean {
  const { nodes, users, roots } = analysis;
  const takesIn = (user: number) => {
    const node = nodes[user]!;
    return node.op !== "conv2d" && node.inputs[0] !== pool.id && takesJoins(analysis, node);
  };
  return isBy2(pool.attrs) && !roots.has(pool.id) && users[pool.id]!.every(takesIn);
}

function kernelOf({ nodes, machine }: Analysis, node: Node): string | undefined {
  if (node.op !== "conv2d" && node.op !== "conv2dInputGrad" && node.op !== "conv2dFilterGrad")
    return undefined;
  const conv = geometryOfNode(node, (id) => nodes[id]!.shape);
  const kernel = convolutionKernel(node.op, conv, machine);
  return kernel.endsWith("Winograd") && winogradTakesMatrixUnit(conv, machine) ? undefined : kernel;
}

/** Whether a node is a convolution by Winograd's algorithm on the vector units: that on the matrix unit takes no joins. */
function takesJoins(analysis: Analysis, node: Node): boolean {
  return kernelOf(analysis, node)?.endsWith("Winograd") ?? false;
}

function isBy2({ size, strides, padding }: WindowAttrs): boolean {
  return (
    [...size, ...strides].every((extent) => extent === 2) && Object.values(padding).every((p) => p === 0)
  );
}

function replaced(units: readonly Unit[], changes: ReadonlyMap<Unit, Unit | undefined>): readonly Unit[] {
  return units.flatMap((unit) => (changes.has(unit) ? (changes.get(unit) ?? []) : unit));
}

/** The units that read `id`, if they are kernels and the host does not read it. */
function readersOf(
  analysis: Analysis,
  units: readonly Unit[],
  id: number,
): readonly KernelUnit[] | undefined {
  if (analysis.roots.has(id)) return undefined;
  const readers = units.filter((unit) => readsOf(analysis, unit).has(id));
  return readers.every((unit): unit is KernelUnit => unit.kind === "kernel") ? readers : undefined;
}

function poolResults(analysis: Analysis, units: readonly Unit[]): readonly Unit[] {
  const changes = new Map<Unit, Unit | undefined>();
  for (const pool of units) {
    if (pool.kind !== "kernel" || pool.node.op !== "maxPool2d" || !isBy2(pool.node.attrs)) continue;
    const conv = convolutionOf(analysis, units, pool.operands[0]!);
    if (conv === undefined || !takesJoins(analysis, conv.node)) continue;
    if (readersOf(analysis, units, conv.result)?.length !== 1) continue;
    changes.set(pool, undefined).set(conv, { ...conv, result: pool.result, also: pool.also, pooled: true });
  }
  return replaced(units, changes);
}

function takeMoments(analysis: Analysis, units: readonly Unit[]): readonly Unit[] {
  const changes = new Map<Unit, Unit | undefined>();
  for (const moments of units) {
    if (moments.kind !== "kernel" || moments.node.op !== "moments") continue;
    const conv = convolutionOf(analysis, units, moments.operands[0]!);
    if (conv === undefined || conv.also.moments !== undefined) continue;
    changes.set(moments, undefined).set(conv, { ...conv, also: { ...conv.also, moments: moments.result } });
  }
  return replaced(units, changes);
}

/** The forward convolution that makes `id`, if its kernel takes moments. */
function convolutionOf(analysis: Analysis, units: readonly Unit[], id: number): KernelUnit | undefined {
  const maker = units.find((unit) => unit.kind === "kernel" && unit.result === id);
  if (maker?.kind !== "kernel" || maker.node.op !== "conv2d") return undefined;
  const takesMoments = takesJoins(analysis, maker.node) || kernelOf(analysis, maker.node) === "conv2dThin";
  return takesMoments ? maker : undefined;
}

function normalizeInputs(analysis: Analysis, units: readonly Unit[]): readonly Unit[] {
  let joined = units;
  for (const norm of units) {
    if (norm.kind !== "kernel" || norm.node.op !== "batchNorm") continue;
    const readers = readersOf(analysis, joined, norm.result);
    const takesIn = ({ node, operands }: KernelUnit) =>
      (node.op === "conv2d" || node.op === "conv2dFilterGrad") &&
      operands.indexOf(norm.result) === 0 &&
      operands.lastIndexOf(norm.result) === 0 &&
      takesJoins(analysis, node);
    if (readers === undefined || !readers.every(takesIn)) continue;
    const [x, ...parameters] = norm.operands as [number, number, number, number];
    const through = (unit: KernelUnit): KernelUnit => ({
      ...unit,
      norm,
      operands: [x, ...unit.operands.slice(1), ...parameters],
    });
    joined = replaced(
      joined,
      new Map<Unit, Unit | undefined>([[norm, undefined], ...readers.map((u) => [u, through(u)] as const)]),
    );
  }
  return joined;
}

function spreadGradients(analysis: Analysis, units: readonly Unit[]): readonly Unit[] {
  let joined = units;
  for (const spread of units) {
    if (spread.kind !== "kernel" || spread.node.op !== "maxPool2dGrad") continue;
    if (!isSpreadOnTheWay(analysis, spread.node)) continue;
    const [places, dy] = spread.operands as [number, number];
    const pooled = (unit: KernelUnit): KernelUnit => ({
      ...unit,
      places,
      operands: [...unit.operands.map((id) => (id === spread.result ? dy : id)), places],
    });
    const readers = readersOf(analysis, joined, spread.result) ?? [];
    joined = replaced(
      joined,
      new Map<Unit, Unit | undefined>([[spread, undefined], ...readers.map((u) => [u, pooled(u)] as const)]),
    );
  }
  return joined;
}

function normalizeGradients(analysis: Analysis, units: readonly Unit[]): readonly Unit[] {
  const changes = new Map<Unit, Unit | undefined>();
  for (const normGrad of units) {
    if (normGrad.kind !== "kernel" || normGrad.node.op !== "batchNormInputGrad" || normGrad.pool) continue;
    const [reader, ...more] = readersOf(analysis, units, normGrad.result) ?? [];
    if (reader === undefined || more.length > 0) continue;
    if (kernelOf(analysis, reader.node) !== "conv2dThinFilterGrad") continue;
    const [x, dy] = [reader.operands[0]!, normGrad.operands[4]!];
    const operands = [x, dy, ...normGrad.operands];
    changes.set(normGrad, undefined).set(reader, { ...reader, normGrad, operands });
  }
  return replaced(units, changes);
}
