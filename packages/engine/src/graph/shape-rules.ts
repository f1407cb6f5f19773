/** The shape of each op's result, from its operands' shapes; throws shape-mismatch with what was expected. */
import { AtelierError } from "../error.ts";
import type { ConvAttrs, OpAttrs, OpName, WindowAttrs } from "./ops.ts";
import { broadcastShapes, formatShape, type Shape, sameShape, sizeOf } from "./shape.ts";

type ShapeRule<K extends OpName> = (inputs: readonly Shape[], attrs: OpAttrs[K]) => Shape;

/** Number of operands; "any" for concat. */
const arities: { readonly [K in OpName]: number | "any" } = {
  input: 0,
  state: 0,
  constant: 0,
  add: 2,
  sub: 2,
  mul: 2,
  div: 2,
  maximum: 2,
  affine: 1,
  relu: 1,
  step: 1,
  sigmoid: 1,
  tanh: 1,
  exp: 1,
  log: 1,
  sqrt: 1,
  erf: 1,
  dropout: 1,
  reshape: 1,
  transpose: 1,
  broadcastTo: 1,
  slice: 1,
  concat: "any",
  sum: 1,
  matmul: 2,
  conv2d: 2,
  conv2dInputGrad: 2,
  conv2dFilterGrad: 2,
  maxPool2d: 1,
  maxPool2dIndex: 1,
  maxPool2dGrad: 2,
  avgPool2d: 1,
  avgPool2dGrad: 1,
  moments: 1,
  batchNorm: 4,
  batchNormParamGrad: 3,
  batchNormInputGrad: 5,
  layerNorm: 3,
  layerNormParamGrad: 2,
  layerNormInputGrad: 3,
  softmax: 1,
  softmaxCrossEntropy: 2,
  softmaxCrossEntropyGrad: 3,
  correct: 2,
};

const same: ShapeRule<OpName> = ([x]) => x!;
const broadcast: ShapeRule<OpName> = ([a, b]) => broadcastShapes(a!, b!);

const shapeRules: { readonly [K in OpName]: ShapeRule<K> } = {
  input: (_, { shape }) => shape,
  state: (_, { shape }) => shape,
  constant: (_, { shape, values }) => {
    expect(
      values.length === 1 || values.length === sizeOf(shape),
      "constant",
      `1 or ${sizeOf(shape)} values`,
      `${values.length}`,
    );
    return shape;
  },
  add: broadcast,
  sub: broadcast,
  mul: broadcast,
  div: broadcast,
  maximum: broadcast,
  affine: same,
  relu: same,
  step: same,
  sigmoid: same,
  tanh: same,
  exp: same,
  log: same,
  sqrt: same,
  erf: same,
  dropout: ([x], { rate }) => {
    expect(rate >= 0 && rate < 1, "dropout", "a rate in [0, 1)", `${rate}`);
    return x!;
  },
  reshape: ([x], { shape }) => {
    expect(
      sizeOf(x!) === sizeOf(shape),
      "reshape",
      `${sizeOf(x!)} elements, as in ${formatShape(x!)}`,
      formatShape(shape),
    );
    return shape;
  },
  transpose: ([x], { axes }) => {
    const sorted = [...axes].sort((a, b) => a - b);
    expect(
      axes.length === x!.length && sorted.every((axis, i) => axis === i),
      "transpose",
      `a permutation of ${x!.length} axes`,
      formatShape(axes),
    );
    return axes.map((axis) => x![axis]!);
  },
  broadcastTo: ([x], { shape }) => {
    expect(
      sameShape(broadcastShapes(x!, shape), shape),
      "broadcastTo",
      `a shape that broadcasts to ${formatShape(shape)}`,
      formatShape(x!),
    );
    return shape;
  },
  slice: ([x], { axis, start, end }) => {
    expect(
      axis < x!.length && start >= 0 && start < end && end <= x![axis]!,
      "slice",
      `0 ≤ start < end ≤ extent of axis ${axis} of ${formatShape(x!)}`,
      `[${start}, ${end})`,
    );
    return x!.map((extent, i) => (i === axis ? end - start : extent));
  },
  concat: (xs, { axis }) => {
    expect(
      xs.length > 0 && axis < xs[0]!.length,
      "concat",
      "at least one operand that has the axis",
      `${xs.length} operands, axis ${axis}`,
    );
    for (const x of xs) {
      expect(
        x.length === xs[0]!.length && x.every((extent, i) => i === axis || extent === xs[0]![i]),
        "concat",
        `shapes equal but for axis ${axis}`,
        xs.map(formatShape).join(" and "),
      );
    }
    return xs[0]!.map((extent, i) => (i === axis ? xs.reduce((total, x) => total + x[axis]!, 0) : extent));
  },
  sum: ([x], { axes }) => {
    expect(
      axes.every((axis) => axis >= 0 && axis < x!.length),
      "sum",
      `axes of ${formatShape(x!)}`,
      formatShape(axes),
    );
    return x!.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
  },
  matmul: ([a, b], { transposeA, transposeB }) => {
    expect(
      a!.length === 2 && b!.length === 2,
      "matmul",
      "two matrices",
      `${formatShape(a!)} and ${formatShape(b!)}`,
    );
    const [m, k] = transposeA ? [a![1]!, a![0]!] : [a![0]!, a![1]!];
    const [k2, n] = transposeB ? [b![1]!, b![0]!] : [b![0]!, b![1]!];
    expect(k === k2, "matmul", `inner extents to agree`, `[${m}, ${k}] times [${k2}, ${n}]`);
    return [m, n];
  },
  conv2d: ([x, filters], attrs) => {
    expectRank("conv2d", x!, 4, "[N, H, W, C]");
    expectRank("conv2d", filters!, 4, "[kH, kW, C/groups, F]");
    const [kH, kW, perGroup, F] = filters as readonly [number, number, number, number];
    expect(
      kH === attrs.size[0] && kW === attrs.size[1],
      "conv2d",
      `filters of ${attrs.size.join("×")}`,
      `${kH}×${kW}`,
    );
    expect(
      x![3] === perGroup * attrs.groups && F % attrs.groups === 0,
      "conv2d",
      `${x![3]} input channels to be groups × ${perGroup} and filters divisible by groups`,
      `groups ${attrs.groups}, ${F} filters`,
    );
    const [oH, oW] = windowOutput("conv2d", x!, attrs, attrs.dilation);
    return [x![0]!, oH, oW, F];
  },
  conv2dInputGrad: (_, { shape }) => shape,
  conv2dFilterGrad: (_, { shape }) => shape,
  maxPool2d: ([x], attrs) => pooled("maxPool2d", x!, attrs),
  maxPool2dIndex: ([x], attrs) => {
    const [height, width] = attrs.size;
    expect(
      height * width <= 65536,
      "maxPool2d",
      "a window of at most 65536 pixels for training",
      `${height}×${width}`,
    );
    return pooled("maxPool2d", x!, attrs);
  },
  maxPool2dGrad: (_, { shape }) => shape,
  avgPool2d: ([x], attrs) => pooled("avgPool2d", x!, attrs),
  avgPool2dGrad: (_, { shape }) => shape,
  moments: ([x]) => [2, x!.at(-1)!],
  batchNorm: ([x, moments, gamma, beta]) => {
    const C = x!.at(-1)!;
    expect(
      sameShape(moments!, [2, C]) && sameShape(gamma!, [C]) && sameShape(beta!, [C]),
      "batchNorm",
      `moments [2, ${C}], gamma and beta [${C}]`,
      [moments!, gamma!, beta!].map(formatShape).join(", "),
    );
    return x!;
  },
  batchNormParamGrad: ([x]) => [2, x!.at(-1)!],
  batchNormInputGrad: same,
  layerNorm: ([x, gamma, beta]) => {
    const C = x!.at(-1)!;
    expect(
      sameShape(gamma!, [C]) && sameShape(beta!, [C]),
      "layerNorm",
      `gamma and beta [${C}]`,
      [gamma!, beta!].map(formatShape).join(", "),
    );
    return x!;
  },
  layerNormParamGrad: ([x]) => [2, x!.at(-1)!],
  layerNormInputGrad: same,
  softmax: same,
  softmaxCrossEntropy: ([logits, targets]) => {
    expect(
      logits!.length === 2 && sameShape(logits!, targets!),
      "softmaxCrossEntropy",
      `targets ${formatShape(logits!)} like the logits`,
      formatShape(targets!),
    );
    return [logits![0]!];
  },
  softmaxCrossEntropyGrad: same,
  correct: ([logits, targets]) => {
    expect(
      logits!.length === 2 && sameShape(logits!, targets!),
      "correct",
      `targets ${formatShape(logits!)} like the logits`,
      formatShape(targets!),
    );
    return [logits![0]!];
  },
};

/** Shape of `op` applied to operands of the given shapes. Throws shape-mismatch. */
export function inferShape<K extends OpName>(op: K, inputs: readonly Shape[], attrs: OpAttrs[K]): Shape {
  const arity = arities[op];
  expect(arity === "any" || inputs.length === arity, op, `${arity} operands`, `${inputs.length}`);
  return shapeRules[op](inputs, attrs);
}

/** Output height and width of a window sliding over x [N, H, W, C]. */
function windowOutput(
  op: string,
  x: Shape,
  attrs: WindowAttrs,
  dilation: ConvAttrs["dilation"],
): [number, number] {
  const { size, strides, padding } = attrs;
  const spanned = [(size[0] - 1) * dilation[0] + 1, (size[1] - 1) * dilation[1] + 1] as const;
  const oH = Math.floor((x[1]! + padding.top + padding.bottom - spanned[0]) / strides[0]) + 1;
  const oW = Math.floor((x[2]! + padding.left + padding.right - spanned[1]) / strides[1]) + 1;
  expect(
    oH > 0 && oW > 0,
    op,
    `an image of at least ${spanned.join("×")} pixels with its padding`,
    formatShape(x),
  );
  return [oH, oW];
}

function pooled(op: string, x: Shape, attrs: WindowAttrs): Shape {
  expectRank(op, x, 4, "[N, H, W, C]");
  const { size, padding } = attrs;
  expect(
    padding.top < size[0] && padding.bottom < size[0] && padding.left < size[1] && padding.right < size[1],
    op,
    "padding smaller than the window",
    JSON.stringify(padding),
  );
  return [x[0]!, ...windowOutput(op, x, attrs, [1, 1]), x[3]!];
}

function expectRank(op: string, x: Shape, rank: number, layout: string): void {
  expect(x.length === rank, op, `a tensor ${layout}`, formatShape(x));
}

function expect(condition: boolean, op: string, expected: string, got: string): void {
  if (!condition) throw new AtelierError("shape-mismatch", `${op}: expected ${expected}, got ${got}.`);
}
