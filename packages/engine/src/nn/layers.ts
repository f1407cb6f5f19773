/** All layers there are: one line a layer. `type` in recipes is the key here. */
import { AtelierError } from "../error.ts";
import { readTagged, show } from "./fields.ts";
import { type ActivationLayer, activationRule } from "./layers/activation.ts";
import { type AddLayer, addRule } from "./layers/add.ts";
import { type AveragePool2dLayer, averagePool2dRule } from "./layers/average-pool2d.ts";
import { type BatchNormLayer, batchNormRule } from "./layers/batch-norm.ts";
import { type ConcatLayer, concatRule } from "./layers/concat.ts";
import { type Conv2dLayer, conv2dRule } from "./layers/conv2d.ts";
import { type DenseLayer, denseRule } from "./layers/dense.ts";
import { type DropoutLayer, dropoutRule } from "./layers/dropout.ts";
import { type FlattenLayer, flattenRule } from "./layers/flatten.ts";
import { type GlobalAveragePool2dLayer, globalAveragePool2dRule } from "./layers/global-average-pool2d.ts";
import { type GlobalMaxPool2dLayer, globalMaxPool2dRule } from "./layers/global-max-pool2d.ts";
import type { LayerRule } from "./layers/layer.ts";
import { type LayerNormLayer, layerNormRule } from "./layers/layer-norm.ts";
import { type MaxPool2dLayer, maxPool2dRule } from "./layers/max-pool2d.ts";

/** One layer of a model as plain data: what the factories return and recipes spell out. */
export type LayerConfig =
  | ActivationLayer
  | AddLayer
  | AveragePool2dLayer
  | BatchNormLayer
  | ConcatLayer
  | Conv2dLayer
  | DenseLayer
  | DropoutLayer
  | FlattenLayer
  | GlobalAveragePool2dLayer
  | GlobalMaxPool2dLayer
  | LayerNormLayer
  | MaxPool2dLayer;

export type LayerType = LayerConfig["type"];

export const layerRules: {
  readonly [K in LayerType]: LayerRule<Extract<LayerConfig, { readonly type: K }>>;
} = {
  activation: activationRule,
  add: addRule,
  averagePool2d: averagePool2dRule,
  batchNorm: batchNormRule,
  concat: concatRule,
  conv2d: conv2dRule,
  dense: denseRule,
  dropout: dropoutRule,
  flatten: flattenRule,
  globalAveragePool2d: globalAveragePool2dRule,
  globalMaxPool2d: globalMaxPool2dRule,
  layerNorm: layerNormRule,
  maxPool2d: maxPool2dRule,
};

/**
 * Layers from data of any origin (YAML, JSON), checked and in normal form. A bare name stands for a layer with
 * its defaults. `where` names the list in messages, e.g. "layers". Throws bad-argument.
 */
export function parseLayers(value: unknown, where: string): LayerConfig[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw new AtelierError("bad-argument", `${where}: expected a list of layers, got ${show(value)}.`);
  }
  return value.map(
    (layer, i) => readTagged(layer, `${where}[${i}]`, "layer", layerRules) as unknown as LayerConfig,
  );
}
