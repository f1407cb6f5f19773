/** Measuring a trained model: loss, accuracy and the probabilities behind them. */
import { AtelierError } from "../error.ts";
import type { Executor, RunProgress, RunResult, Session } from "../executors/executor.ts";
import { openExecutor } from "../executors/open-executor.ts";
import { formatShape, sameShape } from "../graph/shape.ts";
import type { Model } from "../nn/model.ts";
import type { ImageDataset } from "./dataset.ts";
import { sequentialOrder } from "./order.ts";
import { pixelScaleOf } from "./pixel-scale.ts";
import { evaluateGraph } from "./step-graphs.ts";

/** A model with its weights: what training yields, files hold and everything else takes. */
export interface TrainedModel {
  readonly model: Model;
  /** Value of every parameter, by name. */
  readonly weights: ReadonlyMap<string, Float32Array>;
  readonly classNames: readonly string[];
}

export interface EvaluateOptions {
  readonly executor?: Executor;
  /** Images a step; default 256. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: RunProgress) => void;
}

export interface Evaluation {
  /** Mean cross-entropy per image (natural log) plus the model's regularisation. */
  readonly loss: number;
  readonly accuracy: number;
  /** [N, classes], row-major, in the order of the data set. */
  readonly probabilities: Float32Array;
  readonly imagesPerSecond: number;
}

const defaultBatchSize = 256;

/**
 * Loss, accuracy and probabilities of a trained model on a data set, without dropout and with moving statistics.
 * Throws shape-mismatch when images or classes differ from the model's, stopped when aborted.
 */
export async function evaluate(
  trained: TrainedModel,
  dataset: ImageDataset,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const { model, weights } = trained;
  expectFit(model, dataset);
  const executor = options.executor ?? openExecutor();
  const batchSize = Math.min(options.batchSize ?? defaultBatchSize, dataset.size);
  const rest = dataset.size % batchSize;
  const session = executor.compile({
    state: model.parameters.map(({ name, shape }) => ({ name, shape, initial: weights.get(name)! })),
    graphs: evaluationGraphs(model, batchSize, rest),
    fixedState: true,
    pixelScale: pixelScaleOf(model.normalization),
  });
  try {
    session.upload("evaluation", dataset);
    const result = await runEvaluation(session, "evaluation", dataset.size, model, options);
    if (result.end === "stopped") throw new AtelierError("stopped", "evaluation was stopped.");
    const { loss, accuracy } = scoresOf(result);
    return {
      loss,
      accuracy,
      probabilities: result.outputs.probabilities!,
      imagesPerSecond: result.rowsDone / result.seconds,
    };
  } finally {
    session.close();
  }
}

/** Graphs "evaluate" and, for a last smaller batch, "evaluateRest". */
export function evaluationGraphs(
  model: Model,
  batchSize: number,
  rest: number,
  options: { readonly ema?: boolean } = {},
) {
  return {
    evaluate: evaluateGraph(model, batchSize, options),
    ...(rest > 0 && { evaluateRest: evaluateGraph(model, rest, options) }),
  };
}

/** Runs a whole resident data set through the session's evaluation graphs. */
export function runEvaluation(
  session: Session,
  dataset: string,
  size: number,
  model: Model,
  options: {
    readonly signal?: AbortSignal | undefined;
    readonly onProgress?: ((progress: RunProgress) => void) | undefined;
    readonly probabilities?: boolean;
  },
): Promise<RunResult> {
  return session.run({
    dataset,
    order: sequentialOrder(size),
    graph: "evaluate",
    restGraph: "evaluateRest",
    normalization: model.normalization,
    seed: 0,
    firstStep: 0,
    epochIndex: 0,
    outputs: ["lossSum", "correctSum", ...(options.probabilities === false ? [] : ["probabilities"])],
    ...(options.signal && { signal: options.signal }),
    ...(options.onProgress && { onProgress: options.onProgress }),
  });
}

/** Means per image from the sums a run brought back. */
export function scoresOf({ outputs, rowsDone }: RunResult): {
  readonly loss: number;
  readonly accuracy: number;
} {
  return { loss: sum(outputs.lossSum!) / rowsDone, accuracy: sum(outputs.correctSum!) / rowsDone };
}

/** Sum in float64. */
export function sum(values: Float32Array): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Throws shape-mismatch unless the data set's images and classes are the model's. */
export function expectFit(model: Model, dataset: ImageDataset): void {
  if (dataset.size === 0)
    throw new AtelierError("bad-argument", `data set "${dataset.name}" holds no images.`);
  if (!sameShape(model.input, dataset.shape)) {
    throw new AtelierError(
      "shape-mismatch",
      `data set "${dataset.name}": expected images ${formatShape(model.input)} as the model takes them, got ${formatShape(dataset.shape)}. Convert the images or change the model's input.`,
    );
  }
  if (dataset.classNames.length !== model.classes) {
    throw new AtelierError(
      "shape-mismatch",
      `data set "${dataset.name}": expected ${model.classes} classes as the model's last layer has, got ${dataset.classNames.length}. Give the last layer ${dataset.classNames.length} units.`,
    );
  }
}
