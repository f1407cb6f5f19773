/** Brings a dataset to the input of a recipe: another size, grey to colour, colour to grey. */
import { availableParallelism } from "node:os";
import { AtelierError, type ImageDataset } from "@atelier/engine";
import sharp from "sharp";
import { pixelChecksum } from "../checksum.ts";
import type { DataProgress } from "../progress.ts";
import { forEachBounded } from "./bounded.ts";
import { checkChannels, greyToRgb, rgbToGrey } from "./decode.ts";

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

/** Pixels [N, h, w, C] of the dataset's [N, H, W, C]. */
async function resizeAll(
  { name, size, images, shape: [height, width, channels] }: ImageDataset,
  [newHeight, newWidth]: readonly [height: number, width: number],
  { onProgress, signal }: ConvertOptions,
): Promise<Uint8Array> {
  if (height === newHeight && width === newWidth) return images;
  const raw = { width, height, channels: channels as 1 | 3 };
  const [oldBytes, newBytes] = [height * width * channels, newHeight * newWidth * channels];
  const result = new Uint8Array(size * newBytes);
  let done = 0;
  await forEachBounded(size, 2 * availableParallelism(), async (index) => {
    if (signal?.aborted) throw new AtelierError("stopped", `resizing ${name} stopped`);
    const pixels = sharp(images.subarray(index * oldBytes, (index + 1) * oldBytes), { raw })
      .resize(newWidth, newHeight, { fit: "fill" })
      .toColourspace(channels === 1 ? "b-w" : "srgb")
      .raw();
    result.set(await pixels.toBuffer(), index * newBytes);
    onProgress?.({ what: `resizing ${name}`, unit: "images", done: ++done, total: size });
  });
  return result;
}

function convertChannels(pixels: Uint8Array, from: number, to: number): Uint8Array {
  if (from === to) return pixels;
  return to === 1 ? rgbToGrey(pixels) : greyToRgb(pixels);
}
