/**
 * From an image file of any size and kind to bytes of a given size. Training on a folder and `atelier predict`
 * both come through here, so a model sees an image the same way in both.
 */
import { AtelierError } from "@atelier/engine";
import sharp from "sharp";
import { resample } from "./resample.ts";

/** More pixels than this in one file are refused: 100 megapixels, 300 MB decoded. */
const maxPixels = 100_000_000;

/** Size and channels an image is brought to. */
export interface ImageSize {
  readonly height: number;
  readonly width: number;
  /** 1 grey, 3 red, green, blue. */
  readonly channels: number;
}

/** [height, width] of an image after its EXIF rotation. Throws what sharp throws when the file is not an image. */
export async function readImageSize(path: string): Promise<readonly [height: number, width: number]> {
  const { autoOrient } = await sharp(path, { limitInputPixels: maxPixels }).metadata();
  return [autoOrient.height, autoOrient.width];
}

/**
 * Red, green and blue [height, width, 3], 8 bit sRGB: rotated as EXIF says, transparency laid on white, stretched to
 * the size (as Keras's image_dataset_from_directory does). Throws what sharp throws when the file is damaged.
 */
export async function decodeRgb(path: string, height: number, width: number): Promise<Uint8Array> {
  const [fileHeight, fileWidth] = await readImageSize(path);
  const enlarges = fileHeight < height || fileWidth < width;
  const upright = sharp(path, { limitInputPixels: maxPixels }).autoOrient().flatten({ background: "white" });
  const sized = enlarges ? upright : upright.resize(width, height, { fit: "fill" });
  const rgb = await sized.toColourspace("srgb").raw({ depth: "uchar" }).toBuffer();
  if (!enlarges) return new Uint8Array(rgb.buffer, rgb.byteOffset, rgb.length);
  const result = new Uint8ClampedArray(height * width * 3);
  resample(rgb, [fileHeight, fileWidth, 3], result, [height, width]);
  return new Uint8Array(result.buffer);
}

/**
 * Grey [N] from red, green, blue [N, 3]: 0.299 R + 0.587 G + 0.114 B rounded (ITU-R BT.601, as Pillow's "L"), which
 * leaves a grey image stored in colour as it is.
 */
export function rgbToGrey(rgb: Uint8Array): Uint8Array {
  const grey = new Uint8Array(rgb.length / 3);
  for (let index = 0; index < grey.length; index++) {
    const at = index * 3;
    grey[index] = Math.round((299 * rgb[at]! + 587 * rgb[at + 1]! + 114 * rgb[at + 2]!) / 1000);
  }
  return grey;
}

/** Red, green, blue [N, 3] from grey [N]: the same value three times. */
export function greyToRgb(grey: Uint8Array): Uint8Array {
  const rgb = new Uint8Array(grey.length * 3);
  for (let index = 0; index < grey.length; index++) {
    const at = index * 3;
    rgb[at] = rgb[at + 1] = rgb[at + 2] = grey[index]!;
  }
  return rgb;
}

/**
 * One PNG, JPEG or WebP file of any size as pixels 0–255, row-major [height, width, channels].
 * Throws "bad-file" when it cannot be decoded, "bad-argument" for other than 1 or 3 channels.
 */
export async function loadImage(path: string, { height, width, channels }: ImageSize): Promise<Uint8Array> {
  checkChannels(channels);
  const rgb = await decodeRgb(path, height, width).catch((cause: Error) => {
    throw new AtelierError("bad-file", `${path}: cannot be decoded: ${cause.message}`, { cause });
  });
  return channels === 1 ? rgbToGrey(rgb) : rgb;
}

/** Throws "bad-argument" unless `channels` is 1 or 3. */
export function checkChannels(channels: number): void {
  if (channels !== 1 && channels !== 3) {
    throw new AtelierError(
      "bad-argument",
      `images: expected 1 channel (grey) or 3 (colour), got ${channels}`,
    );
  }
}
