export type { ChartOption } from "./options/chart-option.ts";
export { confusionMatrixFrame } from "./options/confusion-layout.ts";
export { type ConfusionMatrix, confusionMatrixOption } from "./options/confusion-matrix.ts";
export {
  type LabelFrequencies,
  labelFrequenciesFrame,
  labelFrequenciesOption,
} from "./options/label-frequencies.ts";
export {
  type MetricCurve,
  type MetricCurvesOptions,
  metricCurvesMargin,
  metricCurvesOption,
} from "./options/metric-curves.ts";
export { perClassFrame, perClassOption } from "./options/per-class.ts";
export {
  type Reliability,
  type ReliabilityBin,
  reliabilityFrame,
  reliabilityOption,
} from "./options/reliability.ts";
export { renderSvg } from "./options/render-svg.ts";
export { smoothCurve } from "./options/smooth-curve.ts";
export {
  type TrainingCurvesOptions,
  trainingCurvesFrame,
  trainingCurvesOption,
} from "./options/training-curves.ts";
export type { Curve, TrainingRun } from "./options/training-run.ts";
export { type ClassImages, classOverview } from "./pictures/class-overview.ts";
export { encodePng, pngDataUri } from "./pictures/encode-png.ts";
export type { ImagePixels } from "./pictures/image-pixels.ts";
export { type ConfusedPair, type Mistake, mistakesFigure } from "./pictures/mistakes-figure.ts";
export { type LabelledImage, sampleGrid } from "./pictures/sample-grid.ts";
export {
  htmlReport,
  type Report,
  type ReportFigure,
  type ReportSection,
  type ReportTable,
} from "./report/html-report.ts";
export { type PngOptions, svgToPng } from "./svg-to-png.ts";
export {
  type ClassificationReport,
  type ClassScores,
  classificationReportFigure,
  type Scores,
} from "./tables/classification-report.ts";
export { comparisonTableFigure, type ModelResult } from "./tables/comparison-table.ts";
export { type LayerSummary, type ModelSummary, modelTableFigure } from "./tables/model-table.ts";
export { type Frame, type Theme, type ThemeName, themes } from "./theme.ts";
