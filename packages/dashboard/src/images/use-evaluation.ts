/** An evaluation with what the model answered for every image. */
import { decodePredictions, type Evaluation, type Predictions } from "@atelier/tracker/model";
import { type ClassificationMetrics, classificationMetrics } from "@atelier/vision/metrics";
import { queryOptions } from "@tanstack/react-query";
import { api } from "../api/client.ts";

export interface LoadedEvaluation {
  readonly evaluation: Evaluation;
  readonly predictions: Predictions;
  readonly metrics: ClassificationMetrics;
}

/** The predictions of an evaluation and all that follows from them. */
export function evaluationQuery(evaluation: Evaluation) {
  const { sha256 } = evaluation.predictions;
  return queryOptions({
    queryKey: ["predictions", sha256, evaluation.runId],
    staleTime: Number.POSITIVE_INFINITY, // a blob never changes
    queryFn: async ({ signal }): Promise<LoadedEvaluation> => {
      const response = await api.send("readBlob", { parameters: { sha256 }, signal });
      const predictions = decodePredictions(new Uint8Array(await response.arrayBuffer()));
      const { probabilities, labels } = predictions;
      const metrics = classificationMetrics({ probabilities, labels, classNames: evaluation.classNames });
      return { evaluation, predictions, metrics };
    },
  });
}

/** The probabilities of image `index`, one a class. */
export function probabilitiesOf({ probabilities, classCount }: Predictions, index: number): Float32Array {
  return probabilities.subarray(index * classCount, (index + 1) * classCount);
}
