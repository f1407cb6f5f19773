import { realNumber, withDefault } from "../nn/fields.ts";
import { makeOptimizer, type OptimizerRule } from "./optimizer.ts";

export interface Rmsprop {
  readonly type: "rmsprop";
  readonly learningRate: number;
  readonly rho: number;
  readonly momentum: number;
  readonly epsilon: number;
}

export interface RmspropOptions {
  /** Default 0.001. */
  readonly learningRate?: number;
  /** Weight of the old mean square, default 0.9. */
  readonly rho?: number;
  /** μ, default 0. */
  readonly momentum?: number;
  /** Default 1e-7. */
  readonly epsilon?: number;
}

/**
 * RMSprop (Tieleman & Hinton 2012) as Keras has it, with ε under the root (PyTorch: outside):
 * v ← ρv + (1 − ρ)g²; d = lr·g/√(v + ε); w ← w − d, or with momentum m ← μm + d; w ← w − m.
 */
export function rmsprop(options: RmspropOptions = {}): Rmsprop {
  return makeOptimizer("rmsprop", rmspropRule, options);
}

export const rmspropRule: OptimizerRule<Rmsprop> = {
  fields: {
    learningRate: withDefault(realNumber({ above: 0 }), 0.001),
    rho: withDefault(realNumber({ min: 0, below: 1 }), 0.9),
    momentum: withDefault(realNumber({ min: 0, below: 1 }), 0),
    epsilon: withDefault(realNumber({ above: 0 }), 1e-7),
  },
  update: ({ builder, weights, gradient, learningRate, slot }, { rho, momentum, epsilon }) => {
    const v = slot("velocity");
    const square = v.set(
      builder.add(builder.scale(v.value, rho), builder.scale(builder.square(gradient), 1 - rho)),
    );
    const root = builder.sqrt(builder.affine(square, 1, epsilon));
    const descent = builder.div(builder.mul(gradient, learningRate), root);
    if (momentum === 0) return builder.sub(weights, descent);
    const m = slot("momentum");
    return builder.sub(weights, m.set(builder.add(builder.scale(m.value, momentum), descent)));
  },
};
