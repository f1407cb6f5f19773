/** Element-wise non-linearities (and softmax) by name, as layers and recipes give them. */
import type { GraphBuilder, Value } from "../graph/builder.ts";
import { type Field, oneOf } from "./fields.ts";

/**
 * - `linear`: x
 * - `relu`: max(x, 0)
 * - `leakyRelu`: max(x, 0.2·x); the slope of `keras.activations.leaky_relu` (Keras' layer LeakyReLU has 0.3)
 * - `gelu`: x·Φ(x), exact (Hendrycks & Gimpel 2016)
 * - `sigmoid`: 1/(1 + e⁻ˣ)
 * - `tanh`
 * - `softmax`: over the last axis. Not for the last layer: models end in logits, the loss applies it itself.
 */
export type Activation = "linear" | "relu" | "leakyRelu" | "gelu" | "sigmoid" | "tanh" | "softmax";

const rules: { readonly [K in Activation]: (builder: GraphBuilder, x: Value) => Value } = {
  linear: (_, x) => x,
  relu: (builder, x) => builder.relu(x),
  leakyRelu: (builder, x) => builder.leakyRelu(x, 0.2),
  gelu: (builder, x) => builder.gelu(x),
  sigmoid: (builder, x) => builder.sigmoid(x),
  tanh: (builder, x) => builder.tanh(x),
  softmax: (builder, x) => builder.softmax(x),
};

export const activationField: Field<Activation> = oneOf(Object.keys(rules) as Activation[]);

export function buildActivation(builder: GraphBuilder, x: Value, activation: Activation): Value {
  return rules[activation](builder, x);
}
