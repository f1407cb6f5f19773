export { AtelierError, type ErrorCode, nearestName } from "./error.ts";
export type { Executor, Normalization, RunProgress } from "./executors/executor.ts";
export { type ExecutorOptions, openExecutor } from "./executors/open-executor.ts";
export { type Activation, activationField } from "./nn/activations.ts";
export {
  type Field,
  type Fields,
  flag,
  listOf,
  oneOf,
  optional,
  readRecord,
  realNumber,
  recordOf,
  type TypeTable,
  wholeNumber,
  withDefault,
} from "./nn/fields.ts";
export { activation } from "./nn/layers/activation.ts";
export { add } from "./nn/layers/add.ts";
export { averagePool2d } from "./nn/layers/average-pool2d.ts";
export { batchNorm } from "./nn/layers/batch-norm.ts";
export { concat } from "./nn/layers/concat.ts";
export { conv2d } from "./nn/layers/conv2d.ts";
export { dense } from "./nn/layers/dense.ts";
export { dropout } from "./nn/layers/dropout.ts";
export { flatten } from "./nn/layers/flatten.ts";
export { globalAveragePool2d } from "./nn/layers/global-average-pool2d.ts";
export { globalMaxPool2d } from "./nn/layers/global-max-pool2d.ts";
export { layerNorm } from "./nn/layers/layer-norm.ts";
export { maxPool2d } from "./nn/layers/max-pool2d.ts";
export { type LayerConfig, type LayerType, layerRules, parseLayers } from "./nn/layers.ts";
export { crossEntropy, type LossConfig, parseLoss } from "./nn/losses.ts";
export { type Model, type ModelConfig, modelFromConfig, sequential } from "./nn/model.ts";
export { l1, l1l2, l2, type Regularizer } from "./nn/regularizers.ts";
export { type Summary, type SummaryRow, summary, summaryData } from "./nn/summary.ts";
export { exportModel } from "./onnx/export-model.ts";
export { adam } from "./optim/adam.ts";
export { adamW } from "./optim/adam-w.ts";
export { type GradientClip, parseGradientClip } from "./optim/clip.ts";
export { muon } from "./optim/muon.ts";
export { type OptimizerConfig, optimizerRules, parseOptimizer } from "./optim/optimizers.ts";
export { rmsprop } from "./optim/rmsprop.ts";
export {
  constant,
  cosine,
  linear,
  oneCycle,
  parseSchedule,
  type Schedule,
  stepDecay,
} from "./optim/schedules.ts";
export { sgd } from "./optim/sgd.ts";
export { parseWeightAverage, type WeightAverage } from "./optim/weight-average.ts";
export { below, philox } from "./random/philox.ts";
export type { AugmentationSpec } from "./train/augmentation.ts";
export { loadModel, type ModelFile, saveModel, type TrainingState } from "./train/checkpoint.ts";
export type { ImageDataset } from "./train/dataset.ts";
export { type EvaluateOptions, type Evaluation, evaluate, type TrainedModel } from "./train/evaluate.ts";
export { expectFeasible } from "./train/feasible.ts";
export { fit, type Training } from "./train/fit.ts";
export type {
  Checkpointable,
  Epoch,
  FitOptions,
  FitProgress,
  FitRules,
  TrainingEnd,
} from "./train/fit-options.ts";
export {
  bestEpochIndex,
  type EarlyStopping,
  type EpochMetrics,
  type EpochRecord,
  type Monitor,
  type ReduceOnPlateau,
} from "./train/history.ts";
export { makeFolder } from "./train/make-folder.ts";
export { measureStep, planStep, type StepChoice, type StepPlan, type StepTimes } from "./train/plan-step.ts";
export { expectReplaceable, writeFileAtomic } from "./train/write-file-atomic.ts";
