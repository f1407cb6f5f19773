/** Pictures of a data set: samples with labels, three rows a class, label frequencies. */
import {
  classOverview,
  type ImagePixels,
  labelFrequenciesFrame,
  labelFrequenciesOption,
  type ReportFigure,
  renderSvg,
  sampleGrid,
} from "@atelier/charts";
import type { ImageDataset } from "@atelier/engine";
import { imageAt } from "../data/image-at.ts";
import { randomIndices } from "../data/random-indices.ts";

const sampleCount = 30;
const overviewPerClass = 3 * 20;

/** The named parts of a data set, training first. */
export type DataParts = readonly { readonly name: string; readonly dataset: ImageDataset }[];

/** Samples and overview come from the first part; every part has its bars in the frequencies. */
export function dataFigures(parts: DataParts, seed = 0): ReportFigure[] {
  const { dataset } = parts[0]!;
  const { classNames } = dataset;
  const samples = randomIndices(dataset.size, sampleCount, seed);
  const frequencies = {
    classNames,
    splits: parts.map(({ name, dataset: part }) => ({ name, counts: labelCounts(part) })),
  };
  return [
    {
      name: "samples",
      title: "Random training samples",
      caption: `${samples.length} of ${dataset.size.toLocaleString("en")} training images with their labels.`,
      svg: sampleGrid(
        samples.map((index) => ({
          image: imageAt(dataset, index),
          label: classNames[dataset.labels[index]!]!,
        })),
      ),
    },
    {
      name: "overview",
      title: "Three rows of each class",
      caption: "The first training images of every class.",
      svg: classOverview(
        classNames.map((name, label) => ({ name, images: imagesOfClass(dataset, label, overviewPerClass) })),
      ),
    },
    {
      name: "label-frequencies",
      title: "Label frequencies",
      caption: "How many images of each class are in each part of the data.",
      svg: renderSvg(
        labelFrequenciesOption(frequencies, labelFrequenciesFrame(frequencies)),
        labelFrequenciesFrame(frequencies),
      ),
    },
  ];
}

/** The first images of a class, in the data set's order. */
export function imagesOfClass(dataset: ImageDataset, label: number, limit: number): ImagePixels[] {
  const images: ImagePixels[] = [];
  for (let index = 0; index < dataset.size && images.length < limit; index++) {
    if (dataset.labels[index] === label) images.push(imageAt(dataset, index));
  }
  return images;
}

function labelCounts({ labels, classNames }: ImageDataset): number[] {
  const counts = classNames.map(() => 0);
  for (const label of labels) counts[label]! += 1;
  return counts;
}
