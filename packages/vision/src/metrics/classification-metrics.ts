/** All metrics of a classifier in one plain object, as `atelier evaluate --json` prints it. */
import { type Calibration, calibrationOf } from "./calibration.ts";
import { type ConfusedPair, type ConfusionMatrix, confusionMatrix, mostConfusedPairs } from "./confusion.ts";
import { checkPredictions, type Predictions } from "./predictions.ts";
import { type ClassificationReport, classificationReport } from "./report.ts";
import { logLoss, topKAccuracy, wilsonInterval } from "./scores.ts";

/** Metrics of one evaluation; shares and scores are in [0, 1], the loss is in nats. */
export interface ClassificationMetrics extends ClassificationReport {
  /** Number of images. */
  readonly count: number;
  /** Mean −ln p of the true class. */
  readonly loss: number;
  /** Wilson's 95 % interval. */
  readonly accuracyInterval: readonly [low: number, high: number];
  /** [true class][predicted class]. */
  readonly confusion: ConfusionMatrix;
  /** Top-k accuracy by k. */
  readonly topK: { readonly [k: string]: number };
  readonly calibration: Calibration;
  readonly mostConfused: readonly ConfusedPair[];
}

const topKs = [1, 2, 3, 5];
const mostConfusedCount = 10;

/** Computes everything; throws "bad-argument" for predictions that do not fit together. */
export function classificationMetrics(predictions: Predictions): ClassificationMetrics {
  const checked = checkPredictions(predictions);
  const { classNames, count } = checked;
  const confusion = confusionMatrix(checked);
  const report = classificationReport(confusion, classNames);
  const usefulKs = topKs.filter((k) => k < classNames.length);
  return {
    count,
    loss: logLoss(checked),
    accuracyInterval: wilsonInterval(report.accuracy, count),
    ...report,
    confusion,
    topK: Object.fromEntries(usefulKs.map((k) => [k, topKAccuracy(checked, k)])),
    calibration: calibrationOf(checked),
    mostConfused: mostConfusedPairs(confusion, classNames, mostConfusedCount),
  };
}
