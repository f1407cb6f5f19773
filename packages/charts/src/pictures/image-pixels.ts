/** A small picture: `pixels` holds height × width × channels bytes, row by row; 1 channel is grey, 3 is RGB. */
export interface ImagePixels {
  readonly pixels: Uint8Array;
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
}

/**
 * The image with neither side above `maxSide`, each pixel the mean of a block of the original, so that large
 * photographs do not swell a report. Smaller images come back as they are.
 */
export function shrinkImage(image: ImagePixels, maxSide: number): ImagePixels {
  const block = Math.ceil(Math.max(image.height, image.width) / maxSide);
  if (block <= 1) return image;
  const { channels } = image;
  const height = Math.ceil(image.height / block);
  const width = Math.ceil(image.width / block);
  const pixels = new Uint8Array(height * width * channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < channels; channel++) {
        pixels[(y * width + x) * channels + channel] = blockMean(image, {
          y: y * block,
          x: x * block,
          channel,
          block,
        });
      }
    }
  }
  return { pixels, height, width, channels };
}

function blockMean(image: ImagePixels, at: { y: number; x: number; channel: number; block: number }): number {
  const endY = Math.min(at.y + at.block, image.height);
  const endX = Math.min(at.x + at.block, image.width);
  let sum = 0;
  for (let y = at.y; y < endY; y++) {
    for (let x = at.x; x < endX; x++)
      sum += image.pixels[(y * image.width + x) * image.channels + at.channel]!;
  }
  return Math.round(sum / ((endY - at.y) * (endX - at.x)));
}
