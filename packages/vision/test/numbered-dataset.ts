/** A dataset whose pixels say which image they belong to. */
import type { ImageDataset } from "@atelier/engine";

/** Image i has the shape [1, 2, 1] and the pixels i mod 256 and ⌊i / 256⌋. */
export function numberedDataset(labels: readonly number[], classCount: number): ImageDataset {
  return {
    name: "numbered",
    size: labels.length,
    shape: [1, 2, 1],
    images: Uint8Array.from(labels.flatMap((_, index) => [index % 256, index >> 8])),
    labels: Uint8Array.from(labels),
    classNames: Array.from({ length: classCount }, (_, index) => `class ${index}`),
    checksum: "0".repeat(64),
  };
}

/** The indices that the images of a part of a numberedDataset had there. */
export function originalIndices({ images }: ImageDataset): number[] {
  return Array.from(
    { length: images.length / 2 },
    (_, index) => images[2 * index]! + 256 * images[2 * index + 1]!,
  );
}
