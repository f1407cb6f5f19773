/**
 * A batch from a data set: gather by index, augment, normalise, one-hot. This is what AugmentationSpec means,
 * draw for draw; packages/kernels/src/native/gather.cpp gives the same bits (to 1e-6 where sines are involved).
 *
 * Row r of the batch at step s draws from philox(seed, 4r + block, s, streams.augment, 0):
 *   block 0: mirror (word & 1), shift down, shift right (`below`), whether to cut out (`uniform` < probability)
 *   block 1: cutout's centre y and x (`below`), brightness, contrast
 *   block 2: angle, zoom
 * "alternating" mirrors where (philox(seed, image, 0, streams.flipSide, 0)[0] ^ epochIndex) is odd.
 */
import { below, philox, streams, uniform } from "../../random/philox.ts";
import type { AugmentationSpec } from "../../train/augmentation.ts";
import type { ImageDataset } from "../../train/dataset.ts";
import type { Normalization } from "../executor.ts";

export interface GatherRequest {
  readonly dataset: ImageDataset;
  readonly indices: ArrayLike<number>;
  readonly normalization: Normalization;
  readonly augmentation?: AugmentationSpec | undefined;
  readonly seed: number;
  /** Global number of the step. */
  readonly step: number;
  readonly epochIndex: number;
  /** λ, used when the augmentation has mixup. */
  readonly mixupWeight?: number;
  /** Columns of the targets. */
  readonly classes: number;
}

export interface Batch {
  /** [rows, H, W, C] */
  readonly images: Float32Array;
  /** One-hot, [rows, classes]; mixed where images are. */
  readonly targets: Float32Array;
}

export function gatherBatch(request: GatherRequest): Batch {
  const { dataset, indices, normalization, augmentation, classes } = request;
  const [height, width, channels] = dataset.shape;
  const floats = height * width * channels;
  const scale = normalization.std.map((std) => 1 / (255 * std));
  const offset = normalization.std.map((std, c) => -normalization.mean[c]! / std);

  const images = new Float32Array(indices.length * floats);
  const targets = new Float32Array(indices.length * classes);
  for (let row = 0; row < indices.length; row++) {
    const image = indices[row]!;
    const pixels = augmentedPixels(request, image, row);
    for (let i = 0; i < floats; i++) {
      const c = i % channels;
      images[row * floats + i] = pixels[i]! * scale[c]! + offset[c]!;
    }
    targets[row * classes + dataset.labels[image]!] = 1;
  }
  if (augmentation?.mixup) {
    const weight = Math.fround(request.mixupWeight ?? 1);
    mixRows(images, indices.length, floats, weight);
    mixRows(targets, indices.length, classes, weight);
  }
  return { images, targets };
}

/** One image's pixels in [0, 255] after everything but normalisation and mixup. */
function augmentedPixels(request: GatherRequest, image: number, row: number): Float32Array {
  const { dataset, augmentation = {}, seed, step, epochIndex } = request;
  const [height, width, channels] = dataset.shape;
  const block = (index: number) => philox(seed, row * 4 + index, step, streams.augment, 0);
  const [mirrorWord, downWord, rightWord, cutoutWord] = block(0);
  const [cutoutY, cutoutX, brightnessWord, contrastWord] = block(1);
  const [angleWord, zoomWord] = block(2);
  const { flip, shift, affine, cutout, brightness = 0, contrast = 0 } = augmentation;

  let mirrored = false;
  if (flip === "random") mirrored = (mirrorWord & 1) === 1;
  if (flip === "alternating")
    mirrored = ((philox(seed, image, 0, streams.flipSide, 0)[0] ^ epochIndex) & 1) === 1;
  const reach = shift?.pixels ?? 0;
  const down = below(downWord, 2 * reach + 1) - reach;
  const right = below(rightWord, 2 * reach + 1) - reach;
  const angle = (2 * uniform(angleWord) - 1) * (affine?.degrees ?? 0) * (Math.PI / 180);
  const zoomReach = affine?.scale ?? 0;
  const zoom = 1 - zoomReach + 2 * zoomReach * uniform(zoomWord);

  const sample = (y: number, x: number, c: number): number => {
    const [v, u] = [y - (height - 1) / 2, x - (width - 1) / 2];
    let [sourceY, sourceX] = [y, x];
    if (affine) {
      sourceY = (Math.cos(angle) * v - Math.sin(angle) * u) / zoom + (height - 1) / 2;
      sourceX = (Math.cos(angle) * u + Math.sin(angle) * v) / zoom + (width - 1) / 2;
    }
    sourceY -= down;
    sourceX -= right;
    if (mirrored) sourceX = width - 1 - sourceX;
    return bilinear(dataset, image, sourceY, sourceX, c);
  };
  const pixels = new Float32Array(height * width * channels);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < channels; c++) pixels[(y * width + x) * channels + c] = sample(y, x, c);

  if (cutout && uniform(cutoutWord) < (cutout.probability ?? 1)) {
    const top = below(cutoutY, height) - Math.floor(cutout.size / 2);
    const left = below(cutoutX, width) - Math.floor(cutout.size / 2);
    for (let y = Math.max(0, top); y < Math.min(height, top + cutout.size); y++)
      for (let x = Math.max(0, left); x < Math.min(width, left + cutout.size); x++)
        pixels.fill(0, (y * width + x) * channels, (y * width + x + 1) * channels);
  }
  if (brightness > 0) {
    const factor = 1 - brightness + 2 * brightness * uniform(brightnessWord);
    for (let i = 0; i < pixels.length; i++) pixels[i] = clampByte(pixels[i]! * factor);
  }
  if (contrast > 0) {
    const factor = 1 - contrast + 2 * contrast * uniform(contrastWord);
    const mean = pixels.reduce((sum, pixel) => sum + pixel, 0) / pixels.length;
    for (let i = 0; i < pixels.length; i++) pixels[i] = clampByte(mean + (pixels[i]! - mean) * factor);
  }
  return pixels;
}

/** The image's value at a fractional place; zero outside. */
function bilinear({ shape, images }: ImageDataset, image: number, y: number, x: number, c: number): number {
  const [height, width, channels] = shape;
  const pixel = (py: number, px: number): number =>
    py < 0 || py >= height || px < 0 || px >= width
      ? 0
      : images[((image * height + py) * width + px) * channels + c]!;
  const [top, left] = [Math.floor(y), Math.floor(x)];
  const [ty, tx] = [y - top, x - left];
  const upper = (1 - tx) * pixel(top, left) + tx * pixel(top, left + 1);
  const lower = (1 - tx) * pixel(top + 1, left) + tx * pixel(top + 1, left + 1);
  return (1 - ty) * upper + ty * lower;
}

function clampByte(value: number): number {
  return Math.min(255, Math.max(0, value));
}

/** Row i becomes λ·row i + (1 − λ)·row (rows − 1 − i), for all rows at once. */
function mixRows(values: Float32Array, rows: number, floats: number, weight: number): void {
  const before = values.slice();
  for (let i = 0; i < values.length; i++) {
    const mirrored = (rows - 1 - Math.floor(i / floats)) * floats + (i % floats);
    values[i] = weight * before[i]! + (1 - weight) * before[mirrored]!;
  }
}
