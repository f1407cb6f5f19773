/** What max and average pooling share: all but the pooling itself. */
import { type Value, windowPadding } from "../../graph/builder.ts";
import type { WindowAttrs } from "../../graph/ops.ts";
import { oneOf, optional, pairOf, wholeNumber, withDefault } from "../fields.ts";
import {
  type BuildContext,
  type CommonOptions,
  commonFields,
  type LayerCommon,
  type LayerRule,
} from "./layer.ts";
import { expectImage, expectWindow } from "./windows.ts";

export interface PoolCommon extends LayerCommon {
  readonly poolSize: readonly [vertical: number, horizontal: number];
  /** Default: the pool's size. */
  readonly strides?: readonly [vertical: number, horizontal: number];
  readonly padding: "valid" | "same";
}

export interface PoolOptions extends CommonOptions {
  /** Default: the pool's size. */
  readonly strides?: number | readonly [number, number];
  /** "valid" (default) drops what does not fill a window; "same" keeps ⌈extent / stride⌉. */
  readonly padding?: "valid" | "same";
}

const extents = pairOf(wholeNumber(1));

export const poolFields: LayerRule<PoolCommon & { readonly type: string }>["fields"] = {
  poolSize: withDefault(extents, [2, 2]),
  strides: optional(extents),
  padding: withDefault(oneOf(["valid", "same"]), "valid"),
  ...commonFields,
};

/** The window of a pooling layer over `x`. Throws shape-mismatch when x is no image or smaller than the window. */
export function poolWindow(context: BuildContext, x: Value, layer: PoolCommon): WindowAttrs {
  const shape = context.builder.shape(x);
  const size = layer.poolSize;
  const strides = layer.strides ?? size;
  const [height, width] = expectImage(context, shape);
  expectWindow(context, shape, size, layer.padding);
  return { size, strides, padding: windowPadding(layer.padding, [height, width], { size, strides }) };
}
