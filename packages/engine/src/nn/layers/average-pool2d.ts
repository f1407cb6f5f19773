import { windowPadding } from "../../graph/builder.ts";
import { oneOf, optional, pairOf, wholeNumber, withDefault } from "../fields.ts";
import { type CommonOptions, commonFields, type LayerCommon, type LayerRule, makeLayer } from "./layer.ts";
import { expectImage, expectWindow } from "./windows.ts";

export interface AveragePool2dLayer extends LayerCommon {
  readonly type: "averagePool2d";
  readonly poolSize: readonly [vertical: number, horizontal: number];
  /** Default: the pool's size. */
  readonly strides?: readonly [vertical: number, horizontal: number];
  readonly padding: "valid" | "same";
}

export interface AveragePool2dOptions extends CommonOptions {
  /** Default: the pool's size. */
  readonly strides?: number | readonly [number, number];
  /** "valid" (default) drops what does not fill a window; "same" keeps ⌈extent / stride⌉. */
  readonly padding?: "valid" | "same";
}

/** Mean of each window over the pixels that lie inside the image. [N, H, W, C] → [N, H', W', C], paddings as in Keras. */
export function averagePool2d(
  poolSize: number | readonly [number, number] = 2,
  options: AveragePool2dOptions = {},
): AveragePool2dLayer {
  return makeLayer("averagePool2d", averagePool2dRule, { poolSize, ...options });
}

const extents = pairOf(wholeNumber(1));

export const averagePool2dRule: LayerRule<AveragePool2dLayer> = {
  kerasName: "AveragePooling2D",
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
    return builder.avgPool2d(x!, {
      size,
      strides,
      padding: windowPadding(layer.padding, [height, width], { size, strides }),
    });
  },
};
