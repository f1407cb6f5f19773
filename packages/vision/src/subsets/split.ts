/** Splits and samples of a dataset: stratified, seeded, and the same everywhere. */
import { AtelierError, type ImageDataset } from "@atelier/engine";
import { selectImages } from "./select.ts";
import { chooseStratified } from "./stratify.ts";

/** How much to hold out, and the seed of the choice. */
export interface SplitOptions {
  /** Share of the images held out, in (0, 1); default 0.1. */
  readonly fraction?: number;
  readonly seed: number;
}

/** A held-out part and what is left to train on; the two share no image. */
export interface ValidationSplit {
  readonly train: ImageDataset;
  readonly validation: ImageDataset;
}

/**
 * Holds out round(fraction · N) images, from every class its share, in the order of the dataset.
 * Throws "bad-argument" when the fraction is not in (0, 1) or a part would be empty.
 */
export function splitValidation(
  dataset: ImageDataset,
  { fraction = 0.1, seed }: SplitOptions,
): ValidationSplit {
  const count = Math.round(dataset.size * fraction);
  if (!(fraction > 0 && fraction < 1) || count === 0 || count === dataset.size) {
    throw new AtelierError(
      "bad-argument",
      `cannot hold out a fraction of ${fraction} of the ${dataset.size} images of ${dataset.name}: both parts need at least one image`,
    );
  }
  const { chosen, rest } = chooseStratified(dataset, count, seed);
  return { train: selectImages(dataset, rest), validation: selectImages(dataset, chosen) };
}

/**
 * A stratified sample of `count` images in the order of the dataset; the dataset itself when it has no more.
 * Throws "bad-argument" unless `count` is a whole number above 0.
 */
export function limitDataset(dataset: ImageDataset, count: number, seed: number): ImageDataset {
  if (!Number.isInteger(count) || count < 1) {
    throw new AtelierError("bad-argument", `limitDataset: expected a number of images above 0, got ${count}`);
  }
  if (count >= dataset.size) return dataset;
  return selectImages(dataset, chooseStratified(dataset, count, seed).chosen);
}
