/** Data sets for pages: their classes, their images, and which training images look like a given one. */
import { encodePng } from "@atelier/charts/png";
import type { ImageDataset } from "@atelier/engine";
import { TrackerError } from "@atelier/tracker";
import type { DatasetExtension } from "@atelier/tracker/server";
import { describeDataset, type OpenedDataset } from "@atelier/vision";
import { imageAt } from "../data/image-at.ts";
import { randomIndices } from "../data/random-indices.ts";
import { openNearestImages } from "./nearest-images.ts";
import type { OpenRecorded } from "./recorded-datasets.ts";

/** The data sets that `open` finds; disposing it ends the thread that compares images. */
export function datasetExtension(open: OpenRecorded): DatasetExtension & AsyncDisposable {
  const nearestImages = openNearestImages();
  return {
    describe: async (reference) => {
      const opened = await open(reference);
      return {
        name: opened.train.name,
        checksum: opened.train.checksum,
        shape: opened.train.shape,
        classNames: opened.train.classNames,
        parts: partsOf(opened).map(([part, dataset]) => {
          const { size, checksum, classes, mean, standardDeviation } = describeDataset(dataset);
          const classCounts = classes.map(({ count }) => count);
          return { part, imageCount: size, checksum, classCounts, mean, standardDeviation };
        }),
      };
    },
    image: async (reference, part, index) => {
      const dataset = partOf(await open(reference), part);
      expectIndex(dataset, index);
      return encodePng(imageAt(dataset, index));
    },
    samples: async (reference, part, { class: label, count, seed }) => {
      const { labels, size } = partOf(await open(reference), part);
      const choice =
        label === undefined ? Array.from({ length: size }, (_, i) => i) : indicesOf(labels, label);
      const chosen = randomIndices(choice.length, count, seed).map((place) => choice[place]!);
      return chosen.map((index) => ({ index, label: labels[index]! }));
    },
    nearest: async (reference, part, { index, count }) => {
      const opened = await open(reference);
      const dataset = partOf(opened, part);
      expectIndex(dataset, index);
      const image = imageAt(dataset, index).pixels;
      const without = part === "train" ? index : undefined;
      const found = await nearestImages.find(opened.train, { image, count, without });
      return found.map((one) => ({ ...one, label: opened.train.labels[one.index]! }));
    },
    [Symbol.asyncDispose]: () => nearestImages[Symbol.asyncDispose](),
  };
}

function partsOf({
  train,
  test,
}: OpenedDataset): readonly (readonly [part: string, dataset: ImageDataset])[] {
  return [["train", train], ...(test ? [["test", test] as const] : [])];
}

function partOf(opened: OpenedDataset, wanted: string): ImageDataset {
  const parts = partsOf(opened);
  const found = parts.find(([part]) => part === wanted);
  if (found) return found[1];
  const known = parts.map(([part]) => part).join(", ");
  throw new TrackerError(
    "not-found",
    `${opened.train.name}: expected one of its parts ${known}, got "${wanted}".`,
  );
}

function expectIndex({ name, size }: ImageDataset, index: number): void {
  if (index < size) return;
  throw new TrackerError("not-found", `${name}: expected an image from 0 to ${size - 1}, got ${index}.`);
}

function indicesOf(labels: ImageDataset["labels"], label: number): number[] {
  const indices: number[] = [];
  for (let index = 0; index < labels.length; index++) if (labels[index] === label) indices.push(index);
  return indices;
}
