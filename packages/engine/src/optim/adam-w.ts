import { realNumber, withDefault } from "../nn/fields.ts";
import { type AdamMoments, type AdamOptions, adamFields, adamStep } from "./adam.ts";
import { decayed, makeOptimizer, type OptimizerRule } from "./optimizer.ts";

export interface AdamW extends AdamMoments {
  readonly type: "adamW";
  readonly learningRate: number;
  readonly weightDecay: number;
}

export interface AdamWOptions extends AdamOptions {
  /** Default 0.004. */
  readonly weightDecay?: number;
}

/**
 * Adam with decoupled weight decay (Loshchilov & Hutter 2019): w ← w − lr·weightDecay·w, then Adam's step. As
 * Keras' and PyTorch's defaults have it, every trainable parameter decays, biases and batch norm's too.
 */
export function adamW(options: AdamWOptions = {}): AdamW {
  return makeOptimizer("adamW", adamWRule, options);
}

export const adamWRule: OptimizerRule<AdamW> = {
  fields: { ...adamFields, weightDecay: withDefault(realNumber({ min: 0 }), 0.004) },
  update: (context, optimizer) =>
    context.builder.sub(
      decayed(context, optimizer.weightDecay),
      adamStep(context, optimizer, context.learningRate),
    ),
};
