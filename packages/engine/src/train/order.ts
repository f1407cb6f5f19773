/** In which order an epoch visits the images. */
import { below, streams, words } from "../random/philox.ts";

/**
 * A permutation of 0..size−1 drawn from (seed, epochIndex) by Fisher–Yates: the same on every machine and after a
 * resume. `size` at most 2²¹, as `below` allows.
 */
export function shuffledOrder(size: number, seed: number, epochIndex: number): Int32Array {
  const order = sequentialOrder(size);
  const drawn = words(seed, streams.shuffle, epochIndex, size);
  for (let i = size - 1; i > 0; i--) {
    const j = below(drawn[i]!, i + 1);
    const moved = order[i]!;
    order[i] = order[j]!;
    order[j] = moved;
  }
  return order;
}

/** 0, 1, …, size−1. */
export function sequentialOrder(size: number): Int32Array {
  return new Int32Array(size).map((_, i) => i);
}
