/** Which images to show of many. */
import { below, philox } from "@atelier/engine";

/** `count` different indices below `size` (all of them, if there are no more), the same for the same seed. */
export function randomIndices(size: number, count: number, seed: number): number[] {
  const chosen = new Set<number>();
  for (let draw = 0; chosen.size < Math.min(count, size); draw++)
    chosen.add(below(philox(seed, draw, 0, 0, 0)[0], size));
  return [...chosen];
}
