/** The augmentation of a run as the amounts the add-on takes. */
import type { NativeAugmentation } from "@atelier/kernels";
import type { AugmentationSpec } from "../../train/augmentation.ts";

/** Mixup is not here: it comes as a scalar a step. */
export function nativeAugmentation(spec: AugmentationSpec = {}): NativeAugmentation {
  return {
    flip: spec.flip ?? "none",
    shift: spec.shift?.pixels ?? 0,
    degrees: spec.affine?.degrees ?? 0,
    zoom: spec.affine?.scale ?? 0,
    cutoutSize: spec.cutout?.size ?? 0,
    cutoutProbability: spec.cutout?.probability ?? 1,
    brightness: spec.brightness ?? 0,
    contrast: spec.contrast ?? 0,
  };
}
