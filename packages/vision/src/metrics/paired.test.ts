import { expect, test } from "vitest";
import { likelyMislabelled } from "./likely-mislabelled.ts";
import { comparePaired } from "./paired.ts";

/** Labels 0; models that get the first images of each kind right: both, only B, only A, neither. */
function models(both: number, onlyB: number, onlyA: number, neither: number) {
  const repeat = (count: number, value: number) => new Array<number>(count).fill(value);
  return {
    labels: repeat(both + onlyB + onlyA + neither, 0),
    a: [...repeat(both, 0), ...repeat(onlyB, 1), ...repeat(onlyA, 0), ...repeat(neither, 1)],
    b: [...repeat(both, 0), ...repeat(onlyB, 0), ...repeat(onlyA, 1), ...repeat(neither, 2)],
  };
}

test("tells which images are fixed and broken, and the difference", () => {
  const { labels, a, b } = models(2, 2, 1, 1);
  const compared = comparePaired(labels, a, b);
  expect(compared).toMatchObject({ count: 6, bothRight: 2, bothWrong: 1, fixed: [2, 3], broken: [4] });
  expect(compared.difference).toBeCloseTo(1 / 6, 12);
});

test("McNemar's exact p-value is the two-sided binomial one", () => {
  // Twice the lower tail of Binomial(b + c, 1/2), written out: (1 + 10 + 45) / 2^10 · 2, and so on.
  const pValue = (b: number, c: number) => {
    const { labels, a, b: other } = models(50, b, c, 50);
    return comparePaired(labels, a, other).pValue;
  };
  expect(pValue(2, 8)).toBeCloseTo((2 * 56) / 1024, 12);
  expect(pValue(8, 2)).toBeCloseTo((2 * 56) / 1024, 12);
  expect(pValue(5, 5)).toBe(1);
  expect(pValue(0, 0)).toBe(1);
  expect(pValue(0, 20)).toBeCloseTo(2 ** -19, 18);
  expect(pValue(3000, 3300)).toBeCloseTo(0.000164, 5); // normal approximation with continuity: z = 299/√6300 = 3.767
});

test("the interval of the difference is the one of Agresti and Min", () => {
  // b = 40, c = 25, N = 1000: (15/1002) ± 1.96·√(66 − 225/1002)/1002.
  const { labels, a, b } = models(900, 40, 25, 35);
  const [low, high] = comparePaired(labels, a, b).differenceInterval;
  expect(low).toBeCloseTo(0.01497006 - 0.0158641, 6);
  expect(high).toBeCloseTo(0.01497006 + 0.0158641, 6);
});

test("predictions of other images are refused", () => {
  expect(() => comparePaired([0, 1], [0, 1], [0])).toThrow("for the same images");
});

test("a label is in doubt where another class is as probable as it usually is on its own images", () => {
  const rows = [
    [0.9, 0.1],
    [0.8, 0.2],
    [0.05, 0.95], // labelled 0, surer of 1 than images of 1 are
    [0.3, 0.7],
    [0.2, 0.8],
    [0.45, 0.55],
  ];
  const doubtful = likelyMislabelled({
    probabilities: Float32Array.from(rows.flat()),
    labels: [0, 0, 0, 1, 1, 1],
    classNames: ["a", "b"],
  });
  expect(doubtful.map(({ index, suggested }) => [index, suggested])).toEqual([[2, 1]]);
  expect(doubtful[0]!.margin).toBeCloseTo(0.9, 6);
});
