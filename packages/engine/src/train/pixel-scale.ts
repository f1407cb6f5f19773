/** Whether what a run makes of its images is still their pixels, times one number. */
import type { Normalization } from "../executors/executor.ts";
import type { AugmentationSpec } from "./augmentation.ts";

/**
 * The number by which pixels, whole from 0 to 255, become what the graphs see: where nothing is subtracted, channels are
 * alike, and augmentation moves or blanks pixels without making new ones.
 */
export function pixelScaleOf(
  { mean, std }: Normalization,
  { affine, brightness, contrast, mixup }: AugmentationSpec = {},
): number | undefined {
  const isScaled = mean.every((value) => value === 0) && std.every((value) => value === std[0]);
  const makesPixels = affine || brightness || contrast || mixup;
  return isScaled && !makesPixels ? 1 / (255 * std[0]!) : undefined;
}
