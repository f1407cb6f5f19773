import { expect, test } from "vitest";
import { comparePredictions } from "./compare-predictions.ts";
import { type Predictions, predictionsOf } from "./evaluation.ts";

/** All labels 0; `right` says which are predicted so. */
function predictions(right: readonly boolean[]): Predictions {
  return predictionsOf(
    right.flatMap((isRight) => (isRight ? [0.9, 0.1] : [0.2, 0.8])),
    right.map(() => 0),
  );
}

/** `fixed` images that only the second gets right, `broken` that only the first does, the rest both right. */
function comparisonOf(fixed: number, broken: number, count: number) {
  const first = Array.from({ length: count }, (_, i) => i >= fixed);
  const second = Array.from({ length: count }, (_, i) => i < fixed || i >= fixed + broken);
  return comparePredictions(predictions(first), predictions(second));
}

test("names the images that are repaired and broken", () => {
  const compared = comparePredictions(
    predictions([true, false, false, true]),
    predictions([true, true, false, false]),
  );
  expect(compared).toMatchObject({ imageCount: 4, bothRight: 1, bothWrong: 1, accuracyDifference: 0 });
  expect([...compared.fixed]).toEqual([1]);
  expect([...compared.broken]).toEqual([3]);
});

// scipy.stats.binomtest(b, b + c).pvalue, scipy 1.17
test.each([
  [10, 25, 0.016673847800120715],
  [3, 3, 1],
  [120, 180, 0.0006342200069283566],
  [0, 7, 0.015625],
  [700, 900, 6.319484959450105e-7],
  [0, 0, 1],
])("McNemar's exact p-value of %i against %i", (fixed, broken, expected) => {
  expect(comparisonOf(fixed, broken, 2000).pValue / expected).toBeCloseTo(1, 9);
});

test("gives the difference of accuracies with its interval", () => {
  const { accuracyDifference, interval } = comparisonOf(25, 10, 1000);
  expect(accuracyDifference).toBeCloseTo(0.015, 12);
  expect(interval[0]).toBeCloseTo(0.0034420273145733555, 9);
  expect(interval[1]).toBeCloseTo(0.026557972685426645, 9);
});

test("refuses evaluations of other images", () => {
  const other = predictionsOf([1, 0], [1]);
  expect(() => comparePredictions(predictions([true]), other)).toThrow(
    "expected two evaluations on the same images",
  );
  expect(() => comparePredictions(predictions([true, true]), predictions([true]))).toThrow("same images");
});
