import { realNumber, withDefault } from "../fields.ts";
import { type CommonOptions, commonFields, type LayerCommon, type LayerRule, makeLayer } from "./layer.ts";

export interface BatchNormLayer extends LayerCommon {
  readonly type: "batchNorm";
  readonly momentum: number;
  readonly epsilon: number;
}

export interface BatchNormOptions extends CommonOptions {
  /** Weight of the old moving moments at each step, default 0.99 (PyTorch's 0.1 is 0.9 here). */
  readonly momentum?: number;
  /** Added to the variance, default 1e-3. */
  readonly epsilon?: number;
}

/**
 * Batch normalisation over all axes but the last (Ioffe & Szegedy 2015), y = γ·(x − mean)/√(variance + ε) + β,
 * with γ, β [C] trained, starting at 1 and 0. Training takes the batch's moments and updates
 * `moving_moments` [2, C] (mean, variance; starting at 0 and 1) to momentum·moving + (1 − momentum)·batch;
 * evaluation takes the moving ones. As in Keras the batch variance is the biased one, divided by N·H·W
 * (PyTorch's moving variance is unbiased).
 */
export function batchNorm(options: BatchNormOptions = {}): BatchNormLayer {
  return makeLayer("batchNorm", batchNormRule, options);
}

export const batchNormRule: LayerRule<BatchNormLayer> = {
  kerasName: "BatchNormalization",
  arity: "one",
  fields: {
    momentum: withDefault(realNumber({ min: 0, max: 1 }), 0.99),
    epsilon: withDefault(realNumber({ above: 0 }), 1e-3),
    ...commonFields,
  },
  build: ({ builder, training, parameter, update }, [x], { momentum, epsilon }) => {
    const channels = builder.shape(x!).at(-1)!;
    const gamma = parameter("gamma", [channels], { initializer: "ones" });
    const beta = parameter("beta", [channels], { initializer: "zeros" });
    const moving = parameter("moving_moments", [2, channels], {
      initializer: "standardMoments",
      trainable: false,
    });
    if (!training) return builder.batchNorm(x!, moving, gamma, beta, { epsilon, batchStatistics: false });
    const batch = builder.moments(x!);
    update(
      "moving_moments",
      builder.add(builder.scale(moving, momentum), builder.scale(batch, 1 - momentum)),
    );
    return builder.batchNorm(x!, batch, gamma, beta, { epsilon, batchStatistics: true });
  },
};
