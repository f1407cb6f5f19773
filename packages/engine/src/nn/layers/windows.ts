/** Checks that layers with a sliding window share. */
import type { Shape } from "../../graph/shape.ts";
import { type BuildContext, expectInput } from "./layer.ts";

/** [H, W, C] of images [N, H, W, C]; throws shape-mismatch for another rank. */
export function expectImage(context: BuildContext, shape: Shape): readonly [number, number, number] {
  expectInput(
    context,
    shape.length === 4,
    "[N, H, W, C]",
    shape,
    "It must come before flatten() and global pooling.",
  );
  return shape.slice(1) as [number, number, number];
}

/** Throws shape-mismatch when a window without padding does not fit into the image. */
export function expectWindow(
  context: BuildContext,
  shape: Shape,
  span: readonly [number, number],
  padding: "valid" | "same",
): void {
  expectInput(
    context,
    padding === "same" || (shape[1]! >= span[0] && shape[2]! >= span[1]),
    `of at least ${span[0]}×${span[1]} pixels`,
    shape,
    'Use padding "same", a smaller window, or less pooling before it.',
  );
}
