/** What `atelier data` prints about a dataset. */
import type { ImageDataset } from "@atelier/engine";
import { countByClass } from "./subsets/stratify.ts";

/** A dataset in numbers; plain data, ready for JSON. */
export interface DatasetDescription {
  readonly name: string;
  readonly size: number;
  readonly shape: readonly [height: number, width: number, channels: number];
  readonly checksum: string;
  /** One entry a class: its images and their share of all, in [0, 1]. */
  readonly classes: readonly { readonly name: string; readonly count: number; readonly share: number }[];
  /** Mean of the pixels of each channel on the scale 0–1, [channels]. */
  readonly mean: readonly number[];
  /** Population standard deviation of the pixels of each channel on the scale 0–1, [channels]. */
  readonly standardDeviation: readonly number[];
}

/** Counts classes and pixels; mean and deviation are exact, from a histogram of each channel. */
export function describeDataset(dataset: ImageDataset): DatasetDescription {
  const counts = countByClass(dataset);
  const moments = histograms(dataset).map(momentsOf);
  return {
    name: dataset.name,
    size: dataset.size,
    shape: dataset.shape,
    checksum: dataset.checksum,
    classes: dataset.classNames.map((name, index) => ({
      name,
      count: counts[index]!,
      share: counts[index]! / dataset.size,
    })),
    mean: moments.map(({ mean }) => mean),
    standardDeviation: moments.map(({ standardDeviation }) => standardDeviation),
  };
}

/** How often each byte occurs, one histogram [256] a channel. */
function histograms({ images, shape: [, , channels] }: ImageDataset): Uint32Array[] {
  const result = Array.from({ length: channels }, () => new Uint32Array(256));
  result.forEach((histogram, channel) => {
    for (let index = channel; index < images.length; index += channels) histogram[images[index]!]! += 1;
  });
  return result;
}

function momentsOf(histogram: Uint32Array): { mean: number; standardDeviation: number } {
  let [count, sum, sumOfSquares] = [0, 0, 0];
  histogram.forEach((times, value) => {
    count += times;
    sum += times * value;
    sumOfSquares += times * value * value;
  });
  const mean = sum / count;
  const variance = Math.max(0, sumOfSquares / count - mean * mean);
  return { mean: mean / 255, standardDeviation: Math.sqrt(variance) / 255 };
}
