import { expect, test } from "vitest";
import { decodePredictions, encodePredictions, predictionsOf } from "./evaluation.ts";

test("predictions survive as bytes, wherever these lie in memory", () => {
  const predictions = predictionsOf([0.25, 0.75, 0.5, 0.5, 0.875, 0.125], [1, 0, 1]);
  expect(Array.from(predictions.predicted)).toEqual([1, 0, 0]);
  const bytes = encodePredictions(predictions);
  expect(bytes.length).toBe(16 + 3 * (2 * 4 + 2 + 2));
  for (const shift of [0, 1, 2]) {
    const moved = new Uint8Array(bytes.length + shift).subarray(shift);
    moved.set(bytes);
    expect(decodePredictions(moved)).toEqual(predictions);
  }
  expect(() => decodePredictions(bytes.subarray(0, 20))).toThrow("expected a whole block of predictions");
});
