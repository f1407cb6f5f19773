import { expect, test } from "vitest";
import { likelyMislabelled } from "./likely-mislabelled.ts";

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
