/** What training minimises. One loss so far; `type` leaves room. */
import { AtelierError } from "../error.ts";
import type { GraphBuilder, Value } from "../graph/builder.ts";
import { type Fields, listOf, optional, readTagged, realNumber, withDefault } from "./fields.ts";

export interface CrossEntropyLoss {
  readonly type: "crossEntropy";
  readonly labelSmoothing: number;
  readonly classWeights?: readonly number[];
}

export type LossConfig = CrossEntropyLoss;

export interface CrossEntropyOptions {
  /** s in [0, 1): targets become (1 − s)·t + s/classes (Szegedy et al. 2016, §7). Default 0. */
  readonly labelSmoothing?: number;
  /** One number ≥ 0 a class. */
  readonly classWeights?: readonly number[];
}

/**
 * Cross-entropy of softmax(logits) against the targets, −Σ t·log p, averaged over the batch. With class weights
 * each example's loss is multiplied by its class's weight and the sum still divided by the batch size, as Keras'
 * class_weight does (PyTorch divides by the sum of weights). Mixed targets take the mixture of weights.
 */
export function crossEntropy(options: CrossEntropyOptions = {}): CrossEntropyLoss {
  return parseLoss({ ...options, type: "crossEntropy" }, "");
}

const crossEntropyFields: Fields<Omit<CrossEntropyLoss, "type">> = {
  labelSmoothing: withDefault(realNumber({ min: 0, below: 1 }), 0),
  classWeights: optional(listOf(realNumber({ min: 0 }), 2)),
};

/** A loss from data of any origin, checked and in normal form. Throws bad-argument. */
export function parseLoss(value: unknown, where: string): LossConfig {
  return readTagged(value, where, "loss", { crossEntropy: { fields: crossEntropyFields } }) as LossConfig;
}

export interface BuiltLoss {
  /** [N] */
  readonly perExample: Value;
  /** Scalar: the mean over the batch. */
  readonly mean: Value;
}

/** Adds the loss of `logits` [N, C] against `targets` [N, C] to the graph. Throws bad-argument. */
export function buildLoss(builder: GraphBuilder, logits: Value, targets: Value, loss: LossConfig): BuiltLoss {
  const [rows, classes] = builder.shape(logits) as [number, number];
  let perExample = builder.softmaxCrossEntropy(logits, targets, loss.labelSmoothing);
  const weights = loss.classWeights;
  if (weights !== undefined) {
    if (weights.length !== classes) {
      throw new AtelierError(
        "bad-argument",
        `crossEntropy: expected classWeights to have one number a class (${classes}), got ${weights.length}.`,
      );
    }
    const column = builder.constant(weights, [classes, 1]);
    perExample = builder.mul(perExample, builder.reshape(builder.matmul(targets, column), [rows]));
  }
  return { perExample, mean: builder.reshape(builder.mean(perExample), []) };
}
