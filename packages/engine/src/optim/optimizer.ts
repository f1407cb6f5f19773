/**
 * What an optimiser is: plain data, and a rule that writes one parameter's update as graph. A new optimiser is
 * one file like sgd.ts and one line in optimizers.ts. Updates are element-wise (but for Muon's products), with
 * everything scalar computed once, so that the planner makes one pass over each parameter of them.
 */
import type { GraphBuilder, Value } from "../graph/builder.ts";
import type { Shape } from "../graph/shape.ts";
import { type Fields, readTagged } from "../nn/fields.ts";

/** What is known of a parameter that is updated. */
export interface TrainedParameter {
  /** Of its state: `layer/kernel`. */
  readonly name: string;
  readonly shape: Shape;
}

export interface OptimizerRule<T extends { readonly type: string }> {
  readonly fields: Fields<Omit<T, "type">>;
  /** Adds the update of one parameter; returns its new value. */
  readonly update: (context: UpdateContext, optimizer: T) => Value;
}

/** One parameter in one step. */
export interface UpdateContext {
  readonly builder: GraphBuilder;
  readonly parameter: TrainedParameter;
  /** Whether it is the model's last kernel, which makes the logits. */
  readonly isLastKernel: boolean;
  /** The value before the step. */
  readonly weights: Value;
  /** Of the loss, after clipping. */
  readonly gradient: Value;
  /** Scalar. */
  readonly learningRate: Value;
  /** Scalar, the number t of this step, from 1. */
  readonly step: Value;
  /** A tensor like the parameter that the optimiser keeps between steps, starting at zero. */
  readonly slot: (kind: string) => Slot;
}

export interface Slot {
  /** Before the step. */
  readonly value: Value;
  /** Sets the value after the step and returns it. */
  readonly set: (next: Value) => Value;
}

/** What the factories return: `options` checked and completed by the rule's fields. */
export function makeOptimizer<T extends { readonly type: string }>(
  type: T["type"],
  rule: OptimizerRule<T>,
  options: object,
): T {
  return readTagged({ ...options, type }, "", "optimizer", { [type]: rule }) as T;
}

/** a + (b − a)·weight, the way Keras moves its averages. */
export function moveTowards(builder: GraphBuilder, a: Value, b: Value, weight: number): Value {
  return builder.add(a, builder.scale(builder.sub(b, a), weight));
}

/**
 * Decoupled weight decay (Loshchilov & Hutter 2019), w − learningRate·decay·w. As Keras' and PyTorch's defaults
 * have it, it takes in every trainable parameter, biases and batch norm's gamma and beta too.
 */
export function decayed({ builder, weights, learningRate }: UpdateContext, decay: number): Value {
  return decay === 0 ? weights : builder.mul(weights, builder.affine(learningRate, -decay, 1));
}
