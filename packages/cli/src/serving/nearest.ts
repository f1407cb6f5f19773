/** Nearest neighbours by looking at every image. */
import type { NearestQuery, NearImage } from "./nearest-images.ts";

/** The `count` images of `images` [N, H·W·C] nearest to `image`, nearest first; of equals the first. */
export function nearest(images: Uint8Array, { image, count, without }: NearestQuery): readonly NearImage[] {
  const size = image.length;
  const total = images.length / size;
  /** Ascending by squared distance. */
  const best: { index: number; squared: number }[] = [];
  for (let index = 0; index < total; index++) {
    if (index === without) continue;
    const limit = best.length < count ? Number.POSITIVE_INFINITY : best.at(-1)!.squared;
    const squared = squaredDistance(images, index * size, image, limit);
    if (squared >= limit) continue;
    if (best.length === count) best.pop();
    let place = best.length;
    while (place > 0 && best[place - 1]!.squared > squared) place--;
    best.splice(place, 0, { index, squared });
  }
  return best.map(({ index, squared }) => ({ index, distance: Math.sqrt(squared) / 255 }));
}

/** Of bytes; no further than to `limit`. */
function squaredDistance(images: Uint8Array, start: number, image: Uint8Array, limit: number): number {
  let sum = 0;
  for (let i = 0; i < image.length; ) {
    const end = Math.min(image.length, i + 64); // looking at the limit more often costs more than it saves
    for (; i < end; i++) {
      const difference = images[start + i]! - image[i]!;
      sum += difference * difference;
    }
    if (sum >= limit) return sum;
  }
  return sum;
}
