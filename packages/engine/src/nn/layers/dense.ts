import type { Value } from "../../graph/builder.ts";
import { sizeOf } from "../../graph/shape.ts";
import { type Activation, activationField, buildActivation } from "../activations.ts";
import { flag, optional, wholeNumber, withDefault } from "../fields.ts";
import { type Initializer, initializerField } from "../initializers.ts";
import { type Regularizer, regularizerField } from "../regularizers.ts";
import {
  batchShape,
  type CommonOptions,
  commonFields,
  expectInput,
  type LayerCommon,
  type LayerRule,
  makeLayer,
} from "./layer.ts";

export interface DenseLayer extends LayerCommon {
  readonly type: "dense";
  readonly units: number;
  readonly activation: Activation;
  readonly useBias: boolean;
  readonly kernelInitializer: Initializer;
  readonly biasInitializer: Initializer;
  readonly kernelRegularizer?: Regularizer;
}

export interface DenseOptions extends CommonOptions {
  /** Default "linear". */
  readonly activation?: Activation;
  /** Default true. */
  readonly useBias?: boolean;
  /** Default "glorotUniform". */
  readonly kernelInitializer?: Initializer;
  /** Default "zeros". */
  readonly biasInitializer?: Initializer;
  readonly kernelRegularizer?: Regularizer;
}

/**
 * Fully connected layer, y = activation(xW + b), with x [N, in], kernel W [in, units], bias b [units].
 * W starts Glorot-uniform (Glorot & Bengio 2010, eq. 16), b at zero. Unlike Keras' it takes rank 2 only:
 * images go through flatten() or a global pooling first.
 */
export function dense(units: number, options: DenseOptions = {}): DenseLayer {
  return makeLayer("dense", denseRule, { units, ...options });
}

export const denseRule: LayerRule<DenseLayer> = {
  kerasName: "Dense",
  arity: "one",
  fields: {
    units: wholeNumber(1),
    activation: withDefault(activationField, "linear"),
    useBias: withDefault(flag, true),
    kernelInitializer: withDefault(initializerField, "glorotUniform"),
    biasInitializer: withDefault(initializerField, "zeros"),
    kernelRegularizer: optional(regularizerField),
    ...commonFields,
  },
  build: (context, [x], layer): Value => {
    const { builder, parameter } = context;
    const shape = builder.shape(x!);
    const features = sizeOf(shape.slice(1));
    expectInput(context, shape.length === 2, batchShape([1, features]), shape, "Add flatten() before it.");
    const kernel = parameter("kernel", [features, layer.units], {
      initializer: layer.kernelInitializer,
      regularizer: layer.kernelRegularizer,
    });
    // Product, bias and activation stay neighbours: the planner makes one kernel call of them.
    const product = builder.matmul(x!, kernel);
    const sum = layer.useBias
      ? builder.add(product, parameter("bias", [layer.units], { initializer: layer.biasInitializer }))
      : product;
    return buildActivation(builder, sum, layer.activation);
  },
};
