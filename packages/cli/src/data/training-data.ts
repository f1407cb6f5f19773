/** The three parts a training needs: what it learns from, what it is steered by, what it is tested on. */
import type { ImageDataset } from "@atelier/engine";
import { limitDataset, type OpenedDataset, splitValidation } from "@atelier/vision";

export interface TrainingData {
  /** Of all training images there are, before any were held out or left out: it says which data set this is. */
  readonly checksum: string;
  readonly train: ImageDataset;
  /** Held out of the training images; absent for a fraction of 0. */
  readonly validation?: ImageDataset;
  /** Absent where the data set has none. */
  readonly test?: ImageDataset;
}

export interface SplitRequest {
  /** Share of the training images to hold out; 0 for none. */
  readonly fraction: number;
  readonly seed: number;
  /** Train on at most this many images; validation shrinks with them. */
  readonly limit?: number | undefined;
}

/** Splits the training part, stratified and seeded; the test part stays as it is. Throws bad-argument. */
export function splitTrainingData(
  { train, test }: OpenedDataset,
  { fraction, seed, limit }: SplitRequest,
): TrainingData {
  const wanted = limit === undefined ? train.size : Math.round(limit / (1 - fraction));
  const used = limitDataset(train, wanted, seed);
  const parts = fraction === 0 ? { train: used } : splitValidation(used, { fraction, seed });
  return { checksum: train.checksum, ...parts, ...(test && { test }) };
}
