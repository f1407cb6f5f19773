import { type LayerRule, makeLayer } from "./layer.ts";
import { type PoolCommon, type PoolOptions, poolFields, poolWindow } from "./pooling.ts";

export interface MaxPool2dLayer extends PoolCommon {
  readonly type: "maxPool2d";
}

/** Largest value of each window; padding counts as −∞. [N, H, W, C] → [N, H', W', C], paddings as in Keras. */
export function maxPool2d(
  poolSize: number | readonly [number, number] = 2,
  options: PoolOptions = {},
): MaxPool2dLayer {
  return makeLayer("maxPool2d", maxPool2dRule, { poolSize, ...options });
}

export const maxPool2dRule: LayerRule<MaxPool2dLayer> = {
  kerasName: "MaxPooling2D",
  arity: "one",
  fields: poolFields,
  build: (context, [x], layer) => context.builder.maxPool2d(x!, poolWindow(context, x!, layer)),
};
