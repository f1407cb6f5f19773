/** Pictures of one evaluation: confusion matrix, classification report, calibration, mistakes. */
import {
  classificationReportFigure,
  confusionMatrixFrame,
  confusionMatrixOption,
  mistakesFigure,
  perClassFrame,
  perClassOption,
  type ReportFigure,
  reliabilityFrame,
  reliabilityOption,
  renderSvg,
} from "@atelier/charts";
import type { ImageDataset } from "@atelier/engine";
import { type ClassificationMetrics, listMistakes } from "@atelier/vision";
import { imageAt } from "../data/image-at.ts";
import { imagesOfClass } from "./data-figures.ts";

export interface EvaluatedModel {
  readonly name: string;
  readonly metrics: ClassificationMetrics;
  /** [N, classes], in the order of the data set. */
  readonly probabilities: Float32Array;
}

const pairsShown = 6;
const imagesShown = 4;

export function evaluationFigures(model: EvaluatedModel, dataset: ImageDataset): ReportFigure[] {
  const { metrics, name } = model;
  const matrix = { classNames: dataset.classNames, counts: metrics.confusion };
  const { bins, ece } = metrics.calibration;
  const reliability = {
    bins: bins.map(({ from, to, ...bin }) => ({ lower: from, upper: to, ...bin })),
    expectedCalibrationError: ece,
  };
  return [
    {
      name: `${name}-confusion`,
      title: `Confusion matrix of ${name}`,
      caption: "Rows are true classes, columns predicted ones; shading is relative to the row.",
      svg: renderSvg(
        confusionMatrixOption(matrix, confusionMatrixFrame(matrix)),
        confusionMatrixFrame(matrix),
      ),
    },
    {
      name: `${name}-classification-report`,
      title: `Classification report of ${name}`,
      svg: classificationReportFigure({
        classes: metrics.perClass,
        accuracy: metrics.accuracy,
        macroAverage: metrics.macro,
        weightedAverage: metrics.weighted,
      }),
    },
    {
      name: `${name}-per-class`,
      title: `Precision, recall and F1 of ${name}`,
      svg: renderSvg(
        perClassOption(metrics.perClass, perClassFrame(metrics.perClass)),
        perClassFrame(metrics.perClass),
      ),
    },
    {
      name: `${name}-mistakes`,
      title: `Mistakes of ${name}`,
      caption:
        "For the most confused pairs of classes: images that were mistaken, most confident first, above images of the class they were taken for.",
      svg: mistakesFigure(mistakesByPair(model, dataset)),
    },
    {
      name: `${name}-calibration`,
      title: `Calibration of ${name}`,
      caption:
        "How often answers of each confidence are right; on the diagonal, confidence can be taken at its word.",
      svg: renderSvg(reliabilityOption(reliability, reliabilityFrame()), reliabilityFrame()),
    },
  ];
}

function mistakesByPair({ metrics, probabilities }: EvaluatedModel, dataset: ImageDataset) {
  const { labels, classNames } = dataset;
  const mistakes = listMistakes({ probabilities, labels, classNames }, { order: "most-confident" });
  return metrics.mostConfused
    .slice(0, pairsShown)
    .map(({ trueClass, predictedClass, trueName, predictedName, count }) => ({
      trueName,
      predictedName,
      count,
      mistakes: mistakes
        .filter((mistake) => mistake.trueClass === trueClass && mistake.predictedClass === predictedClass)
        .slice(0, imagesShown)
        .map(({ index, confidence }) => ({ image: imageAt(dataset, index), probability: confidence })),
      examples: imagesOfClass(dataset, predictedClass, imagesShown),
    }));
}
