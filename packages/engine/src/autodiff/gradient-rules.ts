/**
 * Reverse mode as one table: for y = op(inputs), given dy = ∂L/∂y, the gradients of the inputs, in order.
 * `undefined` marks an input that is never differentiated (targets, moments, gradients of gradients).
 */
import { AtelierError } from "../error.ts";
import type { GraphBuilder, Value } from "../graph/builder.ts";
import type { OpAttrs, OpName } from "../graph/ops.ts";

interface RuleContext<K extends OpName> {
  readonly inputs: readonly Value[];
  /** The op's own result. */
  readonly output: Value;
  readonly attrs: OpAttrs[K];
}

type GradientRule<K extends OpName> = (
  g: GraphBuilder,
  context: RuleContext<K>,
  dy: Value,
) => readonly (Value | undefined)[];

/** Operations that only gradients are made of have no gradient of their own. */
const onlyInGradients = (op: OpName) => (): never => {
  throw new AtelierError("internal", `${op} belongs to gradients and has none itself.`);
};

export const gradientRules: { readonly [K in OpName]: GradientRule<K> } = {
  input: () => [],
  state: () => [],
  constant: () => [],

  add: (g, { inputs: [a, b] }, dy) => [g.sumTo(dy, g.shape(a!)), g.sumTo(dy, g.shape(b!))],
  sub: (g, { inputs: [a, b] }, dy) => [g.sumTo(dy, g.shape(a!)), g.sumTo(g.scale(dy, -1), g.shape(b!))],
  mul: (g, { inputs: [a, b] }, dy) => [
    g.sumTo(g.mul(dy, b!), g.shape(a!)),
    g.sumTo(g.mul(dy, a!), g.shape(b!)),
  ],
  // ∂(a/b)/∂b = −(a/b)/b
  div: (g, { inputs: [a, b], output }, dy) => [
    g.sumTo(g.div(dy, b!), g.shape(a!)),
    g.sumTo(g.scale(g.div(g.mul(dy, output), b!), -1), g.shape(b!)),
  ],
  // Where both are equal the first operand takes none, like relu at 0.
  maximum: (g, { inputs: [a, b] }, dy) => {
    const first = g.step(g.sub(a!, b!));
    return [g.sumTo(g.mul(dy, first), g.shape(a!)), g.sumTo(g.mul(dy, g.affine(first, -1, 1)), g.shape(b!))];
  },
  affine: (g, { attrs }, dy) => [g.scale(dy, attrs.scale)],
  relu: (g, { output }, dy) => [g.mul(dy, g.step(output))],
  step: () => [undefined],
  sigmoid: (g, { output }, dy) => [g.mul(dy, g.mul(output, g.affine(output, -1, 1)))],
  tanh: (g, { output }, dy) => [g.mul(dy, g.affine(g.square(output), -1, 1))],
  exp: (g, { output }, dy) => [g.mul(dy, output)],
  log: (g, { inputs: [x] }, dy) => [g.div(dy, x!)],
  sqrt: (g, { output }, dy) => [g.scale(g.div(dy, output), 0.5)],
  // erf′(x) = 2/√π · exp(−x²)
  erf: (g, { inputs: [x] }, dy) => [
    g.mul(dy, g.scale(g.exp(g.scale(g.square(x!), -1)), 2 / Math.sqrt(Math.PI))),
  ],
  // The same stream draws the same mask.
  dropout: (g, { attrs }, dy) => [g.dropout(dy, attrs.rate, attrs.stream)],

  reshape: (g, { inputs: [x] }, dy) => [g.reshape(dy, g.shape(x!))],
  transpose: (g, { attrs }, dy) => [
    g.transpose(
      dy,
      attrs.axes.map((_, axis) => attrs.axes.indexOf(axis)),
    ),
  ],
  broadcastTo: (g, { inputs: [x] }, dy) => [g.sumTo(dy, g.shape(x!))],
  slice: (g, { inputs: [x], attrs: { axis, start, end } }, dy) => {
    const shape = g.shape(x!);
    const zeros = (count: number) =>
      count === 0
        ? []
        : [
            g.constant(
              0,
              shape.map((extent, i) => (i === axis ? count : extent)),
            ),
          ];
    return [g.concat([...zeros(start), dy, ...zeros(shape[axis]! - end)], axis)];
  },
  concat: (g, { inputs, attrs: { axis } }, dy) => {
    let start = 0;
    return inputs.map((x) => {
      const end = start + g.shape(x)[axis]!;
      const part = g.slice(dy, axis, start, end);
      start = end;
      return part;
    });
  },

  sum: (g, { inputs: [x] }, dy) => [g.broadcastTo(dy, g.shape(x!))],
  matmul: (g, { inputs: [a, b], attrs: { transposeA, transposeB } }, dy) => [
    transposeA
      ? g.matmul(b!, dy, { transposeA: transposeB, transposeB: true })
      : g.matmul(dy, b!, { transposeB: !transposeB }),
    transposeB
      ? g.matmul(dy, a!, { transposeA: true, transposeB: transposeA })
      : g.matmul(a!, dy, { transposeA: !transposeA }),
  ],

  conv2d: (g, { inputs: [x, filters], attrs }, dy) => [
    g.apply("conv2dInputGrad", [filters!, dy], { ...attrs, shape: g.shape(x!) }),
    g.apply("conv2dFilterGrad", [x!, dy], { ...attrs, shape: g.shape(filters!) }),
  ],
  conv2dInputGrad: onlyInGradients("conv2dInputGrad"),
  conv2dFilterGrad: onlyInGradients("conv2dFilterGrad"),
  maxPool2d: (g, { inputs: [x], attrs }, dy) => [
    g.apply("maxPool2dGrad", [g.apply("maxPool2dIndex", [x!], attrs), dy], { ...attrs, shape: g.shape(x!) }),
  ],
  maxPool2dIndex: onlyInGradients("maxPool2dIndex"),
  maxPool2dGrad: onlyInGradients("maxPool2dGrad"),
  avgPool2d: (g, { inputs: [x], attrs }, dy) => [
    g.apply("avgPool2dGrad", [dy], { ...attrs, shape: g.shape(x!) }),
  ],
  avgPool2dGrad: onlyInGradients("avgPool2dGrad"),

  // The path through the moments is part of batchNorm's own rule.
  moments: () => [undefined],
  batchNorm: (g, { inputs, attrs: { epsilon, batchStatistics } }, dy) => {
    const [x, moments, gamma] = inputs as readonly [Value, Value, Value, Value];
    const C = g.shape(gamma)[0]!;
    const paramGrad = g.apply("batchNormParamGrad", [x, moments, dy], { epsilon });
    const dx = batchStatistics
      ? g.apply("batchNormInputGrad", [x, moments, gamma, paramGrad, dy], { epsilon })
      : g.mul(dy, g.div(gamma, g.sqrt(g.affine(g.reshape(g.slice(moments, 0, 1, 2), [C]), 1, epsilon))));
    return [dx, undefined, ...rowsOf(g, paramGrad)];
  },
  batchNormParamGrad: onlyInGradients("batchNormParamGrad"),
  batchNormInputGrad: onlyInGradients("batchNormInputGrad"),
  layerNorm: (g, { inputs: [x, gamma], attrs }, dy) => [
    g.apply("layerNormInputGrad", [x!, gamma!, dy], attrs),
    ...rowsOf(g, g.apply("layerNormParamGrad", [x!, dy], attrs)),
  ],
  layerNormParamGrad: onlyInGradients("layerNormParamGrad"),
  layerNormInputGrad: onlyInGradients("layerNormInputGrad"),

  // dx = y ⊙ (dy − Σ dy ⊙ y)
  softmax: (g, { output }, dy) => {
    const inner = g.sum(g.mul(dy, output), [g.shape(output).length - 1]);
    return [g.mul(output, g.sub(dy, inner))];
  },
  softmaxCrossEntropy: (g, { inputs: [logits, targets], attrs }, dy) => [
    g.apply("softmaxCrossEntropyGrad", [logits!, targets!, dy], attrs),
    undefined,
  ],
  softmaxCrossEntropyGrad: onlyInGradients("softmaxCrossEntropyGrad"),
  correct: () => [undefined, undefined],
};

/** The two rows of a packed [2, C], each [C]. */
function rowsOf(g: GraphBuilder, packed: Value): [Value, Value] {
  const C = g.shape(packed)[1]!;
  return [g.reshape(g.slice(packed, 0, 0, 1), [C]), g.reshape(g.slice(packed, 0, 1, 2), [C])];
}
