/** Data sets as pages show them: only the command line can open them, so a server may have none. */

/** A data set that runs of the store name. */
export interface DatasetSummary {
  readonly name: string;
  /** SHA-256 over its training images and labels. */
  readonly checksum: string;
  readonly runCount: number;
}

export interface DatasetDescription {
  readonly name: string;
  /** SHA-256 over its training images and labels. */
  readonly checksum: string;
  /** Of every image. */
  readonly shape: readonly [height: number, width: number, channels: number];
  readonly classNames: readonly string[];
  /** train first, then test where there is one. */
  readonly parts: readonly DatasetPart[];
}

export interface DatasetPart {
  /** train or test. */
  readonly part: string;
  /** SHA-256 over its images and labels, as evaluations record it. */
  readonly checksum: string;
  readonly imageCount: number;
  /** One a class. */
  readonly classCounts: readonly number[];
  /** Of the pixels of each channel, on the scale 0–1. */
  readonly mean: readonly number[];
  readonly standardDeviation: readonly number[];
}

/** One image of a part, by its position. */
export interface ImageSample {
  readonly index: number;
  /** Index of its class. */
  readonly label: number;
}

/** A training image that looks like another image. */
export interface Neighbour extends ImageSample {
  /** Euclidean, over pixels on the scale 0–1. */
  readonly distance: number;
}
