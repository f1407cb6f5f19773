/** Turns one fused kernel unit into kernel calls: a table total over the op set. Element-wise ops: lower-map.ts. */
import { AtelierError } from "../error.ts";
import type { OpNode } from "../graph/graph.ts";
import type { OpName, WindowAttrs } from "../graph/ops.ts";
import { type Shape, sizeOf, stridesOf } from "../graph/shape.ts";
import { convolutionKernel, geometryOfNode, type Machine } from "./convolution.ts";
import type { KernelUnit } from "./fuse.ts";
import { type KernelArgs, type KernelCall, noRef, type Ref } from "./program.ts";

export interface LowerContext {
  /** Where a value is. */
  readonly at: (id: number) => Ref;
  readonly shape: (id: number) => Shape;
  readonly machine: Machine;
  /** Whether a value is state that lies in panels (panels.ts). */
  readonly isInPanels: (id: number) => boolean;
  /** What a value is to be multiplied by if it is pixels as bytes, otherwise 0. */
  readonly pixelScale: (id: number) => number;
}

/** The fields of what joined a Winograd convolution, on the way in and out. */
interface ConvolutionJoins {
  readonly norm: Pick<KernelArgs<"conv2dWinograd">, "moments" | "gamma" | "beta" | "epsilon" | "normRelu">;
  readonly normGrad: Pick<
    KernelArgs<"conv2dThinFilterGrad">,
    "z" | "moments" | "gamma" | "beta" | "paramGrad" | "epsilon" | "relu"
  >;
  readonly places: Ref;
  readonly pooled: 0 | 1;
}

type LoweringRule<K extends OpName> = (
  node: OpNode<K>,
  y: Ref,
  context: LowerContext & {
    readonly bias: Ref;
    readonly relu: 0 | 1;
    readonly also: { readonly [K in keyof KernelUnit["also"]]: Ref };
    readonly pool: KernelUnit["pool"];
    /** The convolution that is lowered, as the graph has it, and what joined it. */
    readonly node: OpNode<K>;
    readonly joined: ConvolutionJoins;
  },
) => readonly KernelCall[];

const leaf = (): readonly KernelCall[] => [];
const inMap = (): never => {
  throw new AtelierError("internal", "an element-wise op reached the kernel table.");
};
const isView = leaf;

const loweringRules: { readonly [K in OpName]: LoweringRule<K> } = {
  input: leaf,
  state: leaf,
  constant: leaf,
  add: inMap,
  sub: inMap,
  mul: inMap,
  div: inMap,
  maximum: inMap,
  affine: inMap,
  relu: inMap,
  step: inMap,
  sigmoid: inMap,
  tanh: inMap,
  exp: inMap,
  log: inMap,
  sqrt: inMap,
  erf: inMap,
  dropout: inMap,
  reshape: isView,
  transpose: ({ inputs: [x], attrs, shape }, y, { at, shape: shapeOf }) => {
    const strides = stridesOf(shapeOf(x!));
    return [
      copy(
        at(x!),
        y,
        shape,
        attrs.axes.map((axis) => strides[axis]!),
        stridesOf(shape),
      ),
    ];
  },
  broadcastTo: ({ inputs: [x], shape }, y, { at, shape: shapeOf }) => {
    const from = [...shape.slice(shapeOf(x!).length).map(() => 1), ...shapeOf(x!)];
    const strides = stridesOf(from).map((stride, axis) => (from[axis] === 1 ? 0 : stride));
    return [copy(at(x!), y, shape, strides, stridesOf(shape))];
  },
  slice: ({ inputs: [x], attrs: { axis, start }, shape }, y, { at, shape: shapeOf }) => {
    const strides = stridesOf(shapeOf(x!));
    return [copy(at(x!), y, shape, strides, stridesOf(shape), start * strides[axis]!)];
  },
  concat: ({ inputs, attrs: { axis }, shape }, y, { at, shape: shapeOf }) => {
    const strides = stridesOf(shape);
    let start = 0;
    return inputs.map((x) => {
      const part = shapeOf(x);
      const call = copy(at(x), y, part, stridesOf(part), strides, 0, start * strides[axis]!);
      start += part[axis]!;
      return call;
    });
  },
  sum: ({ inputs: [x], attrs: { axes } }, y, { at, shape: shapeOf }) => {
    const shape = shapeOf(x!);
    const [first, last] = [Math.min(...axes), Math.max(...axes)];
    return [
      {
        kernel: "reduceSum",
        args: {
          x: at(x!),
          y,
          outer: sizeOf(shape.slice(0, first)),
          reduce: sizeOf(shape.slice(first, last + 1)),
          inner: sizeOf(shape.slice(last + 1)),
        },
      },
    ];
  },
  matmul: (
    { inputs: [a, b], attrs: { transposeA, transposeB }, shape },
    c,
    { at, shape: shapeOf, bias, relu, isInPanels, pixelScale },
  ) => {
    const K = shapeOf(a!)[transposeA ? 0 : 1]!;
    return [
      {
        kernel: "gemm",
        args: {
          a: at(a!),
          b: at(b!),
          bias,
          c,
          M: shape[0]!,
          N: shape[1]!,
          K,
          transposeA: Number(transposeA),
          transposeB: Number(transposeB),
          relu,
          bPanels: Number(isInPanels(b!)),
          pixelScale: pixelScale(a!),
        },
      },
    ];
  },
  conv2d: ({ inputs: [x, filters] }, y, { at, shape, machine, bias, relu, also, node, joined }) => {
    const image = geometryOfNode(node, shape);
    const args = { x: at(x!), filters: at(filters!), bias, y, ...image, relu };
    const kernel = convolutionKernel("conv2d", image, machine);
    if (kernel === "conv2dThin") return [{ kernel, args: { ...args, moments: also.moments ?? noRef } }];
    if (kernel !== "conv2dWinograd") return [{ kernel, args }];
    const { norm, pooled: pool } = joined;
    const { index = noRef, moments: resultMoments = noRef } = also;
    return [{ kernel, args: { ...args, ...norm, index, resultMoments, pool } }];
  },
  conv2dInputGrad: ({ inputs: [filters, dy] }, dx, { at, shape, machine, node, joined }) => {
    const image = geometryOfNode(node, shape);
    const args = { filters: at(filters!), dy: at(dy!), dx, ...image };
    const kernel = convolutionKernel("conv2dInputGrad", image, machine);
    if (kernel !== "conv2dInputGradWinograd") return [{ kernel, args }];
    return [{ kernel, args: { ...args, index: joined.places } }];
  },
  conv2dFilterGrad: ({ inputs: [x, dy] }, dFilters, { at, shape, machine, node, joined }) => {
    const image = geometryOfNode(node, shape);
    const args = { x: at(x!), dy: at(dy!), dFilters, ...image };
    const kernel = convolutionKernel("conv2dFilterGrad", image, machine);
    if (kernel === "conv2dThinFilterGrad") return [{ kernel, args: { ...args, ...joined.normGrad } }];
    if (kernel !== "conv2dFilterGradWinograd") return [{ kernel, args }];
    return [{ kernel, args: { ...args, ...joined.norm, index: joined.places } }];
  },
  maxPool2d: ({ inputs: [x], attrs, shape }, y, { at, shape: shapeOf, also }) => {
    const { index = noRef, moments = noRef } = also;
    return [
      { kernel: "maxPool2d", args: { x: at(x!), y, index, moments, ...poolArgs(shapeOf(x!), shape, attrs) } },
    ];
  },
  maxPool2dIndex: ({ inputs: [x], attrs, shape }, index, { at, shape: shapeOf }) => {
    const only = { x: at(x!), y: noRef, index, moments: noRef };
    return [{ kernel: "maxPool2d", args: { ...only, ...poolArgs(shapeOf(x!), shape, attrs) } }];
  },
  maxPool2dGrad: ({ inputs: [index, dy], attrs, shape }, dx, { at, shape: shapeOf }) => [
    {
      kernel: "maxPool2dGrad",
      args: { index: at(index!), dy: at(dy!), dx, ...poolArgs(shape, shapeOf(dy!), attrs) },
    },
  ],
  avgPool2d: ({ inputs: [x], attrs, shape }, y, { at, shape: shapeOf }) => [
    { kernel: "avgPool2d", args: { x: at(x!), y, ...poolArgs(shapeOf(x!), shape, attrs) } },
  ],
  avgPool2dGrad: ({ inputs: [dy], attrs }, dx, { at, shape: shapeOf }) => [
    { kernel: "avgPool2dGrad", args: { dy: at(dy!), dx, ...poolArgs(attrs.shape, shapeOf(dy!), attrs) } },
  ],
  moments: ({ inputs: [x] }, y, { at, shape }) => [
    { kernel: "moments", args: { x: at(x!), y, ...rowArgs(shape(x!)) } },
  ],
  batchNorm: ({ inputs, attrs: { epsilon }, shape }, y, { at, relu }) => {
    const [x, moments, gamma, beta] = inputs.map(at) as [Ref, Ref, Ref, Ref];
    return [{ kernel: "batchNorm", args: { x, moments, gamma, beta, y, ...rowArgs(shape), epsilon, relu } }];
  },
  // Where relu joined, gamma and beta follow the op's own operands; where a pool did, its index comes last.
  batchNormParamGrad: ({ inputs, attrs: { epsilon } }, y, { at, shape, relu }) => {
    const [x, moments, dy, gamma = noRef, beta = noRef] = inputs.map(at) as [Ref, Ref, Ref, Ref?, Ref?];
    const args = { x, moments, gamma, beta, dy, y, ...rowArgs(shape(inputs[0]!)), epsilon, relu };
    return [{ kernel: "batchNormParamGrad", args }];
  },
  batchNormInputGrad: ({ inputs, attrs: { epsilon }, shape }, dx, { at, relu, pool }) => {
    const [x, moments, gamma, paramGrad, dy] = inputs.map(at) as [Ref, Ref, Ref, Ref, Ref];
    const beta = relu ? at(inputs[6]!) : noRef;
    const common = { x, moments, gamma, beta, paramGrad, dy, dx, epsilon, relu };
    if (pool === undefined) return [{ kernel: "batchNormInputGrad", args: { ...common, ...rowArgs(shape) } }];
    const index = at(inputs.at(-1)!);
    const args = { ...common, index, ...poolArgs(pool.shape, shape, pool.attrs) };
    return [{ kernel: "batchNormPoolGrad", args }];
  },
  layerNorm: ({ inputs, attrs: { epsilon }, shape }, y, { at }) => {
    const [x, gamma, beta] = inputs.map(at) as [Ref, Ref, Ref];
    return [{ kernel: "layerNorm", args: { x, gamma, beta, y, ...rowArgs(shape), epsilon } }];
  },
  layerNormParamGrad: ({ inputs, attrs: { epsilon } }, y, { at, shape }) => {
    const [x, dy] = inputs.map(at) as [Ref, Ref];
    return [{ kernel: "layerNormParamGrad", args: { x, dy, y, ...rowArgs(shape(inputs[0]!)), epsilon } }];
  },
  layerNormInputGrad: ({ inputs, attrs: { epsilon }, shape }, dx, { at }) => {
    const [x, gamma, dy] = inputs.map(at) as [Ref, Ref, Ref];
    return [{ kernel: "layerNormInputGrad", args: { x, gamma, dy, dx, ...rowArgs(shape), epsilon } }];
  },
  softmax: ({ inputs: [x], shape }, y, { at }) => [
    { kernel: "softmax", args: { x: at(x!), y, ...rowArgs(shape) } },
  ],
  // What joined is in `also`; dy then follows the op's own operands.
  softmaxCrossEntropy: ({ inputs, attrs }, y, { at, shape, also: { gradient = noRef, right = noRef } }) => {
    const [logits, targets, dy = noRef] = inputs.map(at) as [Ref, Ref, Ref?];
    const args = { logits, targets, dy, y, dx: gradient, right, ...rowArgs(shape(inputs[0]!)), ...attrs };
    return [{ kernel: "softmaxCrossEntropy", args }];
  },
  softmaxCrossEntropyGrad: ({ inputs, attrs, shape }, dx, { at }) => {
    const [logits, targets, dy] = inputs.map(at) as [Ref, Ref, Ref];
    const args = { logits, targets, dy, y: noRef, dx, right: noRef, ...rowArgs(shape), ...attrs };
    return [{ kernel: "softmaxCrossEntropy", args }];
  },
  correct: ({ inputs }, right, { at, shape }) => {
    const [logits, targets] = inputs.map(at) as [Ref, Ref];
    const only = { logits, targets, dy: noRef, y: noRef, dx: noRef, right, labelSmoothing: 0 };
    return [{ kernel: "softmaxCrossEntropy", args: { ...only, ...rowArgs(shape(inputs[0]!)) } }];
  },
};

/** Kernel calls that compute `unit` into `y`. */
export function lowerKernel(unit: KernelUnit, y: Ref, context: LowerContext): readonly KernelCall[] {
  const rule = loweringRules[unit.node.op] as LoweringRule<OpName>;
  const bias = unit.bias === undefined ? noRef : context.at(unit.bias);
  const also = Object.fromEntries(Object.entries(unit.also).map(([name, id]) => [name, context.at(id)]));
  const node = { ...unit.node, inputs: unit.operands } as OpNode<OpName>;
  const joined = convolutionJoins(unit, context);
  const relu = unit.relu ? 1 : 0;
  return rule(node, y, { ...context, bias, relu, also, pool: unit.pool, node: unit.node, joined } as never);
}

function convolutionJoins(
  { norm, normGrad, places, pooled }: KernelUnit,
  { at }: LowerContext,
): ConvolutionJoins {
  const none = { moments: noRef, gamma: noRef, beta: noRef, epsilon: 0 };
  const gradient = normGrad?.node.op === "batchNormInputGrad" ? normGrad : undefined;
  return {
    norm:
      norm?.node.op === "batchNorm"
        ? normFields(norm, norm.node.attrs.epsilon, at)
        : { ...none, normRelu: 0 },
    normGrad:
      gradient === undefined
        ? { ...none, z: noRef, paramGrad: noRef, relu: 0 }
        : normGradFields(gradient, at),
    places: places === undefined ? noRef : at(places),
    pooled: pooled ? 1 : 0,
  };
}

function normGradFields({ node, operands, relu }: KernelUnit, at: LowerContext["at"]) {
  const [z, moments, gamma, paramGrad] = operands.map(at) as [Ref, Ref, Ref, Ref];
  const { epsilon } = (node as OpNode<"batchNormInputGrad">).attrs;
  return { z, moments, gamma, beta: relu ? at(operands[6]!) : noRef, paramGrad, epsilon, relu: Number(relu) };
}

function normFields({ operands, relu }: KernelUnit, epsilon: number, at: LowerContext["at"]) {
  const [, moments, gamma, beta] = operands.map(at) as [Ref, Ref, Ref, Ref];
  return { moments, gamma, beta, epsilon, normRelu: Number(relu) };
}

/** [rows, C]: all axes but the last together. */
function rowArgs(shape: Shape): { rows: number; C: number } {
  return { rows: sizeOf(shape.slice(0, -1)), C: shape.at(-1)! };
}

function poolArgs(x: Shape, y: Shape, { size, strides, padding }: WindowAttrs) {
  return {
    N: x[0]!,
    H: x[1]!,
    W: x[2]!,
    C: x[3]!,
    kH: size[0],
    kW: size[1],
    sH: strides[0],
    sW: strides[1],
    padTop: padding.top,
    padLeft: padding.left,
    oH: y[1]!,
    oW: y[2]!,
  };
}

const copyRank = 5;

/** A strided copy; axes that run on in both memories are merged first. Throws internal above five axes. */
export function copy(
  x: Ref,
  y: Ref,
  shape: Shape,
  xStrides: readonly number[],
  yStrides: readonly number[],
  xOffset = 0,
  yOffset = 0,
): KernelCall {
  const axes: { n: number; x: number; y: number }[] = [];
  shape.forEach((n, axis) => {
    const [xStride, yStride] = [xStrides[axis]!, yStrides[axis]!];
    const outer = axes.at(-1);
    if (n === 1) return;
    if (outer !== undefined && outer.x === n * xStride && outer.y === n * yStride) {
      axes[axes.length - 1] = { n: outer.n * n, x: xStride, y: yStride };
    } else {
      axes.push({ n, x: xStride, y: yStride });
    }
  });
  if (axes.length > copyRank)
    throw new AtelierError("internal", `a copy over ${axes.length} axes; at most ${copyRank} are supported.`);
  while (axes.length < copyRank) axes.unshift({ n: 1, x: 0, y: 0 });
  const [a, b, c, d, e] = axes as [
    (typeof axes)[0],
    (typeof axes)[0],
    (typeof axes)[0],
    (typeof axes)[0],
    (typeof axes)[0],
  ];
  return {
    kernel: "stridedCopy",
    args: {
      x,
      y,
      n0: a.n,
      n1: b.n,
      n2: c.n,
      n3: d.n,
      n4: e.n,
      x0: a.x,
      x1: b.x,
      x2: c.x,
      x3: d.x,
      x4: e.x,
      y0: a.y,
      y1: b.y,
      y2: c.y,
      y3: d.y,
      y4: e.y,
      xOffset,
      yOffset,
    },
  };
}
