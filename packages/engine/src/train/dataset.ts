/**
 * A labelled set of images as the engine takes it: raw bytes, never floats. Normalisation and augmentation
 * belong to the step (see augmentation.ts); where the bytes come from is the business of @atelier/vision.
 */
export interface ImageDataset {
  /** What people call it, e.g. "fashion-mnist". */
  readonly name: string;
  /** Number of images, N. */
  readonly size: number;
  /** [height, width, channels] of every image. */
  readonly shape: readonly [height: number, width: number, channels: number];
  /** Pixels 0–255, row-major [N, H, W, C]. */
  readonly images: Uint8Array;
  /** Class index of every image, [N]. */
  readonly labels: Uint8Array | Uint16Array | Int32Array;
  /** One name a class; its length is the number of classes. */
  readonly classNames: readonly string[];
  /** SHA-256, hex, of what identifies the content. */
  readonly checksum: string;
}
