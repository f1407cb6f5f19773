import type { GraphBuilder, Value } from "../graph/builder.ts";
import { realNumber, withDefault } from "../nn/fields.ts";
import { makeOptimizer, moveTowards, type OptimizerRule, type UpdateContext } from "./optimizer.ts";

/** The numbers of Adam's moving averages. */
export interface AdamMoments {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

export interface Adam extends AdamMoments {
  readonly type: "adam";
  readonly learningRate: number;
}

export interface AdamOptions {
  /** Default 0.001. */
  readonly learningRate?: number;
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-7. */
  readonly epsilon?: number;
}

/**
 * Adam (Kingma & Ba 2015) as Keras has it, with "epsilon hat" of the paper's section 2:
 * m ← m + (1 − β₁)(g − m); v ← v + (1 − β₂)(g² − v); w ← w − lr·√(1 − β₂ᵗ)/(1 − β₁ᵗ) · m/(√v + ε).
 * PyTorch adds its ε (1e-8) to the corrected root instead.
 */
export function adam(options: AdamOptions = {}): Adam {
  return makeOptimizer("adam", adamRule, options);
}

export const adamFields = {
  learningRate: withDefault(realNumber({ above: 0 }), 0.001),
  beta1: withDefault(realNumber({ min: 0, below: 1 }), 0.9),
  beta2: withDefault(realNumber({ min: 0, below: 1 }), 0.999),
  epsilon: withDefault(realNumber({ above: 0 }), 1e-7),
};

export const adamRule: OptimizerRule<Adam> = {
  fields: adamFields,
  update: (context, optimizer) =>
    context.builder.sub(context.weights, adamStep(context, optimizer, context.learningRate)),
};

/** What Adam takes off the weights. */
export function adamStep(
  { builder, gradient, step, slot }: UpdateContext,
  { beta1, beta2, epsilon }: AdamMoments,
  learningRate: Value,
): Value {
  const m = slot("momentum");
  const v = slot("velocity");
  const mean = m.set(moveTowards(builder, m.value, gradient, 1 - beta1));
  const square = v.set(moveTowards(builder, v.value, builder.square(gradient), 1 - beta2));
  const corrected = builder.div(
    builder.mul(learningRate, builder.sqrt(oneMinusPower(builder, beta2, step))),
    oneMinusPower(builder, beta1, step),
  );
  return builder.div(builder.mul(mean, corrected), builder.affine(builder.sqrt(square), 1, epsilon));
}

/**
 * 1 − βᵗ for a scalar t: with T = tanh(½·t·ln β) it is −2T/(1 − T). Unlike 1 − exp(t·ln β) this loses nothing to
 * cancellation where βᵗ is near 1 (3e-5 of the first step's rate, for β = 0.999 in float32).
 */
function oneMinusPower(builder: GraphBuilder, beta: number, t: Value): Value {
  if (beta === 0) return builder.constant(1);
  const half = builder.tanh(builder.scale(t, 0.5 * Math.log(beta)));
  return builder.div(builder.scale(half, -2), builder.affine(half, -1, 1));
}
