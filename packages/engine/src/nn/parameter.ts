import type { Shape } from "../graph/shape.ts";
import type { ParameterInitializer } from "./initializers.ts";
import type { Regularizer } from "./regularizers.ts";

/** A tensor that belongs to the model. */
export interface Parameter {
  /** `layer/kernel`, also the name of its state. */
  readonly name: string;
  readonly shape: Shape;
  readonly trainable: boolean;
  readonly initializer: ParameterInitializer;
  readonly regularizer?: Regularizer;
}
