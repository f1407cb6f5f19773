/** A new dataset from chosen images of another, with a checksum that follows from both. */
import { createHash } from "node:crypto";
import { endianness } from "node:os";
import type { ImageDataset } from "@atelier/engine";

/**
 * The images at `indices` (each in [0, size)), in that order. Pixels are copied, neighbours in one go. The checksum
 * is the SHA-256 of the dataset's checksum followed by the indices as little-endian uint32.
 */
export function selectImages(dataset: ImageDataset, indices: Uint32Array): ImageDataset {
  const imageBytes = dataset.shape[0] * dataset.shape[1] * dataset.shape[2];
  const images = new Uint8Array(indices.length * imageBytes);
  const labels = emptyLabels(dataset.labels, indices.length);
  for (let start = 0; start < indices.length; ) {
    let end = start + 1;
    while (end < indices.length && indices[end] === indices[end - 1]! + 1) end++;
    const first = indices[start]!;
    const last = first + (end - start);
    images.set(dataset.images.subarray(first * imageBytes, last * imageBytes), start * imageBytes);
    labels.set(dataset.labels.subarray(first, last), start);
    start = end;
  }
  return { ...dataset, size: indices.length, images, labels, checksum: derivedChecksum(dataset, indices) };
}

/** Zeros of the same element type; slice() would share memory where the labels are a Buffer. */
function emptyLabels(labels: ImageDataset["labels"], count: number): ImageDataset["labels"] {
  if (labels instanceof Int32Array) return new Int32Array(count);
  return labels instanceof Uint16Array ? new Uint16Array(count) : new Uint8Array(count);
}

function derivedChecksum(dataset: ImageDataset, indices: Uint32Array): string {
  const bytes = Buffer.from(indices.slice().buffer);
  if (endianness() === "BE") bytes.swap32();
  return createHash("sha256").update(dataset.checksum).update(bytes).digest("hex");
}
