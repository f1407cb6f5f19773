import type { JsonObject } from "../model/json.ts";

/** The model of a run as pages show it and try it. */
export interface ModelDescription {
  /** Whether the run has kept the trained model; otherwise it is what the run set out to train. */
  readonly isKept: boolean;
  /** Of one image. */
  readonly input: readonly [height: number, width: number, channels: number];
  readonly classNames: readonly string[];
  /** What the model subtracts from pixels on the scale 0–1 and divides by, one a channel; the ONNX file does so itself. */
  readonly normalization: { readonly mean: readonly number[]; readonly standardDeviation: readonly number[] };
  readonly layers: readonly LayerDescription[];
  readonly parameters: {
    readonly total: number;
    readonly trainable: number;
    readonly nonTrainable: number;
  };
}

export interface LayerDescription {
  readonly name: string;
  /** As Keras names it: Dense, Conv2D, … */
  readonly type: string;
  /** Of one image. */
  readonly outputShape: readonly number[];
  readonly parameters: number;
  /** How it was made: filters, kernelSize, activation, … */
  readonly settings: JsonObject;
  /** Names of the layers it reads; `input` is the image. */
  readonly from: readonly string[];
}
