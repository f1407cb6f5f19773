/** Fields of the training rules that the engine takes as plain data without a reader of its own. */
import {
  type AugmentationSpec,
  type EarlyStopping,
  type Field,
  type Fields,
  type Monitor,
  oneOf,
  optional,
  type ReduceOnPlateau,
  realNumber,
  recordOf,
  wholeNumber,
} from "@atelier/engine";
import { type JsonSchema, recordSchema } from "./json-schema.ts";

export const monitorField: Field<Monitor> = oneOf(["val_loss", "val_accuracy", "loss", "accuracy"]);

export const earlyStoppingFields: Fields<EarlyStopping> = {
  monitor: optional(monitorField),
  patience: wholeNumber(1),
  minDelta: optional(realNumber({ min: 0 })),
};

export const reduceOnPlateauFields: Fields<ReduceOnPlateau> = {
  monitor: optional(monitorField),
  factor: optional(realNumber({ above: 0, below: 1 })),
  patience: wholeNumber(1),
  minDelta: optional(realNumber({ min: 0 })),
  minFactor: optional(realNumber({ min: 0, max: 1 })),
};

type Inner<K extends keyof AugmentationSpec> = Exclude<AugmentationSpec[K], undefined>;

const share = realNumber({ min: 0, max: 1 });
const shiftFields: Fields<Inner<"shift">> = { pixels: wholeNumber(0) };
const affineFields: Fields<Inner<"affine">> = {
  degrees: optional(realNumber({ min: 0, max: 180 })),
  scale: optional(realNumber({ min: 0, below: 1 })),
};
const cutoutFields: Fields<Inner<"cutout">> = { size: wholeNumber(1), probability: optional(share) };
const mixupFields: Fields<Inner<"mixup">> = { alpha: realNumber({ above: 0 }) };

export const augmentationFields: Fields<AugmentationSpec> = {
  flip: optional(oneOf(["random", "alternating"])),
  shift: optional(recordOf<Inner<"shift">>(shiftFields, "{ pixels } with a whole number ≥ 0")),
  affine: optional(recordOf<Inner<"affine">>(affineFields, "{ degrees, scale } with numbers ≥ 0")),
  cutout: optional(recordOf<Inner<"cutout">>(cutoutFields, "{ size, probability }")),
  brightness: optional(share),
  contrast: optional(share),
  mixup: optional(recordOf<Inner<"mixup">>(mixupFields, "{ alpha } with a number > 0")),
};

/** The mappings inside augmentationFields. */
export const augmentationSchemas: { readonly [key: string]: JsonSchema } = {
  shift: recordSchema(shiftFields),
  affine: recordSchema(affineFields),
  cutout: recordSchema(cutoutFields),
  mixup: recordSchema(mixupFields),
};
