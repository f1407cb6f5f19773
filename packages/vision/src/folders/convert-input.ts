/** Brings a dataset to the input of a recipe: another size, grey to colour, colour to grey. */
import { setImmediate } from "node:timers/promises";
import { AtelierError, type ImageDataset } from "@atelier/engine";
import { pixelChecksum } from "../checksum.ts";
import type { DataProgress } from "../progress.ts";
import { checkChannels, greyToRgb, rgbToGrey } from "./decode.ts";
import { resample } from "./resample.ts";

const imagesAtOnce = 500;

/** What to report to while images are resized. */
export interface ConvertOptions {
  readonly onProgress?: ((progress: DataProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The dataset with images of shape [height, width, channels], stretched as loadImage does; itself when they are so
 * already. Throws "bad-argument" unless both have 1 or 3 channels, "stopped" when the signal aborts.
 */
export async function convertInput(
  dataset: ImageDataset,
  shape: readonly [height: number, width: number, channels: number],
  options: ConvertOptions = {},
): Promise<ImageDataset> {
  if (String(shape) === String(dataset.shape)) return dataset;
  checkChannels(shape[2]);
  checkChannels(dataset.shape[2]);
  const resized = await resizeAll(dataset, [shape[0], shape[1]], options);
  const images = convertChannels(resized, dataset.shape[2], shape[2]);
  return { ...dataset, shape, images, checksum: pixelChecksum({ ...dataset, shape, images }) };
}

/** Pixels [N, h, w, C] of the dataset's [N, H, W, C]; comes back to the event loop between chunks. */
async function resizeAll(
  { name, size, images, shape }: ImageDataset,
  newSize: readonly [height: number, width: number],
  { onProgress, signal }: ConvertOptions,
): Promise<Uint8Array> {
  if (shape[0] === newSize[0] && shape[1] === newSize[1]) return images;
  const oldBytes = shape[0] * shape[1] * shape[2];
  const newBytes = newSize[0] * newSize[1] * shape[2];
  const result = new Uint8ClampedArray(size * newBytes);
  for (let first = 0; first < size; first += imagesAtOnce) {
    if (signal?.aborted) throw new AtelierError("stopped", `resizing ${name} stopped`);
    const last = Math.min(size, first + imagesAtOnce);
    const chunk = images.subarray(first * oldBytes, last * oldBytes);
    resample(chunk, shape, result.subarray(first * newBytes, last * newBytes), newSize);
    onProgress?.({ what: `resizing ${name}`, unit: "images", done: last, total: size });
    await setImmediate();
  }
  return new Uint8Array(result.buffer);
}

function convertChannels(pixels: Uint8Array, from: number, to: number): Uint8Array {
  if (from === to) return pixels;
  return to === 1 ? rgbToGrey(pixels) : greyToRgb(pixels);
}
