export { type DatasetDescription, describeDataset } from "./describe.ts";
export { convertInput } from "./folders/convert-input.ts";
export { type ImageSize, loadImage } from "./folders/decode.ts";
export type { SkippedFile } from "./folders/list-images.ts";
export { parseIdxImages, parseIdxLabels, writeIdx } from "./idx/idx.ts";
export type { Calibration, CalibrationBin } from "./metrics/calibration.ts";
export { type ClassificationMetrics, classificationMetrics } from "./metrics/classification-metrics.ts";
export type { ConfusedPair, ConfusionMatrix } from "./metrics/confusion.ts";
export { listMistakes, type Mistake, type MistakeOptions } from "./metrics/mistakes.ts";
export type { Predictions } from "./metrics/predictions.ts";
export {
  type ClassificationReport,
  type ClassScores,
  formatClassificationReport,
  type Scores,
} from "./metrics/report.ts";
export { wilsonInterval } from "./metrics/scores.ts";
export { type OpenDatasetOptions, type OpenedDataset, openDataset } from "./open-dataset.ts";
export type { DataProgress } from "./progress.ts";
export { defaultCacheFolder } from "./sources/cache-folder.ts";
export {
  type FashionMnist,
  type FashionMnistOptions,
  fashionMnist,
  fashionMnistClasses,
  type SourceOptions,
} from "./sources/fashion-mnist.ts";
export { limitDataset, type SplitOptions, splitValidation, type ValidationSplit } from "./subsets/split.ts";
