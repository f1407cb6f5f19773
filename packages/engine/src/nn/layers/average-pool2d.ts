import { type LayerRule, makeLayer } from "./layer.ts";
import { type PoolCommon, type PoolOptions, poolFields, poolWindow } from "./pooling.ts";

export interface AveragePool2dLayer extends PoolCommon {
  readonly type: "averagePool2d";
}

/** Mean of each window over the pixels that lie inside the image. [N, H, W, C] → [N, H', W', C], paddings as in Keras. */
export function averagePool2d(
  poolSize: number | readonly [number, number] = 2,
  options: PoolOptions = {},
): AveragePool2dLayer {
  return makeLayer("averagePool2d", averagePool2dRule, { poolSize, ...options });
}

export const averagePool2dRule: LayerRule<AveragePool2dLayer> = {
  kerasName: "AveragePooling2D",
  arity: "one",
  fields: poolFields,
  build: (context, [x], layer) => context.builder.avgPool2d(x!, poolWindow(context, x!, layer)),
};
