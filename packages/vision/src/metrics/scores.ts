/** Single numbers: log loss, accuracy and its interval, top-k accuracy. */
import { badArgument, type CheckedPredictions } from "./predictions.ts";

/** Distance from 1 to the next float32; scikit-learn clips float32 probabilities to [ε, 1 − ε]. */
const float32Epsilon = 2 ** -23;

/** Quantile of the normal distribution for 95 % two-sided. */
const z95 = 1.959963984540054;

/** −1/N Σ ln p(true class), p clipped to [2⁻²³, 1 − 2⁻²³], as sklearn.metrics.log_loss. */
export function logLoss({ probabilities, labels, classNames, count }: CheckedPredictions): number {
  let sum = 0;
  for (let row = 0; row < count; row++) {
    const p = probabilities[row * classNames.length + labels[row]!]!;
    sum -= Math.log(Math.min(1 - float32Epsilon, Math.max(float32Epsilon, p)));
  }
  return sum / count;
}

/** Wilson's 95 % score interval for a share observed in `count` trials (Wilson 1927). */
export function wilsonInterval(share: number, count: number): [low: number, high: number] {
  if (!(share >= 0 && share <= 1 && count > 0))
    throw badArgument(`no interval for a share of ${share} in ${count}`);
  const spread = z95 ** 2 / count;
  const centre = (share + spread / 2) / (1 + spread);
  const half = (z95 / (1 + spread)) * Math.sqrt((share * (1 - share)) / count + spread / (4 * count));
  return [share === 0 ? 0 : centre - half, share === 1 ? 1 : centre + half];
}

/**
 * Share of the images whose true class is among the `k` most probable; of equally probable classes the one with the
 * lower index comes first, so that k = 1 is the accuracy.
 */
export function topKAccuracy(
  { probabilities, labels, classNames, count }: CheckedPredictions,
  k: number,
): number {
  const classes = classNames.length;
  let hits = 0;
  for (let row = 0; row < count; row++) {
    const scores = probabilities.subarray(row * classes, (row + 1) * classes);
    const label = labels[row]!;
    const own = scores[label]!;
    let before = 0;
    for (let column = 0; column < classes; column++) {
      if (scores[column]! > own || (scores[column] === own && column < label)) before++;
    }
    if (before < k) hits++;
  }
  return hits / count;
}
