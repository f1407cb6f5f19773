/** A folder of images, one folder a class, as datasets. Which files: list-images.ts; how they look: decode.ts. */
import { AtelierError, type ImageDataset, nearestName } from "@atelier/engine";
import { pixelChecksum } from "../checksum.ts";
import { selectImages } from "../subsets/select.ts";
import { chooseStratified } from "../subsets/stratify.ts";
import { checkChannels } from "./decode.ts";
import { type DecodeAllOptions, decodeAll } from "./decode-all.ts";
import { type ImageListing, type ListedPart, listImages, type SkippedFile } from "./list-images.ts";

/** How a folder of images becomes datasets. */
export interface ImageFolderOptions extends DecodeAllOptions {
  /** Throw when a file cannot be used instead of skipping it; default false. */
  readonly strict?: boolean | undefined;
  /** Share of the images that becomes the test set when there is no test/ folder; 0 for none, default 0.15. */
  readonly testFraction?: number | undefined;
  /** Seed of that split; default 0. */
  readonly seed?: number | undefined;
  /** Told in a sentence about folders that are not used and images that are set aside for testing. */
  readonly onNotice?: ((message: string) => void) | undefined;
}

/** The datasets of a folder and the files that were left out. */
export interface ImageFolder {
  readonly train: ImageDataset;
  readonly test?: ImageDataset;
  readonly skipped: readonly SkippedFile[];
}

/**
 * Reads `folder/<class>/…` or `folder/{train,test}/<class>/…` (PNG, JPEG, WebP). Classes are the folder names, sorted.
 * Throws "bad-file" for fewer than two classes, a class without a readable image, a test class that is not in train,
 * and with `strict` for any file that cannot be used; "stopped" when the signal aborts.
 */
export async function readImageFolder(
  folder: string,
  name: string,
  options: ImageFolderOptions,
): Promise<ImageFolder> {
  checkOptions(options);
  const listing = await listImages(folder);
  if (listing.unused.length > 0) {
    options.onNotice?.(`${folder}: only train and test are used, not ${listing.unused.join(", ")}`);
  }
  checkTestClasses(listing, folder);

  const trainCount = listing.train.images.length;
  const paths = [...listing.train.images, ...(listing.test?.images ?? [])].map(({ path }) => path);
  const { shape, pixels, skipped: unreadable } = await decodeAll(paths, options);
  const skipped = [...listing.skipped, ...unreadable];
  if (options.strict && skipped.length > 0) {
    const [{ path, reason }] = skipped as [SkippedFile];
    throw badFile(`${path}: ${reason} (${skipped.length} of the files in ${folder} cannot be used)`);
  }

  const { classNames } = listing.train;
  const assembled = (part: ListedPart, partPixels: readonly (Uint8Array | undefined)[]) =>
    assemble(part, partPixels, { folder, name, shape, classNames });
  const train = assembled(listing.train, pixels.slice(0, trainCount));
  if (listing.test) return { train, test: assembled(listing.test, pixels.slice(trainCount)), skipped };
  const split = splitTest(train, options);
  if (split.test) {
    options.onNotice?.(
      `${folder}: no test folder: ${split.test.size} of ${train.size} images are set aside for testing`,
    );
  }
  return { ...split, skipped };
}

interface AssembleOptions extends Pick<ImageDataset, "name" | "shape" | "classNames"> {
  readonly folder: string;
}

/** One dataset from the images of a part that could be decoded. */
function assemble(
  part: ListedPart,
  pixels: readonly (Uint8Array | undefined)[],
  { folder, name, shape, classNames }: AssembleOptions,
): ImageDataset {
  const readable = part.images.filter((_, index) => pixels[index] !== undefined);
  const present = new Set(readable.map(({ className }) => className));
  const empty = part.classNames.find((className) => !present.has(className));
  if (empty !== undefined) {
    throw badFile(
      `${folder}: the class folder "${empty}" has no readable PNG, JPEG or WebP image; add some or remove it`,
    );
  }
  const classIndex = new Map(classNames.map((className, index) => [className, index]));
  const size = readable.length;
  const images = new Uint8Array(size * shape[0] * shape[1] * shape[2]);
  let at = 0;
  for (const image of pixels) {
    if (!image) continue;
    images.set(image, at);
    at += image.length;
  }
  const labels = (classNames.length <= 256 ? Uint8Array : Uint16Array).from(
    readable.map(({ className }) => classIndex.get(className)!),
  );
  return {
    name,
    size,
    shape,
    images,
    labels,
    classNames,
    checksum: pixelChecksum({ shape, images, labels, classNames }),
  };
}

function splitTest(
  all: ImageDataset,
  { testFraction = 0.15, seed = 0 }: ImageFolderOptions,
): { train: ImageDataset; test?: ImageDataset } {
  const count = Math.round(all.size * testFraction);
  if (count === 0) return { train: all };
  const { chosen, rest } = chooseStratified(all, count, seed);
  return { train: selectImages(all, rest), test: selectImages(all, chosen) };
}

function checkOptions({ size, channels, testFraction = 0 }: ImageFolderOptions): void {
  if (channels !== undefined) checkChannels(channels);
  if (size?.some((side) => !Number.isInteger(side) || side < 1)) {
    throw new AtelierError(
      "bad-argument",
      `size: expected [height, width] in whole pixels, got [${size.join(", ")}]`,
    );
  }
  if (!(testFraction >= 0 && testFraction < 1)) {
    throw new AtelierError("bad-argument", `testFraction: expected a number in [0, 1), got ${testFraction}`);
  }
}

function checkTestClasses({ train, test }: ImageListing, folder: string): void {
  const unknown = test?.classNames.find((className) => !train.classNames.includes(className));
  if (unknown === undefined) return;
  const nearest = nearestName(unknown, train.classNames);
  throw badFile(
    `${folder}: the class "${unknown}" is in test but not in train${nearest === undefined ? "" : `; did you mean "${nearest}"?`}`,
  );
}

function badFile(message: string): AtelierError {
  return new AtelierError("bad-file", message);
}
