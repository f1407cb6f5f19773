import { windowPadding } from "../../graph/builder.ts";
import { type Activation, activationField, buildActivation } from "../activations.ts";
import { flag, oneOf, optional, pairOf, wholeNumber, withDefault } from "../fields.ts";
import { type Initializer, initializerField } from "../initializers.ts";
import { type Regularizer, regularizerField } from "../regularizers.ts";
import {
  type CommonOptions,
  commonFields,
  expectInput,
  type LayerCommon,
  type LayerRule,
  makeLayer,
} from "./layer.ts";
import { expectImage, expectWindow } from "./windows.ts";

export interface Conv2dLayer extends LayerCommon {
  readonly type: "conv2d";
  readonly filters: number;
  readonly kernelSize: readonly [vertical: number, horizontal: number];
  readonly strides: readonly [vertical: number, horizontal: number];
  readonly padding: "valid" | "same";
  readonly dilation: readonly [vertical: number, horizontal: number];
  readonly groups: number;
  readonly activation: Activation;
  readonly useBias: boolean;
  readonly kernelInitializer: Initializer;
  readonly biasInitializer: Initializer;
  readonly kernelRegularizer?: Regularizer;
}

export interface Conv2dOptions extends CommonOptions {
  /** Default 1. */
  readonly strides?: number | readonly [number, number];
  /** "valid" (default): no padding. "same": output extent = ⌈input / stride⌉, the odd pixel bottom and right. */
  readonly padding?: "valid" | "same";
  /** Distance between taps, default 1. */
  readonly dilation?: number | readonly [number, number];
  /** Default 1: every filter sees every channel. */
  readonly groups?: number;
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
 * Convolution (cross-correlation, as everywhere in deep learning), y = activation(x ∗ K + b), with images
 * x [N, H, W, C], kernel K [kH, kW, C/groups, filters], bias b [filters] → [N, H', W', filters].
 * K starts Glorot-uniform over its receptive field, b at zero. Paddings are Keras'.
 */
export function conv2d(
  filters: number,
  kernelSize: number | readonly [number, number],
  options: Conv2dOptions = {},
): Conv2dLayer {
  return makeLayer("conv2d", conv2dRule, { filters, kernelSize, ...options });
}

const extents = pairOf(wholeNumber(1));

export const conv2dRule: LayerRule<Conv2dLayer> = {
  kerasName: "Conv2D",
  arity: "one",
  fields: {
    filters: wholeNumber(1),
    kernelSize: extents,
    strides: withDefault(extents, [1, 1]),
    padding: withDefault(oneOf(["valid", "same"]), "valid"),
    dilation: withDefault(extents, [1, 1]),
    groups: withDefault(wholeNumber(1), 1),
    activation: withDefault(activationField, "linear"),
    useBias: withDefault(flag, true),
    kernelInitializer: withDefault(initializerField, "glorotUniform"),
    biasInitializer: withDefault(initializerField, "zeros"),
    kernelRegularizer: optional(regularizerField),
    ...commonFields,
  },
  build: (context, [x], layer) => {
    const { builder, parameter } = context;
    const { kernelSize: size, strides, dilation, groups } = layer;
    const [height, width, channels] = expectImage(context, builder.shape(x!));
    expectInput(
      context,
      channels % groups === 0 && layer.filters % groups === 0,
      `[N, H, W, C] with C and filters (${layer.filters}) divisible by groups (${groups})`,
      builder.shape(x!),
      "Choose groups that divide both.",
    );
    const span = [0, 1].map((axis) => (size[axis]! - 1) * dilation[axis]! + 1) as [number, number];
    expectWindow(context, builder.shape(x!), span, layer.padding);
    const padding = windowPadding(layer.padding, [height, width], { size, strides, dilation });
    const kernel = parameter("kernel", [...size, channels / groups, layer.filters], {
      initializer: layer.kernelInitializer,
      regularizer: layer.kernelRegularizer,
    });
    // Product, bias and activation stay neighbours: the planner makes one kernel call of them.
    const product = builder.conv2d(x!, kernel, { size, strides, padding, dilation, groups });
    const sum = layer.useBias
      ? builder.add(product, parameter("bias", [layer.filters], { initializer: layer.biasInitializer }))
      : product;
    return buildActivation(builder, sum, layer.activation);
  },
};
