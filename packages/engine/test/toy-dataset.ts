/** A small data set that can be learnt: each class is a bright band at its own height, with noise. */
import { uniform, wordOf } from "../src/random/philox.ts";
import type { ImageDataset } from "../src/train/dataset.ts";

export function toyDataset(size: number, { seed = 1, side = 8, classes = 3 } = {}): ImageDataset {
  const images = new Uint8Array(size * side * side);
  const labels = Uint8Array.from({ length: size }, (_, i) => i % classes);
  images.forEach((_, at) => {
    const row = Math.floor(at / side) % side;
    const label = labels[Math.floor(at / (side * side))]!;
    const lit = Math.floor((row * classes) / side) === label;
    images[at] = 60 * uniform(wordOf(seed, 7000, 0, at)) + (lit ? 150 : 20);
  });
  return {
    name: `toy ${size}`,
    size,
    shape: [side, side, 1],
    images,
    labels,
    classNames: Array.from({ length: classes }, (_, c) => `band ${c}`),
    checksum: `toy-${size}-${seed}-${side}-${classes}`,
  };
}
