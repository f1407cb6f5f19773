/** The ways to choose images of an evaluation: a cell of the confusion matrix, or where the model deserves a second look. */

import { formatCount } from "@atelier/charts/text";
import { likelyMislabelled, listMistakes } from "@atelier/vision/metrics";
import type { ConfusionCell } from "../../images/confusion-grid.tsx";
import type { LoadedEvaluation } from "../../images/use-evaluation.ts";

/** An image in a list, with the words and the probability that stand below it. */
export interface ListedImage {
  readonly index: number;
  readonly caption: string;
  readonly share: number;
  /** What its label says, where that is not the same in the whole list. */
  readonly note?: string;
}

export interface ImageList {
  readonly title: string;
  readonly explanation: string;
  readonly images: readonly ListedImage[];
}

interface ListKind {
  readonly name: string;
  readonly list: (loaded: LoadedEvaluation) => ImageList;
}

/** The lists by their names in an address. */
export const imageLists: Readonly<Record<string, ListKind>> = {
  confident: {
    name: "Most confidently wrong",
    list: (loaded) => ({
      title: "Most confidently wrong",
      explanation: "Mistakes, the surest first: what they were taken for, and what they are.",
      images: mistakes(loaded, "most-confident"),
    }),
  },
  uncertain: {
    name: "Least certain",
    list: (loaded) => ({
      title: "Least certain",
      explanation:
        "All images, the smallest lead of the first class over the second first: the first class, and what they are.",
      images: leastCertain(loaded),
    }),
  },
  mislabelled: {
    name: "Likely mislabelled",
    list: (loaded) => {
      const { predictions, evaluation } = loaded;
      const doubtful = likelyMislabelled({ ...predictions, classNames: evaluation.classNames });
      return {
        title: `Likely mislabelled: ${formatCount(doubtful.length)} images`,
        explanation:
          "The model is as sure of another class as it usually is on images of that class (confident learning).",
        images: doubtful.map(({ index, suggested }) => ({
          index,
          caption: evaluation.classNames[suggested]!,
          share: predictions.probabilities[index * predictions.classCount + suggested]!,
          note: `labelled ${evaluation.classNames[predictions.labels[index]!]!}`,
        })),
      };
    },
  },
};

/** The images of one cell, the surest first. */
export function imagesOfCell(
  { evaluation, predictions }: LoadedEvaluation,
  { trueClass, predictedClass }: ConfusionCell,
): ImageList {
  const { classNames } = evaluation;
  const images: ListedImage[] = [];
  predictions.labels.forEach((label, index) => {
    if (label !== trueClass || predictions.predicted[index] !== predictedClass) return;
    const share = predictions.probabilities[index * predictions.classCount + predictedClass]!;
    images.push({ index, caption: "", share });
  });
  const count = formatCount(images.length);
  const [isOf, isTaken] = [classNames[trueClass]!, classNames[predictedClass]!];
  return {
    title:
      trueClass === predictedClass
        ? `${isOf}, recognised: ${count} images`
        : `${isOf} taken for ${isTaken}: ${count} images`,
    explanation: `The surest first, with the probability of ${isTaken}.`,
    images: images.sort((a, b) => b.share - a.share),
  };
}

function mistakes(
  { evaluation, predictions }: LoadedEvaluation,
  order: "most-confident",
): readonly ListedImage[] {
  const { classNames } = evaluation;
  return listMistakes({ ...predictions, classNames }, { order }).map(
    ({ index, predictedClass, confidence }) => ({
      index,
      caption: classNames[predictedClass]!,
      share: confidence,
      note: `is ${classNames[predictions.labels[index]!]!}`,
    }),
  );
}

function leastCertain({ evaluation, predictions }: LoadedEvaluation): readonly ListedImage[] {
  const { probabilities, predicted, labels, classCount } = predictions;
  const leads = Float32Array.from(labels, (_, i) => {
    let [first, second] = [0, 0];
    for (let c = 0; c < classCount; c++) {
      const p = probabilities[i * classCount + c]!;
      if (p > first) [first, second] = [p, first];
      else if (p > second) second = p;
    }
    return first - second;
  });
  return Array.from(labels.keys())
    .sort((a, b) => leads[a]! - leads[b]!)
    .map((index) => ({
      index,
      caption: evaluation.classNames[predicted[index]!]!,
      share: probabilities[index * classCount + predicted[index]!]!,
      note: `is ${evaluation.classNames[labels[index]!]!}`,
    }));
}
