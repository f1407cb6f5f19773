/** What every metric of classification starts from. */
import { AtelierError } from "@atelier/engine/error";

/** A model's answers for N images beside the truth. */
export interface Predictions {
  /** Row-major [N, C], each row a distribution over the classes. */
  readonly probabilities: Float32Array;
  /** True class of every image, [N]. */
  readonly labels: ArrayLike<number>;
  /** One name a class, [C]. */
  readonly classNames: readonly string[];
}

/** Predictions with their most probable class worked out; what the other files of this folder take. */
export interface CheckedPredictions extends Predictions {
  readonly count: number;
  /** Most probable class of every image, the first of equals, [N]. */
  readonly predicted: Uint32Array;
  /** Its probability, [N]. */
  readonly confidence: Float32Array;
}

/**
 * Checks sizes and values once for all metrics. Throws "bad-argument" when there are no images, the sizes do not
 * fit, a label has no class or a probability is not in [0, 1] (NaN from a diverged model, for example).
 */
export function checkPredictions(predictions: Predictions): CheckedPredictions {
  const { probabilities, labels, classNames } = predictions;
  const [count, classes] = [labels.length, classNames.length];
  if (count === 0 || probabilities.length !== count * classes) {
    throw badArgument(
      `expected probabilities [N, ${classes}] for N = ${count} labels, N above 0, got ${probabilities.length} numbers`,
    );
  }
  const wrong = probabilities.findIndex((p) => !(p >= 0 && p <= 1 + 1e-4));
  if (wrong >= 0) {
    const [row, column] = [Math.floor(wrong / classes), wrong % classes];
    throw badArgument(
      `probabilities[${row}, ${column}]: expected a number in [0, 1], got ${probabilities[wrong]}`,
    );
  }
  const predicted = new Uint32Array(count);
  const confidence = new Float32Array(count);
  for (let row = 0; row < count; row++) {
    const label = labels[row]!;
    if (!(Number.isInteger(label) && label >= 0 && label < classes)) {
      throw badArgument(`labels[${row}]: expected a class from 0 to ${classes - 1}, got ${label}`);
    }
    let best = 0;
    for (let column = 1; column < classes; column++) {
      if (probabilities[row * classes + column]! > probabilities[row * classes + best]!) best = column;
    }
    predicted[row] = best;
    confidence[row] = probabilities[row * classes + best]!;
  }
  return { ...predictions, count, predicted, confidence };
}

/** The error of every check in this folder. */
export function badArgument(message: string): AtelierError {
  return new AtelierError("bad-argument", `metrics: ${message}`);
}
