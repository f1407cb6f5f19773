/**
 * The closed op set. A new key here is a compile error in every table until each pass handles it:
 * shape rules (graph/shape-rules.ts), gradients (autodiff/gradient-rules.ts), the reference executor
 * (executors/reference/kernels.ts), lowering (plan/lower.ts), ONNX (onnx/op-rules.ts) and the test samples
 * (test/op-samples.ts). Everything else (gelu, mean, L2, Adam…) is composed from these.
 *
 * Values are float32, row-major; images are [N, H, W, C], filters [kH, kW, C/groups, F]; a node has one output.
 */
import type { Shape } from "./shape.ts";

export type NoAttrs = Readonly<Record<never, never>>;

/** Geometry of a sliding window; `padding` is explicit, so that "same" is resolved once, by the layer. */
export interface WindowAttrs {
  readonly size: readonly [height: number, width: number];
  readonly strides: readonly [vertical: number, horizontal: number];
  readonly padding: {
    readonly top: number;
    readonly bottom: number;
    readonly left: number;
    readonly right: number;
  };
}

/** Geometry of a convolution. Its `size` is that of the filters' first two axes. */
export interface ConvAttrs extends WindowAttrs {
  readonly dilation: readonly [vertical: number, horizontal: number];
  readonly groups: number;
}

export interface OpAttrs {
  // Leaves
  /** A value given anew each step: "images" [N,H,W,C], "targets" [N,classes], or a scalar such as "learningRate". */
  input: { readonly name: string; readonly shape: Shape };
  /** A value the session keeps between steps: weights, optimiser slots, moving statistics. */
  state: { readonly name: string; readonly shape: Shape };
  /** Known numbers; one value fills the whole shape. */
  constant: { readonly values: readonly number[]; readonly shape: Shape };

  // Element-wise; two operands broadcast by NumPy's rule
  add: NoAttrs;
  sub: NoAttrs;
  mul: NoAttrs;
  div: NoAttrs;
  maximum: NoAttrs;
  /** y = scale·x + offset */
  affine: { readonly scale: number; readonly offset: number };
  relu: NoAttrs;
  /** 1 where x > 0, else 0. */
  step: NoAttrs;
  sigmoid: NoAttrs;
  tanh: NoAttrs;
  exp: NoAttrs;
  log: NoAttrs;
  sqrt: NoAttrs;
  erf: NoAttrs;
  /** Inverted dropout: x / (1 − rate) where Philox(seed, stream, step, element) ≥ rate, else 0. */
  dropout: { readonly rate: number; readonly stream: number };

  // Shape
  reshape: { readonly shape: Shape };
  /** Output axis i is input axis `axes[i]`. */
  transpose: { readonly axes: readonly number[] };
  broadcastTo: { readonly shape: Shape };
  /** Elements [start, end) along `axis`. */
  slice: { readonly axis: number; readonly start: number; readonly end: number };
  concat: { readonly axis: number };

  // Reductions and products
  /** Sum over `axes`, kept as extents of 1. */
  sum: { readonly axes: readonly number[] };
  /** a [M,K] (or its transpose) times b [K,N] (or its transpose) → [M,N]. */
  matmul: { readonly transposeA: boolean; readonly transposeB: boolean };

  // Images
  /** x [N,H,W,C], filters [kH,kW,C/groups,F] → [N,H',W',F]; cross-correlation, as Keras and ONNX have it. */
  conv2d: ConvAttrs;
  /** ∂L/∂x of conv2d from (filters, dy); `shape` is that of x. */
  conv2dInputGrad: ConvAttrs & { readonly shape: Shape };
  /** ∂L/∂filters of conv2d from (x, dy); `shape` is that of the filters. */
  conv2dFilterGrad: ConvAttrs & { readonly shape: Shape };
  /** Padding counts as −∞. */
  maxPool2d: WindowAttrs;
  /** The first maximum's place in each window of x, row-major from 0: what the gradient is routed by. */
  maxPool2dIndex: WindowAttrs;
  /** ∂L/∂x from (index, dy): each window's to the pixel that its index names; `shape` is that of x. */
  maxPool2dGrad: WindowAttrs & { readonly shape: Shape };
  /** Mean over the pixels of the window that lie inside the image, as Keras has it. */
  avgPool2d: WindowAttrs;
  /** ∂L/∂x from dy; `shape` is that of x. */
  avgPool2dGrad: WindowAttrs & { readonly shape: Shape };

  // Normalisation. `moments` packs two rows of C numbers, [2,C].
  /** [2,C]: mean and biased variance over all axes but the last. Its gradient is carried by batchNorm. */
  moments: NoAttrs;
  /**
   * (x, moments, gamma [C], beta [C]) → gamma·(x − mean)/√(variance + epsilon) + beta.
   * With `batchStatistics` the moments are those of x itself, and ∂/∂x includes the path through them.
   */
  batchNorm: { readonly epsilon: number; readonly batchStatistics: boolean };
  /** (x, moments, dy) → [2,C]: ∂L/∂gamma and ∂L/∂beta. */
  batchNormParamGrad: { readonly epsilon: number };
  /** (x, moments, gamma, paramGrad [2,C], dy) → ∂L/∂x with batch statistics (Ioffe & Szegedy 2015, §3). */
  batchNormInputGrad: { readonly epsilon: number };
  /** (x [...,C], gamma [C], beta [C]) normalised over the last axis (Ba et al. 2016). */
  layerNorm: { readonly epsilon: number };
  /** (x, dy) → [2,C]: ∂L/∂gamma and ∂L/∂beta. */
  layerNormParamGrad: { readonly epsilon: number };
  /** (x, gamma, dy) → ∂L/∂x. */
  layerNormInputGrad: { readonly epsilon: number };

  // Classification
  /** Over the last axis. */
  softmax: NoAttrs;
  /**
   * (logits [N,C], targets [N,C]) → loss per row [N]; targets are smoothed to
   * (1 − s)·t + s/C before the cross-entropy (Szegedy et al. 2016, §7).
   */
  softmaxCrossEntropy: { readonly labelSmoothing: number };
  /** (logits, targets, dy [N]) → ∂L/∂logits. Targets are taken as constants. */
  softmaxCrossEntropyGrad: { readonly labelSmoothing: number };
  /** (logits [N,C], targets [N,C]) → [N]: 1 where both have their (first) maximum at the same class. */
  correct: NoAttrs;
}

export type OpName = keyof OpAttrs;
