/**
 * Walks a model's layers and lets each add its graph. The one walk behind `sequential` (which wants shapes and
 * parameters) and `forward` (which wants values).
 */
import { AtelierError } from "../error.ts";
import type { GraphBuilder, Value } from "../graph/builder.ts";
import { streams } from "../random/philox.ts";
import { type BuildContext, expectInput, type LayerRule } from "./layers/layer.ts";
import { type LayerConfig, layerRules } from "./layers.ts";
import type { Parameter } from "./parameter.ts";

export interface BuildLayersOptions {
  readonly builder: GraphBuilder;
  readonly images: Value;
  readonly training: boolean;
  /** State that holds a parameter; default its own name. */
  readonly stateName?: (parameter: string) => string;
  readonly onLayer?: (built: BuiltLayer) => void;
  readonly onUpdate?: (parameter: string, value: Value) => void;
}

export interface BuiltLayer {
  readonly layer: LayerConfig;
  readonly from: readonly string[];
  readonly inputs: readonly Value[];
  readonly output: Value;
  readonly parameters: readonly Parameter[];
}

/** Builds `layers`, whose names are set, on `images`; returns the last layer's output. */
export function buildLayers(layers: readonly LayerConfig[], options: BuildLayersOptions): Value {
  const outputs = new Map<string, Value>([["input", options.images]]);
  let previous = "input";
  layers.forEach((layer, index) => {
    const from = layer.from ?? [previous];
    const inputs = from.map((name) => outputs.get(name)!);
    const { output, parameters } = buildLayer(layer, inputs, index, options);
    outputs.set(layer.name!, output);
    previous = layer.name!;
    options.onLayer?.({ layer, from, inputs, output, parameters });
  });
  return outputs.get(previous)!;
}

function buildLayer(
  layer: LayerConfig,
  inputs: readonly Value[],
  index: number,
  { builder, training, stateName, onUpdate }: BuildLayersOptions,
): { readonly output: Value; readonly parameters: readonly Parameter[] } {
  const parameters: Parameter[] = [];
  const context: BuildContext = {
    builder,
    training,
    where: `${layer.type} "${layer.name}"`,
    stream: streams.firstDropout + index,
    parameter: (own, shape, { initializer, regularizer, trainable = true }) => {
      const name = `${layer.name}/${own}`;
      parameters.push({ name, shape, trainable, initializer, ...(regularizer && { regularizer }) });
      return builder.state(stateName?.(name) ?? name, shape);
    },
    update: (own, value) => onUpdate?.(`${layer.name}/${own}`, value),
  };
  const rule = layerRules[layer.type] as unknown as LayerRule<LayerConfig>;
  if (rule.arity === "one" ? inputs.length !== 1 : inputs.length < 2) {
    throw new AtelierError(
      "bad-argument",
      `${context.where}: expected from to name ${rule.arity === "one" ? "one layer" : "two layers or more"}, ` +
        `got ${inputs.length}.`,
    );
  }
  for (const input of inputs) {
    const shape = builder.shape(input);
    expectInput(context, shape.length >= 2, "[N, …]", shape, "Give images [H, W, C].");
  }
  return { output: rule.build(context, inputs, layer), parameters };
}
