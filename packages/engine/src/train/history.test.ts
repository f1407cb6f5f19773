import { describe, expect, it } from "vitest";
import { bestEpochIndex, type EpochRecord, plateauFactor, shouldStop } from "./history.ts";
import { mixupWeight } from "./mixup.ts";
import { shuffledOrder } from "./order.ts";

function history(losses: readonly number[]): EpochRecord[] {
  return losses.map((val_loss, i) => ({
    epoch: i + 1,
    metrics: { loss: 1, accuracy: 0.5, val_loss, val_accuracy: 1 - val_loss, learning_rate: 0.1 },
    seconds: 1,
    imagesPerSecond: 1,
  }));
}

describe("decisions from the history", () => {
  it("finds the best epoch, the earliest of equals, passing over NaN", () => {
    expect(bestEpochIndex(history([0.5, 0.2, Number.NaN, 0.2]), "val_loss")).toBe(1);
    expect(bestEpochIndex(history([0.5, 0.2, 0.3]), "val_accuracy")).toBe(1);
    expect(bestEpochIndex([], "val_loss")).toBeUndefined();
  });

  it("stops after `patience` epochs without improvement and not before", () => {
    expect(shouldStop(history([0.5, 0.4, 0.41]), { patience: 2 })).toBe(false);
    expect(shouldStop(history([0.5, 0.4, 0.41, 0.42]), { patience: 2 })).toBe(true);
    expect(shouldStop(history([0.5, 0.4, 0.399, 0.398]), { patience: 2, minDelta: 0.01 })).toBe(true);
  });

  it("reduces the rate once each time patience runs out, down to the floor", () => {
    const rule = { patience: 2, factor: 0.5, minDelta: 0 };
    expect(plateauFactor(history([1, 1, 1]), rule)).toBe(0.5);
    expect(plateauFactor(history([1, 1, 1, 1, 1]), rule)).toBe(0.25);
    expect(plateauFactor(history([1, 1, 1, 1, 1]), { ...rule, minFactor: 0.4 })).toBe(0.4);
    expect(plateauFactor(history([1, 0.9, 0.8]), rule)).toBe(1);
  });
});

it("shuffles every image once, differently each epoch, the same for the same seed", () => {
  const first = shuffledOrder(1000, 7, 0);
  expect([...first].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  expect(shuffledOrder(1000, 7, 0)).toEqual(first);
  expect(shuffledOrder(1000, 7, 1)).not.toEqual(first);
  expect(shuffledOrder(1000, 8, 0)).not.toEqual(first);
});

it("draws mixup weights from max(λ, 1 − λ), λ ~ Beta(α, α)", () => {
  const weights = Array.from({ length: 2000 }, (_, step) => mixupWeight(1, 3, step));
  expect(weights.every((weight) => weight >= 0.5 && weight <= 1)).toBe(true);
  // α = 1 is uniform: the mean of max(λ, 1 − λ) is 3/4.
  expect(weights.reduce((a, b) => a + b) / 2000).toBeCloseTo(0.75, 1);
});
