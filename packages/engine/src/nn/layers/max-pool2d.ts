import { windowPadding } from "../../graph/builder.ts";
import { oneOf, optional, pairOf, wholeNumber, withDefault } from "../fields.ts";
import { type CommonOptions, commonFields, type LayerCommon, type LayerRule, makeLayer } from "./layer.ts";
import { expectImage, expectWindow } from "./windows.ts";

export interface MaxPool2dLayer extends LayerCommon {
  readonly type: "maxPool2d";
  readonly poolSize: readonly [vertical: number, horizontal: number];
  /** Default: the pool's size. */
  readonly strides?: readonly [vertical: number, horizontal: number];
  readonly padding: "valid" | "same";
}

export interface MaxPool2dOptions extends CommonOptions {
  /** Default: the pool's size. */
  readonly strides?: number | readonly [number, number];
  /** "valid" (default) drops what does not fill a window; "same" keeps ⌈extent / stride⌉. */
  readonly padding?: "valid" | "same";
}

/** Largest value of each window; padding counts as −∞. [N, H, W, C] → [N, H', W', C], paddings as in Keras. */
export function maxPool2d(
  poolSize: number | readonly [number, number] = 2,
  options: MaxPool2dOptions = {},
): MaxPool2dLayer {
  return makeLayer("maxPool2d", maxPool2dRule, { poolSize, ...options });
}

const extents = pairOf(wholeNumber(1));

export const maxPool2dRule: LayerRule<MaxPool2dLayer> = {
  kerasName: "MaxPooling2D",
  arity: "one",
  fields: {
    poolSize: withDefault(extents, [2, 2]),
    strides: optional(extents),
    padding: withDefault(oneOf(["valid", "same"]), "valid"),
    ...commonFields,
  },
  build: (context, [x], layer) => {
    const { builder } = context;
    const size = layer.poolSize;
    const strides = layer.strides ?? size;
    const [height, width] = expectImage(context, builder.shape(x!));
    expectWindow(context, builder.shape(x!), size, layer.padding);
    return builder.maxPool2d(x!, {
      size,
      strides,
      padding: windowPadding(layer.padding, [height, width], { size, strides }),
    });
  },
};
