/** Images whose label a model has good reason to doubt. */
import { checkPredictions, type Predictions } from "./predictions.ts";

/** An image that looks like another class than its label says. */
export interface DoubtfulLabel {
  readonly index: number;
  readonly label: number;
  /** The class that the model is sure enough of. */
  readonly suggested: number;
  /** Probability of the suggested class minus that of the label, in [0, 1]. */
  readonly margin: number;
}

/**
 * Confident learning (Northcutt, Jiang & Chuang 2021): a class counts for an image when its probability reaches the mean
 * that the class has on images labelled so; where the most probable such class is not the label, the label is in doubt.
 * The largest margin first. Throws "bad-argument" for predictions that do not fit together.
 */
export function likelyMislabelled(predictions: Predictions): readonly DoubtfulLabel[] {
  const { labels, probabilities, classNames, count } = checkPredictions(predictions);
  const C = classNames.length;
  const sums = new Float64Array(C);
  const counts = new Float64Array(C);
  for (let i = 0; i < count; i++) {
    const label = labels[i]!;
    sums[label] = sums[label]! + probabilities[i * C + label]!;
    counts[label] = counts[label]! + 1;
  }
  const thresholds = sums.map((sum, c) => (counts[c]! > 0 ? sum / counts[c]! : Number.POSITIVE_INFINITY));
  const doubtful: DoubtfulLabel[] = [];
  for (let i = 0; i < count; i++) {
    const label = labels[i]!;
    let suggested = -1;
    for (let c = 0; c < C; c++) {
      const p = probabilities[i * C + c]!;
      if (p >= thresholds[c]! && (suggested < 0 || p > probabilities[i * C + suggested]!)) suggested = c;
    }
    if (suggested < 0 || suggested === label) continue;
    const margin = probabilities[i * C + suggested]! - probabilities[i * C + label]!;
    if (margin > 0) doubtful.push({ index: i, label, suggested, margin });
  }
  return doubtful.sort((a, b) => b.margin - a.margin);
}
