/** The order of units: each after what it reads, those that change state last and backwards, others as the graph was written. */
import { AtelierError } from "../error.ts";
import type { OpName } from "../graph/ops.ts";
import { operandMode } from "../graph/shape.ts";
import { blockGradReads, blockGradResults, blockReads, blockResults } from "./blocks.ts";
import type { Analysis, Unit } from "./fuse.ts";

/** The nodes whose values a unit leaves in memory for others. */
export function resultsOf(analysis: Analysis, unit: Unit): readonly number[] {
  if (unit.kind === "block" || unit.kind === "blockGrad") return madeBy(unit);
  if (unit.kind === "kernel" && unit.map === undefined) return madeBy(unit);
  const inside = new Set(madeBy(unit));
  return [...inside].filter(
    (id) =>
      analysis.roots.has(id) ||
      analysis.users[id]!.some((user) => !isInternalUse(analysis, id, user, inside)),
  );
}

/** The nodes whose values a unit has at hand, in topological order. */
function madeBy(unit: Unit): readonly number[] {
  if (unit.kind === "block") return blockResults(unit.block);
  if (unit.kind === "blockGrad") return blockGradResults(unit.gradient);
  if (unit.kind === "map") return unit.nodes.map((node) => node.id);
  return [unit.result, ...Object.values(unit.also), ...(unit.map === undefined ? [] : madeBy(unit.map))];
}

/** Whether a use of `id`, perhaps through reshapes, stays in the cluster's registers. */
function isInternalUse(analysis: Analysis, id: number, user: number, inside: ReadonlySet<number>): boolean {
  if (inside.has(user)) return true;
  const node = analysis.nodes[user]!;
  if (node.op !== "reshape" || analysis.roots.has(user)) return false;
  return analysis.users[user]!.every((next) => isInternalUse(analysis, id, next, inside));
}

/** Operands of kernels that are read only at the element about to be written. */
const pointwiseOperands: { readonly [K in OpName]?: readonly number[] } = {
  batchNorm: [0],
  batchNormInputGrad: [0, 4],
};

/** Memory (base nodes) a unit reads, without what it makes itself. */
export function readsOf(analysis: Analysis, unit: Unit): ReadonlySet<number> {
  const inside = new Set(madeBy(unit));
  const operands = operandsOf(unit).map(({ id }) => analysis.views[id]!.base);
  return new Set(operands.filter((id) => !inside.has(id)));
}

/** Of these, what a unit reads at other places than the element it is about to write. */
export function wholeReadsOf(analysis: Analysis, unit: Unit): ReadonlySet<number> {
  const { nodes, views } = analysis;
  const whole = operandsOf(unit).filter(
    ({ id, user, pointwise }) =>
      !pointwise || operandMode(nodes[id]!.shape, nodes[user]!.shape)?.mode !== "full",
  );
  return new Set(whole.map(({ id }) => views[id]!.base));
}

/** Everything a unit takes in, the values it makes itself for its element-wise work included. */
function operandsOf(
  unit: Unit,
): readonly { readonly id: number; readonly user: number; readonly pointwise: boolean }[] {
  if (unit.kind === "map")
    return unit.nodes.flatMap((node) => node.inputs.map((id) => ({ id, user: node.id, pointwise: true })));
  if (unit.kind === "block") return wholeOperands(unit.block.conv.id, blockReads(unit.block));
  if (unit.kind === "blockGrad")
    return wholeOperands(unit.block.conv.id, blockGradReads(unit.block, unit.gradient));
  const { node, operands, bias, map, pool } = unit;
  const pointwise = pool === undefined ? (pointwiseOperands[node.op] ?? []) : [];
  return [
    ...operands.map((id, i) => ({ id, user: node.id, pointwise: pointwise.includes(i) })),
    ...(bias === undefined ? [] : [{ id: bias, user: node.id, pointwise: false }]),
    ...(map === undefined ? [] : operandsOf(map)),
  ];
}

function wholeOperands(user: number, ids: readonly number[]) {
  return ids.map((id) => ({ id, user, pointwise: false }));
}

/**
 * Kahn's algorithm; among the ready units the one that ends earliest in the graph goes first. Those that make new
 * state wait for the rest: a loss that is not finite is then seen before anything has changed. Of those the last goes
 * first, as it comes from the layer whose values are freshest in the caches, and leaves the first layer's weights there.
 */
export function schedule(analysis: Analysis, units: readonly Unit[]): readonly Unit[] {
  const newState = new Set(Object.values(analysis.graph.updates).map((id) => analysis.views[id]!.base));
  const placeOf = (unit: Unit): number => {
    const made = madeBy(unit);
    const last = made.at(-1)!;
    return made.some((id) => newState.has(id)) ? 2 * analysis.nodes.length - last : last;
  };
  const producer = new Map<number, Unit>();
  for (const unit of units) for (const id of resultsOf(analysis, unit)) producer.set(id, unit);
  const waitingFor = new Map<Unit, number>();
  const followers = new Map<Unit, Unit[]>(units.map((unit) => [unit, []]));
  for (const unit of units) {
    const before = new Set([...readsOf(analysis, unit)].flatMap((id) => producer.get(id) ?? []));
    waitingFor.set(unit, before.size);
    for (const earlier of before) followers.get(earlier)!.push(unit);
  }
  const ready = units.filter((unit) => waitingFor.get(unit) === 0);
  const order: Unit[] = [];
  while (ready.length > 0) {
    let first = 0;
    for (let i = 1; i < ready.length; i++) if (placeOf(ready[i]!) < placeOf(ready[first]!)) first = i;
    const [unit] = ready.splice(first, 1);
    order.push(unit!);
    for (const follower of followers.get(unit!)!) {
      const left = waitingFor.get(follower)! - 1;
      waitingFor.set(follower, left);
      if (left === 0) ready.push(follower);
    }
  }
  if (order.length !== units.length)
    throw new AtelierError("internal", "schedule: units wait for each other in a circle.");
  return order;
}
