import type { Value } from "../graph/builder.ts";
import { flag, realNumber, withDefault } from "../nn/fields.ts";
import { makeOptimizer, type OptimizerRule } from "./optimizer.ts";

export interface Sgd {
  readonly type: "sgd";
  readonly learningRate: number;
  readonly momentum: number;
  readonly nesterov: boolean;
}

export interface SgdOptions {
  /** Default 0.01. */
  readonly learningRate?: number;
  /** μ, default 0. */
  readonly momentum?: number;
  /** Look-ahead momentum (Sutskever et al. 2013), default false. */
  readonly nesterov?: boolean;
}

/**
 * Stochastic gradient descent as Keras has it: m ← μm − lr·g; w ← w + m, or w ← w + μm − lr·g with Nesterov;
 * w ← w − lr·g without momentum. The rate is inside m, unlike PyTorch's: they agree while it is constant.
 */
export function sgd(options: SgdOptions = {}): Sgd {
  return makeOptimizer("sgd", sgdRule, options);
}

export const sgdRule: OptimizerRule<Sgd> = {
  fields: {
    learningRate: withDefault(realNumber({ above: 0 }), 0.01),
    momentum: withDefault(realNumber({ min: 0, below: 1 }), 0),
    nesterov: withDefault(flag, false),
  },
  update: ({ builder, weights, gradient, learningRate, slot }, { momentum, nesterov }): Value => {
    const descent = builder.mul(gradient, learningRate);
    if (momentum === 0) return builder.sub(weights, descent);
    const m = slot("momentum");
    const next = m.set(builder.sub(builder.scale(m.value, momentum), descent));
    const move = nesterov ? builder.sub(builder.scale(next, momentum), descent) : next;
    return builder.add(weights, move);
  },
};
