/** An evaluation as it is kept with a run. */
import type { ImageDataset } from "@atelier/engine";
import { type LoggedEvaluation, predictionsOf } from "@atelier/tracker";
import { classificationMetrics } from "@atelier/vision";

export interface EvaluatedImages {
  readonly test: ImageDataset;
  readonly classNames: readonly string[];
  /** With regularisation, as training reports it. */
  readonly loss: number;
  /** [N, classes], row-major. */
  readonly probabilities: Float32Array;
}

/** Images, labels and probabilities to what a dashboard needs of them. */
export function evaluationOf({ test, classNames, loss, probabilities }: EvaluatedImages): LoggedEvaluation {
  const metrics = classificationMetrics({ probabilities, labels: test.labels, classNames });
  const { accuracy, macro, calibration } = metrics;
  return {
    data: test.name,
    part: "test",
    dataChecksum: test.checksum,
    classNames,
    metrics: {
      loss,
      accuracy,
      log_loss: metrics.loss,
      macro_f1: macro.f1,
      calibration_error: calibration.ece,
    },
    confusion: metrics.confusion,
    predictions: predictionsOf(probabilities, test.labels),
  };
}
