/** Shapes and the arithmetic on them that every pass shares. Row-major; images are [N, H, W, C]. */
import { AtelierError } from "../error.ts";

/** Extents, outermost first; `[]` is a scalar. */
export type Shape = readonly number[];

/** Number of elements of a tensor of `shape`; 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** Whether two shapes are equal. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}

/** `[2, 3]`, the way messages and listings print shapes. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/** Elements between neighbours along each axis, row-major. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis]!;
  }
  return strides;
}

/**
 * The shape of an element-wise result, by NumPy's rule: align at the right, extents equal or 1.
 * Throws shape-mismatch.
 */
export function broadcastShapes(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  const result = new Array<number>(rank);
  for (let axis = 0; axis < rank; axis++) {
    const x = a[a.length - rank + axis] ?? 1;
    const y = b[b.length - rank + axis] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw new AtelierError(
        "shape-mismatch",
        `element-wise operation: expected shapes equal or broadcastable, got ${formatShape(a)} and ${formatShape(b)}.`,
      );
    }
    result[axis] = x === 1 ? y : x;
  }
  return result;
}

/** How an operand is read by an element-wise node. */
export interface OperandMode {
  readonly mode: "full" | "scalar" | "cycle" | "repeat";
  readonly param: number;
}

/**
 * How `operand`'s elements line up with those of a result of shape `shape`, or undefined when only a
 * materialised copy would do (e.g. [4,1,3] in [4,5,3]).
 */
export function operandMode(operand: Shape, shape: Shape): OperandMode | undefined {
  const count = sizeOf(operand);
  if (count === sizeOf(shape)) return { mode: "full", param: 0 };
  if (count === 1) return { mode: "scalar", param: 0 };
  const padded = [...shape.slice(operand.length).map(() => 1), ...operand];
  const first = padded.findIndex((extent) => extent !== 1);
  const last = padded.findLastIndex((extent) => extent !== 1);
  const fits = padded.slice(first, last + 1).every((extent, i) => extent === shape[first + i]);
  if (!fits) return undefined;
  const before = sizeOf(shape.slice(0, first));
  const after = sizeOf(shape.slice(last + 1));
  if (after === 1) return { mode: "cycle", param: count };
  return before === 1 ? { mode: "repeat", param: after } : undefined;
}
