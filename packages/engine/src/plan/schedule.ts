/** The order of units: each after what it reads, otherwise as the graph was written. */
import { AtelierError } from "../error.ts";
import type { Analysis, Unit } from "./fuse.ts";

/** The nodes whose values a unit leaves in memory for others. */
export function resultsOf(analysis: Analysis, unit: Unit): readonly number[] {
  if (unit.kind === "kernel") return [unit.result];
  const inside = new Set(unit.nodes.map((node) => node.id));
  return unit.nodes
    .map((node) => node.id)
    .filter(
      (id) =>
        analysis.roots.has(id) ||
        analysis.users[id]!.some((user) => !isInternalUse(analysis, id, user, inside)),
    );
}

/** Whether a use of `id`, perhaps through reshapes, stays in the cluster's registers. */
function isInternalUse(analysis: Analysis, id: number, user: number, inside: ReadonlySet<number>): boolean {
  if (inside.has(user)) return true;
  const node = analysis.nodes[user]!;
  if (node.op !== "reshape" || analysis.roots.has(user)) return false;
  return analysis.users[user]!.every((next) => isInternalUse(analysis, id, next, inside));
}

/** Memory (base nodes) a unit reads, without what it makes itself. */
export function readsOf(analysis: Analysis, unit: Unit): ReadonlySet<number> {
  const base = (id: number): number => analysis.views[id]!.base;
  if (unit.kind === "kernel") {
    return new Set([...unit.node.inputs, ...(unit.bias === undefined ? [] : [unit.bias])].map(base));
  }
  const inside = new Set(unit.nodes.map((node) => node.id));
  return new Set(unit.nodes.flatMap((node) => node.inputs.map(base)).filter((id) => !inside.has(id)));
}

/** Kahn's algorithm; among the ready units the one that ends earliest in the graph goes first. */
export function schedule(analysis: Analysis, units: readonly Unit[]): readonly Unit[] {
  const lastNode = (unit: Unit): number => (unit.kind === "kernel" ? unit.result : unit.nodes.at(-1)!.id);
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
    for (let i = 1; i < ready.length; i++) if (lastNode(ready[i]!) < lastNode(ready[first]!)) first = i;
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
