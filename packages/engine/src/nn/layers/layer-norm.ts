import { realNumber, withDefault } from "../fields.ts";
import { type CommonOptions, commonFields, type LayerCommon, type LayerRule, makeLayer } from "./layer.ts";

export interface LayerNormLayer extends LayerCommon {
  readonly type: "layerNorm";
  readonly epsilon: number;
}

export interface LayerNormOptions extends CommonOptions {
  /** Added to the variance, default 1e-3. */
  readonly epsilon?: number;
}

/**
 * Layer normalisation over the last axis (Ba et al. 2016), y = γ·(x − mean)/√(variance + ε) + β, with γ, β [C]
 * starting at 1 and 0. The same in training and evaluation.
 */
export function layerNorm(options: LayerNormOptions = {}): LayerNormLayer {
  return makeLayer("layerNorm", layerNormRule, options);
}

export const layerNormRule: LayerRule<LayerNormLayer> = {
  kerasName: "LayerNormalization",
  arity: "one",
  fields: { epsilon: withDefault(realNumber({ above: 0 }), 1e-3), ...commonFields },
  build: ({ builder, parameter }, [x], { epsilon }) => {
    const channels = builder.shape(x!).at(-1)!;
    const gamma = parameter("gamma", [channels], { initializer: "ones" });
    const beta = parameter("beta", [channels], { initializer: "zeros" });
    return builder.layerNorm(x!, gamma, beta, epsilon);
  },
};
