/**
 * Joins element-wise clusters to the matrix products they work on: what follows a layer (dropout, the mask of relu)
 * and above all the optimiser, which then takes each block of a weight's gradient while it is in the cache.
 */
import { sizeOf } from "../graph/shape.ts";
import type { Analysis, KernelUnit, MapUnit, Unit } from "./fuse.ts";
import { readsOf, resultsOf, wholeReadsOf } from "./schedule.ts";

/** `units` with every cluster that can be done in a product's own pass taken into it. */
export function joinProducts(analysis: Analysis, units: readonly Unit[]): readonly Unit[] {
  const joined = new Set(units);
  for (const map of units.filter((unit) => unit.kind === "map")) {
    const product = [...joined].findLast(
      (unit) => unit.kind === "kernel" && canJoin(analysis, joined, unit, map),
    );
    if (product === undefined) continue;
    joined.delete(product);
    joined.delete(map);
    joined.add({ ...(product as KernelUnit), map });
  }
  return [...joined];
}

function canJoin(analysis: Analysis, units: ReadonlySet<Unit>, product: KernelUnit, map: MapUnit): boolean {
  const { nodes } = analysis;
  return (
    product.node.op === "matmul" &&
    product.map === undefined &&
    sizeOf(nodes[product.result]!.shape) === sizeOf(map.nodes[0]!.shape) &&
    readsOf(analysis, map).has(product.result) &&
    !wholeReadsOf(analysis, map).has(product.result) &&
    !waitsThroughOthers(analysis, units, product, map)
  );
}

/** Whether the cluster needs something that is made from the product's result on another way. */
function waitsThroughOthers(
  analysis: Analysis,
  units: ReadonlySet<Unit>,
  product: KernelUnit,
  map: MapUnit,
): boolean {
  const maker = new Map(
    [...units].flatMap((unit) => resultsOf(analysis, unit).map((id) => [id, unit] as const)),
  );
  const makersFor = (unit: Unit) => [...readsOf(analysis, unit)].flatMap((id) => maker.get(id) ?? []);
  const seen = new Set<Unit>();
  const open: Unit[] = makersFor(map).filter((unit) => unit !== product);
  for (let unit = open.pop(); unit !== undefined; unit = open.pop()) {
    if (unit === product) return true;
    if (seen.has(unit)) continue;
    seen.add(unit);
    open.push(...makersFor(unit));
  }
  return false;
}
