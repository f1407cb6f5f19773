import { realNumber } from "../fields.ts";
import { type CommonOptions, commonFields, type LayerCommon, type LayerRule, makeLayer } from "./layer.ts";

export interface DropoutLayer extends LayerCommon {
  readonly type: "dropout";
  readonly rate: number;
}

/**
 * Inverted dropout (Srivastava et al. 2014): in training each element is 0 with probability `rate`, else
 * x / (1 − rate); in evaluation x itself. `rate` lies in [0, 1).
 */
export function dropout(rate: number, options: CommonOptions = {}): DropoutLayer {
  return makeLayer("dropout", dropoutRule, { rate, ...options });
}

export const dropoutRule: LayerRule<DropoutLayer> = {
  kerasName: "Dropout",
  arity: "one",
  fields: { rate: realNumber({ min: 0, below: 1 }), ...commonFields },
  build: ({ builder, training, stream }, [x], { rate }) =>
    training ? builder.dropout(x!, rate, stream) : x!,
};
