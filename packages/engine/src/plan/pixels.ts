/**
 * Images that stay bytes. A pixel has 8 significant bits, so that it is exact in one of the pieces of which the matrix
 * unit's products are made, where a float takes three: a product of pixels costs half the arithmetic
 * (packages/kernels/src/native/matrix-unit.h). What pixels are multiplied by to become the graph's images goes into the product.
 */
import type { Analysis, KernelUnit, Unit } from "./fuse.ts";
import { readsOf } from "./schedule.ts";

/** The images of a graph if all that reads them is products on the matrix unit, as their first factor. */
export function imagesAsBytes(analysis: Analysis, units: readonly Unit[]): number | undefined {
  const { nodes, views, roots } = analysis;
  const images = nodes.find((node) => node.op === "input" && node.attrs.name === "images")?.id;
  if (images === undefined || !analysis.machine.matrixUnit) return undefined;
  const isOf = (id: number | undefined) => id !== undefined && views[id]!.base === images;
  const readers = units.filter((unit) => readsOf(analysis, unit).has(images));
  const isFactor = ({ node, operands: [a, b], bias, map }: KernelUnit) =>
    isOf(a) &&
    views[a!]!.offset === 0 &&
    !isOf(b) &&
    !isOf(bias) &&
    (map === undefined || !readsOf(analysis, map).has(images)) &&
    productTakesMatrixUnit(analysis, node.id);
  const stay = readers.every((unit) => unit.kind === "kernel" && unit.node.op === "matmul" && isFactor(unit));
  return stay && ![...roots].some(isOf) ? images : undefined;
}

/** Whether a product takes place on the matrix unit: the kernels' own rule. */
function productTakesMatrixUnit({ nodes }: Analysis, id: number): boolean {
  const node = nodes[id]!;
  if (node.op !== "matmul") return false;
  const [M, N] = node.shape as [number, number];
  const K = nodes[node.inputs[0]!]!.shape[node.attrs.transposeA ? 0 : 1]!;
  return Math.min(M, N, K) >= matrixLeastExtent && M * N * K >= matrixLeastWork;
}

const matrixLeastExtent = 32;
const matrixLeastWork = 500_000;
