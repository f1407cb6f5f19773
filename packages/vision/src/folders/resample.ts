/**
 * Resizes raw images of one size. It is here for what sharp does not do well: many small ones (a call an image takes
 * a minute for 60,000 of 28 × 28, this a second) and enlarging (libvips puts the result half an output pixel off
 * centre). Cubic (Catmull & Rom 1974) to enlarge, Lanczos-3 stretched by the factor to shrink, borders repeated.
 */

/** What enters each output position along one axis: `count` positions of the input and their weights. */
interface Taps {
  readonly count: number;
  /** Input positions, [outputs, count]. */
  readonly positions: Int32Array;
  /** Their weights, [outputs, count], each row adds up to 1. */
  readonly weights: Float32Array;
}

/** Writes images [N, h, w, C] into `output` from `pixels` [N, H, W, C]. */
export function resample(
  pixels: Uint8Array,
  [height, width, channels]: readonly [height: number, width: number, channels: number],
  output: Uint8ClampedArray,
  [newHeight, newWidth]: readonly [height: number, width: number],
): void {
  const vertical = tapsFor(height, newHeight);
  const horizontal = tapsFor(width, newWidth);
  const rowLength = width * channels;
  const row = new Float32Array(rowLength);
  const imageCount = pixels.length / (height * rowLength);
  let to = 0;
  for (let image = 0; image < imageCount; image++) {
    const image0 = image * height * rowLength;
    for (let y = 0; y < newHeight; y++) {
      row.fill(0);
      for (let tap = y * vertical.count; tap < (y + 1) * vertical.count; tap++) {
        const weight = vertical.weights[tap]!;
        const row0 = image0 + vertical.positions[tap]! * rowLength;
        for (let at = 0; at < rowLength; at++) row[at]! += weight * pixels[row0 + at]!;
      }
      for (let x = 0; x < newWidth; x++) {
        for (let channel = 0; channel < channels; channel++) {
          let sum = 0;
          for (let tap = x * horizontal.count; tap < (x + 1) * horizontal.count; tap++) {
            sum += horizontal.weights[tap]! * row[horizontal.positions[tap]! * channels + channel]!;
          }
          output[to++] = sum; // a clamped array rounds and keeps within 0–255
        }
      }
    }
  }
}

function tapsFor(from: number, to: number): Taps {
  if (from === to)
    return {
      count: 1,
      positions: Int32Array.from({ length: to }, (_, i) => i),
      weights: new Float32Array(to).fill(1),
    };
  const factor = from / to;
  const [kernel, reach] = factor > 1 ? [lanczos3, 3 * factor] : [catmullRom, 2];
  const stretch = Math.max(1, factor);
  const count = 2 * Math.ceil(reach);
  const positions = new Int32Array(to * count);
  const weights = new Float32Array(to * count);
  for (let output = 0; output < to; output++) {
    const centre = (output + 0.5) * factor - 0.5;
    const first = Math.floor(centre) - Math.ceil(reach) + 1;
    const row = Float64Array.from({ length: count }, (_, tap) => kernel((first + tap - centre) / stretch));
    const sum = row.reduce((a, b) => a + b, 0);
    row.forEach((weight, tap) => {
      positions[output * count + tap] = Math.min(from - 1, Math.max(0, first + tap));
      weights[output * count + tap] = weight / sum;
    });
  }
  return { count, positions, weights };
}

function catmullRom(signedDistance: number): number {
  const x = Math.abs(signedDistance);
  if (x < 1) return 1.5 * x ** 3 - 2.5 * x ** 2 + 1;
  return x < 2 ? -0.5 * x ** 3 + 2.5 * x ** 2 - 4 * x + 2 : 0;
}

function lanczos3(signedDistance: number): number {
  const x = Math.abs(signedDistance);
  return x < 3 ? sinc(x) * sinc(x / 3) : 0;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}
