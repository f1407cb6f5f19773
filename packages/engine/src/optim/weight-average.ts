/** Exponential moving average of the weights, often a little better and much steadier than the weights. */
import type { GraphBuilder, Value } from "../graph/builder.ts";
import { type Fields, readRecord, realNumber, wholeNumber, withDefault } from "../nn/fields.ts";

export interface WeightAverage {
  /** Weight of the old average at each step, e.g. 0.999. */
  readonly decay: number;
  /** Up to and including this step the average is a copy of the weights; default 1, as in Keras. */
  readonly copyUntil?: number;
}

const averageFields: Fields<WeightAverage> = {
  decay: realNumber({ min: 0, below: 1 }),
  copyUntil: withDefault(wholeNumber(1), 1),
};

/** An average from data of any origin. Throws bad-argument. */
export function parseWeightAverage(value: unknown, where: string): WeightAverage {
  return readRecord(value, where, averageFields);
}

/** State that holds a parameter's average; what `forward` takes as `stateName` to evaluate it. */
export function averageName(parameter: string): string {
  return `ema/${parameter}`;
}

/** average ← d·average + (1 − d)·weights, where d is `decay`, or 0 while it only copies. */
export function buildAverage(
  builder: GraphBuilder,
  average: Value,
  weights: Value,
  step: Value,
  { decay, copyUntil = 1 }: WeightAverage,
): Value {
  const d = builder.scale(builder.step(builder.affine(step, 1, -copyUntil - 0.5)), decay);
  return builder.add(builder.mul(average, d), builder.mul(weights, builder.affine(d, -1, 1)));
}
