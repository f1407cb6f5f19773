/** Penalties on weights, added to the loss as Keras has them: l1·Σ|w| + l2·Σw². */
import type { GraphBuilder, Value } from "../graph/builder.ts";
import { type Field, optional, realNumber, recordOf } from "./fields.ts";

export interface Regularizer {
  readonly l1?: number;
  readonly l2?: number;
}

/** factor·Σ|w|, a penalty that drives weights to exactly zero. */
export function l1(factor = 0.01): Regularizer {
  return { l1: factor };
}

/** factor·Σw² (not halved, and part of the loss, hence not the decoupled decay of AdamW). */
export function l2(factor = 0.01): Regularizer {
  return { l2: factor };
}

/** Both penalties. */
export function l1l2(factors: { readonly l1: number; readonly l2: number }): Regularizer {
  return { l1: factors.l1, l2: factors.l2 };
}

const factor = optional(realNumber({ min: 0 }));

export const regularizerField: Field<Regularizer> = recordOf<Regularizer>(
  { l1: factor, l2: factor },
  "{ l1, l2 } with numbers ≥ 0",
);

/** The penalty of `weights` as a scalar, or undefined when both factors are zero. */
export function buildPenalty(
  builder: GraphBuilder,
  weights: Value,
  regularizer: Regularizer,
): Value | undefined {
  const terms: Value[] = [];
  if (regularizer.l1) terms.push(builder.scale(builder.total(builder.abs(weights)), regularizer.l1));
  if (regularizer.l2) terms.push(builder.scale(builder.total(builder.square(weights)), regularizer.l2));
  return terms.length === 0 ? undefined : terms.reduce((sum, term) => builder.add(sum, term));
}
