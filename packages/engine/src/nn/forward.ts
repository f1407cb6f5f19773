/** A model applied to a batch of images, as graph. */
import type { GraphBuilder, Value } from "../graph/builder.ts";
import { buildLayers } from "./build-layers.ts";
import type { Model } from "./model.ts";
import { buildPenalty } from "./regularizers.ts";

export interface ForwardOptions {
  /** Dropout drops and batch norm takes the batch's moments only in training. */
  readonly training: boolean;
  /** State that holds a parameter, e.g. (name) => `ema/${name}`; default the parameter's own name. */
  readonly stateName?: (parameter: string) => string;
}

export interface ForwardResult {
  /** [N, classes], before softmax. */
  readonly logits: Value;
  /** Sum of the layers' weight penalties, a scalar; absent when no layer has one. Belongs to the loss. */
  readonly regularization?: Value;
  /** What the step makes of non-trainable state (moving moments), by state name; empty in evaluation. */
  readonly updates: ReadonlyMap<string, Value>;
}

/** Adds `model` applied to `images` [N, H, W, C], already normalised, to the graph under construction. */
export function forward(
  model: Model,
  builder: GraphBuilder,
  images: Value,
  options: ForwardOptions,
): ForwardResult {
  const stateName = options.stateName ?? ((name: string) => name);
  const updates = new Map<string, Value>();
  const penalties: Value[] = [];
  const logits = buildLayers(model.config.layers, {
    builder,
    images,
    training: options.training,
    stateName,
    onLayer: ({ parameters }) => {
      for (const { name, shape, regularizer } of parameters) {
        const weights = regularizer && builder.state(stateName(name), shape);
        const penalty = weights && buildPenalty(builder, weights, regularizer);
        if (penalty !== undefined) penalties.push(penalty);
      }
    },
    onUpdate: (name, value) => updates.set(stateName(name), value),
  });
  if (penalties.length === 0) return { logits, updates };
  return { logits, regularization: penalties.reduce((sum, penalty) => builder.add(sum, penalty)), updates };
}
