/** The images a model got wrong, for the gallery of mistakes. */
import { checkPredictions, type Predictions } from "./predictions.ts";

/** One misclassified image. */
export interface Mistake {
  /** Index of the image in the dataset. */
  readonly index: number;
  readonly trueClass: number;
  readonly predictedClass: number;
  /** Probability of the predicted class, in [0, 1]. */
  readonly confidence: number;
  /** The image's row of probabilities, [C]. */
  readonly probabilities: readonly number[];
}

/** Which mistakes to list, and in what order. */
export interface MistakeOptions {
  /**
   * "index" (default): as in the dataset. "most-confident": surest of the wrong class first. "least-certain": smallest
   * lead of the predicted class over the second first. Equals come by index.
   */
  readonly order?: "index" | "most-confident" | "least-certain";
  /** At most this many; default all. */
  readonly limit?: number;
}

/** Lists mistakes. Throws "bad-argument" for predictions that do not fit together. */
export function listMistakes(predictions: Predictions, options: MistakeOptions = {}): Mistake[] {
  const { order = "index", limit = Number.POSITIVE_INFINITY } = options;
  const { labels, predicted, confidence, probabilities, classNames, count } = checkPredictions(predictions);
  const classes = classNames.length;
  const mistakes: Mistake[] = [];
  for (let index = 0; index < count; index++) {
    if (predicted[index] === labels[index]) continue;
    mistakes.push({
      index,
      trueClass: labels[index]!,
      predictedClass: predicted[index]!,
      confidence: confidence[index]!,
      probabilities: [...probabilities.subarray(index * classes, (index + 1) * classes)],
    });
  }
  return sorted[order](mistakes).slice(0, limit);
}

const sorted: {
  readonly [order in NonNullable<MistakeOptions["order"]>]: (mistakes: Mistake[]) => Mistake[];
} = {
  index: (mistakes) => mistakes,
  "most-confident": (mistakes) => mistakes.sort((a, b) => b.confidence - a.confidence),
  "least-certain": (mistakes) => mistakes.sort((a, b) => leadOf(a) - leadOf(b)),
};

/** By how much the predicted class is ahead of the second. */
function leadOf({ probabilities, predictedClass, confidence }: Mistake): number {
  return confidence - Math.max(...probabilities.filter((_, column) => column !== predictedClass));
}
