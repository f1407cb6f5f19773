import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { classificationMetrics } from "./classification-metrics.ts";
import { listMistakes } from "./mistakes.ts";
import type { Predictions } from "./predictions.ts";
import { formatClassificationReport } from "./report.ts";
import { wilsonInterval } from "./scores.ts";

interface ReferenceScores {
  readonly precision: number;
  readonly recall: number;
  readonly "f1-score": number;
  readonly support: number;
}

interface ReferenceCase {
  readonly name: string;
  readonly classNames: readonly string[];
  readonly probabilities: readonly number[];
  readonly labels: readonly number[];
  readonly digits: number;
  readonly text: string;
  readonly report: { readonly [row: string]: ReferenceScores };
  readonly loss: number;
  readonly confusion: readonly (readonly number[])[];
  readonly topK: { readonly [k: string]: number };
  readonly ece: number;
}

const file = new URL("../../test/reference/classification.json", import.meta.url);
const reference = JSON.parse(readFileSync(file, "utf8")) as {
  origin: string;
  cases: readonly ReferenceCase[];
};

describe.each(reference.cases)(`as ${reference.origin.split(",")[0]}: $name`, (expected) => {
  const predictions = {
    probabilities: Float32Array.from(expected.probabilities),
    labels: expected.labels,
    classNames: expected.classNames,
  };
  const metrics = classificationMetrics(predictions);
  const scores = (row: string) => {
    const { precision, recall, "f1-score": f1, support } = expected.report[row]!;
    return { precision, recall, f1, support };
  };
  const rounded = (value: unknown) =>
    JSON.parse(JSON.stringify(value, (_, v) => (typeof v === "number" ? Number(v.toFixed(12)) : v)));

  test("report, averages and text", () => {
    expect(rounded(metrics.perClass)).toEqual(
      rounded(expected.classNames.map((name) => ({ name, ...scores(name) }))),
    );
    expect(rounded([metrics.macro, metrics.weighted])).toEqual(
      rounded([scores("macro avg"), scores("weighted avg")]),
    );
    expect(formatClassificationReport(metrics, { digits: expected.digits })).toBe(expected.text);
  });

  test("confusion, loss, top-k accuracy, calibration", () => {
    expect(metrics.confusion).toEqual(expected.confusion);
    expect(metrics.loss).toBeCloseTo(expected.loss, 5); // scikit-learn sums float32 here
    expect(metrics.calibration.ece).toBeCloseTo(expected.ece, 9);
    // scikit-learn breaks ties from the other end; only one-hot probabilities have them.
    if (!expected.probabilities.includes(1)) {
      for (const [k, share] of Object.entries(metrics.topK)) expect(share).toBeCloseTo(expected.topK[k]!, 12);
    }
  });
});

const probabilities = Float32Array.of(
  ...[0.7, 0.2, 0.1],
  ...[0.4, 0.35, 0.25],
  ...[0.1, 0.1, 0.8],
  ...[0.2, 0.2, 0.6],
  ...[0.05, 0.9, 0.05],
);
const small: Predictions = { probabilities, labels: [0, 1, 0, 0, 2], classNames: ["a", "b", "c"] };

test("the most confused pairs come in both directions, most mistakes first", () => {
  const pairs = classificationMetrics(small).mostConfused;
  expect(
    pairs.map(({ trueName, predictedName, count, share }) => [trueName, predictedName, count, share]),
  ).toEqual([
    ["a", "c", 2, 2 / 3],
    ["b", "a", 1, 1],
    ["c", "b", 1, 1],
  ]);
});

test("mistakes by index, by confidence and by doubt", () => {
  const order = (options: Parameters<typeof listMistakes>[1]) =>
    listMistakes(small, options).map(({ index }) => index);
  expect(order({})).toEqual([1, 2, 3, 4]);
  expect(order({ order: "most-confident" })).toEqual([4, 2, 3, 1]);
  expect(order({ order: "least-certain", limit: 2 })).toEqual([1, 3]);
  const [first] = listMistakes(small);
  expect(first).toMatchObject({ index: 1, trueClass: 1, predictedClass: 0, confidence: Math.fround(0.4) });
  expect(first?.probabilities).toEqual([0.4, 0.35, 0.25].map(Math.fround));
});

test("calibration bins cover (0, 1] and hold every image once", () => {
  const { bins } = classificationMetrics(small).calibration;
  expect(bins).toHaveLength(15);
  expect([bins[0]!.from, bins[14]!.to]).toEqual([0, 1]);
  expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(5);
  const edge = classificationMetrics({
    probabilities: Float32Array.of(0, 1),
    labels: [1],
    classNames: ["a", "b"],
  });
  expect(edge.calibration.bins[14]).toMatchObject({ count: 1, confidence: 1, accuracy: 1 });
});

test("the object survives JSON", () => {
  const metrics = classificationMetrics(small);
  expect(JSON.parse(JSON.stringify(metrics))).toEqual(metrics);
});

test("top-1 is the accuracy, also with ties, and shares grow with k", () => {
  const values = fc.array(fc.constantFrom(0, 0.25, 0.5), { minLength: 6, maxLength: 6 });
  const rows = fc.array(fc.tuple(values, fc.integer({ min: 0, max: 5 })), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(rows, (cases) => {
      const { topK, accuracy, accuracyInterval } = classificationMetrics({
        probabilities: Float32Array.from(cases.flatMap(([row]) => row)),
        labels: cases.map(([, label]) => label),
        classNames: ["a", "b", "c", "d", "e", "f"],
      });
      expect(topK[1]).toBe(accuracy);
      expect(topK[2]).toBeGreaterThanOrEqual(topK[1]!);
      expect(topK[5]).toBeGreaterThanOrEqual(topK[3]!);
      expect(accuracyInterval[0]).toBeLessThanOrEqual(accuracy);
      expect(accuracyInterval[1]).toBeGreaterThanOrEqual(accuracy);
    }),
    { seed: 9 },
  );
});

test("Wilson's interval has its published values", () => {
  // Newcombe 1998, table I, method 3: 81/263, 15/148, 0/20, 1/29
  for (const [hits, count, low, high] of [
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ] as const) {
    const interval = wilsonInterval(hits / count, count);
    expect(interval[0]).toBeCloseTo(low, 4);
    expect(interval[1]).toBeCloseTo(high, 4);
  }
});

test.each([
  ["no images", { labels: [] }, "N above 0"],
  ["another number of rows", { labels: [0, 1] }, "expected probabilities [N, 3] for N = 2 labels"],
  ["a label without a class", { labels: [0, 1, 0, 0, 3] }, "labels[4]: expected a class from 0 to 2, got 3"],
  [
    "NaN",
    { probabilities: probabilities.with(7, Number.NaN) },
    "probabilities[2, 1]: expected a number in [0, 1], got NaN",
  ],
  [
    "logits",
    { probabilities: probabilities.with(0, 3) },
    "probabilities[0, 0]: expected a number in [0, 1], got 3",
  ],
])("refused: %s", (_, change: Partial<Predictions>, message) => {
  expect(() => classificationMetrics({ ...small, ...change })).toThrow(message);
});
