/** Whether a model that says 80 % is right in 80 % of the cases. */
import type { CheckedPredictions } from "./predictions.ts";

/** One bar of a reliability diagram: the images whose confidence is in (from, to]. */
export interface CalibrationBin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Mean probability of the predicted class, 0 when the bin is empty. */
  readonly confidence: number;
  /** Share of correct predictions, 0 when the bin is empty. */
  readonly accuracy: number;
}

/** Expected calibration error and the bins it is made of. */
export interface Calibration {
  readonly ece: number;
  readonly bins: readonly CalibrationBin[];
}

/**
 * Expected calibration error, Σ count/N · |accuracy − confidence| over equal-width bins of the predicted class's
 * probability, open below and closed above (Guo et al. 2017, eq. 3).
 */
export function calibrationOf(
  { labels, predicted, confidence, count }: CheckedPredictions,
  binCount = 15,
): Calibration {
  const sums = Array.from({ length: binCount }, () => ({ count: 0, confidence: 0, hits: 0 }));
  for (let row = 0; row < count; row++) {
    const bin = Math.min(binCount - 1, Math.max(0, Math.ceil(confidence[row]! * binCount) - 1));
    sums[bin]!.count += 1;
    sums[bin]!.confidence += confidence[row]!;
    sums[bin]!.hits += predicted[row] === labels[row] ? 1 : 0;
  }
  const bins = sums.map((sum, index) => ({
    from: index / binCount,
    to: (index + 1) / binCount,
    count: sum.count,
    confidence: sum.count === 0 ? 0 : sum.confidence / sum.count,
    accuracy: sum.count === 0 ? 0 : sum.hits / sum.count,
  }));
  const ece = bins.reduce(
    (total, bin) => total + (bin.count / count) * Math.abs(bin.accuracy - bin.confidence),
    0,
  );
  return { ece, bins };
}
