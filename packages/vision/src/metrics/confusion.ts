/** Which classes are taken for which. */
import type { CheckedPredictions } from "./predictions.ts";

/** Counts [C][C]: rows are true classes, columns predicted ones. */
export type ConfusionMatrix = readonly (readonly number[])[];

/** One direction of a confusion: images of `trueClass` that were taken for `predictedClass`. */
export interface ConfusedPair {
  readonly trueClass: number;
  readonly predictedClass: number;
  readonly trueName: string;
  readonly predictedName: string;
  readonly count: number;
  /** Share of the true class, in (0, 1]. */
  readonly share: number;
}

/** Counts images by true and predicted class. */
export function confusionMatrix({
  labels,
  predicted,
  classNames,
  count,
}: CheckedPredictions): ConfusionMatrix {
  const matrix = classNames.map(() => new Array<number>(classNames.length).fill(0));
  for (let row = 0; row < count; row++) matrix[labels[row]!]![predicted[row]!]! += 1;
  return matrix;
}

/**
 * The pairs of classes with the most mistakes, each direction for itself, most mistakes first, then by class;
 * at most `limit`, none without a mistake.
 */
export function mostConfusedPairs(
  confusion: ConfusionMatrix,
  classNames: readonly string[],
  limit: number,
): ConfusedPair[] {
  const pairs = confusion.flatMap((row, trueClass) => {
    const support = row.reduce((a, b) => a + b, 0);
    return row.map((count, predictedClass) => ({
      trueClass,
      predictedClass,
      trueName: classNames[trueClass]!,
      predictedName: classNames[predictedClass]!,
      count,
      share: support === 0 ? 0 : count / support,
    }));
  });
  const mistakes = pairs.filter(
    ({ count, trueClass, predictedClass }) => count > 0 && trueClass !== predictedClass,
  );
  return mistakes.sort((a, b) => b.count - a.count).slice(0, limit); // the sort is stable: equals stay by class
}
