/** The graphs a training session runs: one step of training, and evaluation. Both share state by name. */
import { gradients } from "../autodiff/gradient.ts";
import type { StateSpec } from "../executors/executor.ts";
import { GraphBuilder, type Value } from "../graph/builder.ts";
import type { StepGraph } from "../graph/graph.ts";
import { sizeOf } from "../graph/shape.ts";
import { verifyGraph } from "../graph/verify.ts";
import { forward } from "../nn/forward.ts";
import { initialValue } from "../nn/initializers.ts";
import { buildLoss, crossEntropy, type LossConfig } from "../nn/losses.ts";
import type { Model } from "../nn/model.ts";
import { adam } from "../optim/adam.ts";
import { buildUpdates, type SlotSpec } from "../optim/build-updates.ts";
import type { GradientClip } from "../optim/clip.ts";
import type { OptimizerConfig } from "../optim/optimizers.ts";
import { averageName, type WeightAverage } from "../optim/weight-average.ts";

/** As in FitRules, with the same defaults. */
export interface TrainingRules {
  readonly optimizer?: OptimizerConfig | undefined;
  readonly loss?: LossConfig | undefined;
  readonly clip?: GradientClip | undefined;
  readonly ema?: WeightAverage | undefined;
}

/**
 * One step of training on `batch` images. Inputs: images, targets, scalars learningRate and step (from 1).
 * Outputs: lossSum (batch loss × rows) and correctSum, scalars.
 */
export function trainGraph(
  model: Model,
  batch: number,
  { optimizer = adam(), loss: lossConfig = crossEntropy(), clip, ema }: TrainingRules,
): { readonly graph: StepGraph; readonly slots: readonly SlotSpec[] } {
  const g = new GraphBuilder();
  const images = g.input("images", [batch, ...model.input]);
  const targets = g.input("targets", [batch, model.classes]);
  const learningRate = g.input("learningRate", []);
  const step = g.input("step", []);
  const { logits, regularization, updates: moving } = forward(model, g, images, { training: true });
  const { mean } = buildLoss(g, logits, targets, lossConfig);
  const loss = regularization === undefined ? mean : g.add(mean, regularization);
  const trainable = model.parameters.filter((parameter) => parameter.trainable);
  const weights = trainable.map(({ name, shape }) => g.state(name, shape));
  const partials = gradients(g, loss, weights);
  const { updates, slots } = buildUpdates(g, optimizer, {
    parameters: trainable,
    gradients: new Map(trainable.map(({ name }, i) => [name, partials[i]!])),
    learningRate,
    step,
    ...(clip && { clip }),
    ...(ema && { ema }),
  });
  const outputs = sums(g, loss, batch, logits, targets);
  return {
    graph: checked({ ...g.finish(), outputs, updates: Object.fromEntries([...moving, ...updates]) }),
    slots,
  };
}

/** Evaluation of `batch` images: lossSum, correctSum, and probabilities [batch, classes]. */
export function evaluateGraph(
  model: Model,
  batch: number,
  options: { readonly ema?: boolean } = {},
): StepGraph {
  const g = new GraphBuilder();
  const images = g.input("images", [batch, ...model.input]);
  const targets = g.input("targets", [batch, model.classes]);
  const trainable = new Set(
    model.parameters.filter((parameter) => parameter.trainable).map(({ name }) => name),
  );
  const { logits, regularization } = forward(model, g, images, {
    training: false,
    stateName: (name) => (options.ema && trainable.has(name) ? averageName(name) : name),
  });
  const mean = g.mean(g.softmaxCrossEntropy(logits, targets));
  const loss = g.reshape(
    regularization === undefined ? mean : g.add(g.reshape(mean, []), regularization),
    [],
  );
  const outputs = { ...sums(g, loss, batch, logits, targets), probabilities: g.softmax(logits) };
  return checked({ ...g.finish(), outputs, updates: {} });
}

/** What both graphs report: sums over the batch, so that batches of any size add up. */
function sums(g: GraphBuilder, loss: Value, batch: number, logits: Value, targets: Value) {
  return { lossSum: g.scale(loss, batch), correctSum: g.total(g.correct(logits, targets)) };
}

/** Fresh values of a model's parameters, drawn from `seed`. */
export function initialWeights(model: Model, seed: number): Map<string, Float32Array> {
  return new Map(
    model.parameters.map((parameter, index) => [parameter.name, initialValue(parameter, seed, index)]),
  );
}

/** The state of a training session: weights, then slots. */
export function trainingState(
  model: Model,
  weights: ReadonlyMap<string, Float32Array>,
  slots: readonly SlotSpec[],
): StateSpec[] {
  return [
    ...model.parameters.map(({ name, shape }) => ({ name, shape, initial: weights.get(name)! })),
    ...slots.map(({ name, shape, initial }) => ({
      name,
      shape,
      initial: new Float32Array(sizeOf(shape)).fill(initial),
    })),
  ];
}

function checked(graph: StepGraph): StepGraph {
  verifyGraph(graph);
  return graph;
}
