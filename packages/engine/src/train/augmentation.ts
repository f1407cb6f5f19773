/**
 * Augmentation as data: executed inside the step while images are gathered, with the same Philox draws on
 * every executor. Applied in the order of the fields below; geometric ones are composed into one sampling.
 */
export interface AugmentationSpec {
  /**
   * Horizontal mirror. "random": each image with probability ½ each time it is seen. "alternating": each image
   * is mirrored every other epoch, its first side drawn at random (Jordan 2024, "94% on CIFAR-10 in 3.29 s", §3.6).
   */
  readonly flip?: "random" | "alternating";
  /** Whole pixels in [−pixels, pixels] both ways, the border filled with zero: the same as pad-and-crop. */
  readonly shift?: { readonly pixels: number };
  /** Rotation in ±degrees and zoom by a factor in [1 − scale, 1 + scale] about the centre, bilinear, zero outside. */
  readonly affine?: { readonly degrees?: number; readonly scale?: number };
  /** With `probability` (default 1), a square of `size` pixels at a random centre becomes zero (DeVries & Taylor 2017). */
  readonly cutout?: { readonly size: number; readonly probability?: number };
  /** Pixels times a factor in [1 − brightness, 1 + brightness], clamped to the byte range. */
  readonly brightness?: number;
  /** Distance to the image's mean times a factor in [1 − contrast, 1 + contrast], clamped to the byte range. */
  readonly contrast?: number;
  /**
   * Each image and its target are mixed with those of the batch's mirrored place (row i with row B−1−i), weight
   * λ = max(λ', 1 − λ'), λ' ~ Beta(alpha, alpha), one λ a batch (Zhang et al. 2018).
   */
  readonly mixup?: { readonly alpha: number };
}
