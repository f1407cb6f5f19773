/** What identifies the content of a dataset that has no files with known checksums. */
import { createHash } from "node:crypto";
import type { ImageDataset } from "@atelier/engine";

/** SHA-256, hex, of the shape, the class names, the pixels and the labels (as decimal numbers). */
export function pixelChecksum(
  dataset: Pick<ImageDataset, "shape" | "images" | "labels" | "classNames">,
): string {
  return createHash("sha256")
    .update(JSON.stringify([dataset.shape, dataset.classNames]))
    .update(dataset.images)
    .update(dataset.labels.join())
    .digest("hex");
}
