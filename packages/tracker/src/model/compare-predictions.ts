/** Two models on the same images: who repairs what, who breaks what, and whether the difference is more than chance. */
import type { Predictions } from "./evaluation.ts";
import { TrackerError } from "./tracker-error.ts";

export interface PredictionComparison {
  readonly imageCount: number;
  readonly bothRight: number;
  readonly bothWrong: number;
  /** Images that the first gets wrong and the second right. */
  readonly fixed: Uint32Array;
  /** Images that the first gets right and the second wrong. */
  readonly broken: Uint32Array;
  /** Accuracy of the second less that of the first. */
  readonly accuracyDifference: number;
  /** 95 % of it, for paired proportions (Agresti, Categorical Data Analysis, 2002, eq. 10.2). */
  readonly interval: readonly [low: number, high: number];
  /** Of McNemar's exact test, two-sided: how likely so uneven a split of the images they differ on is by chance. */
  readonly pValue: number;
}

/** Throws bad-argument unless both are predictions for the same labels. */
export function comparePredictions(first: Predictions, second: Predictions): PredictionComparison {
  const imageCount = first.labels.length;
  if (second.labels.length !== imageCount || first.labels.some((label, i) => label !== second.labels[i])) {
    throw new TrackerError(
      "bad-argument",
      "compare: expected two evaluations on the same images, got other labels.",
    );
  }
  const fixed: number[] = [];
  const broken: number[] = [];
  let bothRight = 0;
  for (let i = 0; i < imageCount; i++) {
    const wasRight = first.predicted[i] === first.labels[i];
    const isRight = second.predicted[i] === second.labels[i];
    if (wasRight && isRight) bothRight++;
    else if (isRight) fixed.push(i);
    else if (wasRight) broken.push(i);
  }
  const [b, c, N] = [fixed.length, broken.length, imageCount];
  const accuracyDifference = N === 0 ? 0 : (b - c) / N;
  const halfWidth = N === 0 ? 0 : (1.959964 * Math.sqrt(Math.max(0, b + c - (b - c) ** 2 / N))) / N;
  return {
    imageCount,
    bothRight,
    bothWrong: N - bothRight - b - c,
    fixed: Uint32Array.from(fixed),
    broken: Uint32Array.from(broken),
    accuracyDifference,
    interval: [accuracyDifference - halfWidth, accuracyDifference + halfWidth],
    pValue: mcnemarExact(b, c),
  };
}

/** 2·P(X ≤ min(b, c)) for X of b + c fair coins, at most 1; summed as logarithms, so that no term underflows. */
function mcnemarExact(b: number, c: number): number {
  const n = b + c;
  let logTerm = -n * Math.LN2;
  let sum = 0;
  for (let k = 0; k <= Math.min(b, c); k++) {
    sum += Math.exp(logTerm);
    logTerm += Math.log((n - k) / (k + 1));
  }
  return Math.min(1, 2 * sum);
}
