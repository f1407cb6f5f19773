/**
 * What a layer is: plain data (`type` and options) and a rule that reads it and builds its piece of graph. A new
 * layer is one file like dense.ts and one line in ../layers.ts; nothing else knows the list.
 */
import { AtelierError } from "../../error.ts";
import type { GraphBuilder, Value } from "../../graph/builder.ts";
import type { Shape } from "../../graph/shape.ts";
import { type Field, type Fields, readTagged } from "../fields.ts";
import type { ParameterInitializer } from "../initializers.ts";
import type { Regularizer } from "../regularizers.ts";

/** What every layer may have. */
export interface LayerCommon {
  /** Unique in its model; by default Keras' name: conv2d, conv2d_1, max_pooling2d … */
  readonly name?: string;
  /** The layers it reads, by name ("input" is the model's input); by default the one before it. */
  readonly from?: readonly string[];
}

/** The same in the options of a factory. */
export interface CommonOptions {
  /** Unique in its model; by default Keras' name: conv2d, conv2d_1, max_pooling2d … */
  readonly name?: string;
  /** The layer it reads, by name ("input" is the model's input); by default the one before it. */
  readonly from?: string | readonly string[];
}

/** How layers of one type are read and built. */
export interface LayerRule<T extends LayerCommon & { readonly type: string }> {
  /** Class name in Keras, for `summary`; automatic names are made from it. */
  readonly kerasName: string;
  /** Whether it reads one layer or joins several. */
  readonly arity: "one" | "several";
  readonly fields: Fields<Omit<T, "type">>;
  /**
   * Adds the layer to the graph and returns its output. Throws shape-mismatch, in the words of `context.where`,
   * when an input does not fit.
   */
  readonly build: (context: BuildContext, inputs: readonly Value[], layer: T) => Value;
}

/** What a rule may use while building. Used for shapes once (sequential) and for each step graph (forward). */
export interface BuildContext {
  readonly builder: GraphBuilder;
  readonly training: boolean;
  /** `dense "fc1"`, for messages. */
  readonly where: string;
  /** Philox stream of this layer's random numbers. */
  readonly stream: number;
  /** The layer's parameter `name`, declared at its first use. */
  readonly parameter: (name: string, shape: Shape, options: ParameterOptions) => Value;
  /** Gives a non-trainable parameter its value after the step. */
  readonly update: (name: string, value: Value) => void;
}

export interface ParameterOptions {
  readonly initializer: ParameterInitializer;
  readonly regularizer?: Regularizer | undefined;
  /** Default true. */
  readonly trainable?: boolean;
}

const nameField: Field<string> = {
  expected: 'a name without "/" (not "input")',
  read: (value) =>
    typeof value === "string" && /^[^/\s][^/]*$/.test(value) && value !== "input" ? value : undefined,
};

const fromField: Field<readonly string[]> = {
  expected: "the name of an earlier layer, or a list of names",
  read: (value) => {
    const names: unknown[] = Array.isArray(value) ? [...value] : [value];
    return names.length > 0 && names.every((name) => typeof name === "string") ? names : undefined;
  },
};

/** Fields that every layer has; spread into each rule's. */
export const commonFields: Fields<LayerCommon> = {
  name: { ...nameField, optional: true },
  from: { ...fromField, optional: true },
};

/** What the factories return: `options` checked and completed by the rule's fields. */
export function makeLayer<T extends LayerCommon & { readonly type: string }>(
  type: T["type"],
  rule: LayerRule<T>,
  options: object,
): T {
  return readTagged({ ...options, type }, "", "layer", { [type]: rule }) as T;
}

/** Throws shape-mismatch unless `fits`: `dense "fc1": expected input [N, 784], got [N, 28, 28, 1]. …` */
export function expectInput(
  context: BuildContext,
  fits: boolean,
  expected: string,
  got: Shape,
  advice: string,
): void {
  if (fits) return;
  throw new AtelierError(
    "shape-mismatch",
    `${context.where}: expected input ${expected}, got ${batchShape(got)}. ${advice}`,
  );
}

/** `[N, 28, 28, 1]`: a shape whose first extent is the batch. */
export function batchShape(shape: Shape): string {
  return `[${["N", ...shape.slice(1)].join(", ")}]`;
}
