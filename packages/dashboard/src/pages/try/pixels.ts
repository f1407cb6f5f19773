/** From what is drawn or dropped to what a model takes. */

/**
 * The picture as [height, width, channels] bytes, shrunk by averaging: halved until it is less than twice as large, then
 * scaled smoothly. One channel is luma (ITU-R BT.601).
 */
export function pixelsOf(
  picture: CanvasImageSource & { readonly width: number; readonly height: number },
  [height, width, channels]: readonly [number, number, number],
): Uint8Array {
  let source: CanvasImageSource = picture;
  let [w, h] = [picture.width, picture.height];
  while (w >= 2 * width && h >= 2 * height) {
    [w, h] = [Math.floor(w / 2), Math.floor(h / 2)];
    source = drawn(source, w, h);
  }
  const { data } = drawn(source, width, height).getContext("2d")!.getImageData(0, 0, width, height);
  const pixels = new Uint8Array(height * width * channels);
  for (let i = 0; i < height * width; i++) {
    const [r, g, b] = [data[4 * i]!, data[4 * i + 1]!, data[4 * i + 2]!];
    if (channels === 1) pixels[i] = Math.round(0.299 * r + 0.587 * g + 0.114 * b);
    else pixels.set([r, g, b], 3 * i);
  }
  return pixels;
}

/** Light things on black, as Fashion-MNIST has them, from dark things on white. */
export function invert(pixels: Uint8Array): Uint8Array {
  return pixels.map((value) => 255 - value);
}

/** Whether the border of an image is light. */
export function isLightAround(
  pixels: Uint8Array,
  [height, width, channels]: readonly [number, number, number],
): boolean {
  let sum = 0;
  let count = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (y > 0 && x > 0 && y < height - 1 && x < width - 1) continue;
      for (let c = 0; c < channels; c++) sum += pixels[(y * width + x) * channels + c]!;
      count += channels;
    }
  }
  return sum / count > 127;
}

function drawn(source: CanvasImageSource, width: number, height: number): OffscreenCanvas {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  context.fillStyle = "#000";
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(source, 0, 0, width, height);
  return canvas;
}
