/**
 * Small graphs for every op at odd sizes, total over the op set: the shape, gradient and executor tests run over
 * this table, so that a new op is tested as soon as it has a row.
 */
import type { GraphBuilder, Value } from "../src/graph/builder.ts";
import type { ConvAttrs, OpName, WindowAttrs } from "../src/graph/ops.ts";
import type { Shape } from "../src/graph/shape.ts";

export interface OpSample {
  /** State tensors by name; values are drawn by the test. */
  readonly operands: Readonly<Record<string, Shape>>;
  readonly build: (g: GraphBuilder, operands: Readonly<Record<string, Value>>) => Value;
  /** Operands whose gradient is checked against finite differences; default all. */
  readonly differentiable?: readonly string[];
  /** Operands that must be positive. */
  readonly positive?: readonly string[];
  /** Operands that must be probability rows. */
  readonly targets?: readonly string[];
}

const x57: Readonly<Record<string, Shape>> = { x: [5, 7] };
const ab: Readonly<Record<string, Shape>> = { a: [5, 7], b: [5, 7] };
const conv = (over: Partial<ConvAttrs> = {}): ConvAttrs => ({
  size: [3, 3],
  strides: [1, 1],
  padding: { top: 1, bottom: 1, left: 1, right: 1 },
  dilation: [1, 1],
  groups: 1,
  ...over,
});
const pool = (over: Partial<WindowAttrs> = {}): WindowAttrs => ({
  size: [2, 2],
  strides: [2, 2],
  padding: { top: 0, bottom: 1, left: 0, right: 1 },
  ...over,
});

const convSamples: readonly OpSample[] = [
  { operands: { x: [2, 5, 7, 3], w: [3, 3, 3, 5] }, build: (g, { x, w }) => g.conv2d(x!, w!, conv()) },
  {
    operands: { x: [2, 9, 8, 4], w: [3, 2, 2, 6] },
    build: (g, { x, w }) =>
      g.conv2d(
        x!,
        w!,
        conv({ size: [3, 2], strides: [2, 1], groups: 2, padding: { top: 0, bottom: 1, left: 1, right: 0 } }),
      ),
  },
  {
    operands: { x: [1, 11, 7, 1], w: [3, 3, 1, 17] },
    build: (g, { x, w }) =>
      g.conv2d(x!, w!, conv({ dilation: [2, 1], padding: { top: 2, bottom: 2, left: 0, right: 0 } })),
  },
  {
    operands: { x: [3, 6, 6, 16], w: [5, 5, 16, 33] },
    build: (g, { x, w }) =>
      g.conv2d(x!, w!, conv({ size: [5, 5], padding: { top: 2, bottom: 2, left: 2, right: 2 } })),
  },
  // Fused: convolution, bias, relu.
  {
    operands: { x: [2, 6, 5, 2], w: [3, 3, 2, 8], b: [8] },
    build: (g, { x, w, b }) => g.relu(g.add(g.conv2d(x!, w!, conv()), b!)),
  },
];

export const opSamples: { readonly [K in OpName]: readonly OpSample[] } = {
  input: [],
  state: [{ operands: { x: [3] }, build: (_, { x }) => x! }],
  constant: [
    { operands: { x: [3, 2] }, build: (g, { x }) => g.mul(x!, g.constant([1, -2, 0.5, 4, 5, 6], [3, 2])) },
  ],
  add: [
    { operands: ab, build: (g, { a, b }) => g.add(a!, b!) },
    { operands: { a: [2, 3, 4, 5], b: [5] }, build: (g, { a, b }) => g.add(a!, b!) },
    { operands: { a: [6, 1], b: [6, 5] }, build: (g, { a, b }) => g.add(a!, b!) },
    { operands: { a: [], b: [4, 3] }, build: (g, { a, b }) => g.add(a!, b!) },
    { operands: { a: [4, 1, 3], b: [1, 5, 3] }, build: (g, { a, b }) => g.add(a!, b!) },
  ],
  sub: [
    { operands: ab, build: (g, { a, b }) => g.sub(a!, b!) },
    { operands: { a: [7], b: [5, 7] }, build: (g, { a, b }) => g.sub(a!, b!) },
  ],
  mul: [
    { operands: ab, build: (g, { a, b }) => g.mul(a!, b!) },
    { operands: { a: [5, 1], b: [5, 7] }, build: (g, { a, b }) => g.mul(a!, b!) },
  ],
  div: [{ operands: ab, positive: ["b"], build: (g, { a, b }) => g.div(a!, b!) }],
  maximum: [{ operands: ab, build: (g, { a, b }) => g.maximum(a!, b!) }],
  affine: [{ operands: x57, build: (g, { x }) => g.affine(x!, -1.5, 0.25) }],
  relu: [{ operands: x57, build: (g, { x }) => g.relu(x!) }],
  step: [{ operands: x57, differentiable: [], build: (g, { x }) => g.step(x!) }],
  sigmoid: [{ operands: x57, build: (g, { x }) => g.sigmoid(x!) }],
  tanh: [{ operands: x57, build: (g, { x }) => g.tanh(x!) }],
  exp: [{ operands: x57, build: (g, { x }) => g.exp(x!) }],
  log: [{ operands: x57, positive: ["x"], build: (g, { x }) => g.log(x!) }],
  sqrt: [{ operands: x57, positive: ["x"], build: (g, { x }) => g.sqrt(x!) }],
  erf: [
    { operands: x57, build: (g, { x }) => g.erf(x!) },
    { operands: { x: [3, 35] }, build: (g, { x }) => g.gelu(x!) },
  ],
  dropout: [
    { operands: { x: [13, 77] }, build: (g, { x }) => g.dropout(x!, 0.3, 1030) },
    { operands: { x: [5] }, build: (g, { x }) => g.dropout(g.tanh(x!), 0.5, 1024) },
  ],

  reshape: [{ operands: { x: [4, 6] }, build: (g, { x }) => g.reshape(g.tanh(x!), [2, 3, 4]) }],
  transpose: [
    { operands: { x: [4, 6] }, build: (g, { x }) => g.transpose(x!, [1, 0]) },
    { operands: { x: [2, 3, 4, 5] }, build: (g, { x }) => g.transpose(x!, [3, 0, 2, 1]) },
  ],
  broadcastTo: [
    { operands: { x: [1, 5] }, build: (g, { x }) => g.broadcastTo(x!, [3, 4, 5]) },
    { operands: { x: [3, 1, 2] }, build: (g, { x }) => g.broadcastTo(x!, [3, 4, 2]) },
  ],
  slice: [
    { operands: { x: [5, 7] }, build: (g, { x }) => g.slice(x!, 1, 2, 6) },
    { operands: { x: [5, 2, 3] }, build: (g, { x }) => g.slice(x!, 0, 1, 3) },
  ],
  concat: [
    {
      operands: { a: [2, 3, 5], b: [2, 4, 5], c: [2, 1, 5] },
      build: (g, { a, b, c }) => g.concat([a!, b!, c!], 1),
    },
    { operands: { a: [2, 3], b: [2, 4] }, build: (g, { a, b }) => g.concat([g.relu(a!), g.tanh(b!)], 1) },
  ],

  sum: [
    { operands: { x: [4, 5, 6] }, build: (g, { x }) => g.sum(x!, [1]) },
    { operands: { x: [4, 5, 6] }, build: (g, { x }) => g.sum(x!, [0, 2]) },
    { operands: { x: [133, 17] }, build: (g, { x }) => g.sum(x!, [0]) },
    { operands: { x: [33, 29] }, build: (g, { x }) => g.total(x!) },
  ],
  matmul: [
    { operands: { a: [5, 7], b: [7, 3] }, build: (g, { a, b }) => g.matmul(a!, b!) },
    { operands: { a: [7, 5], b: [7, 33] }, build: (g, { a, b }) => g.matmul(a!, b!, { transposeA: true }) },
    { operands: { a: [13, 7], b: [18, 7] }, build: (g, { a, b }) => g.matmul(a!, b!, { transposeB: true }) },
    {
      operands: { a: [7, 5], b: [3, 7] },
      build: (g, { a, b }) => g.matmul(a!, b!, { transposeA: true, transposeB: true }),
    },
    {
      operands: { a: [15, 40], b: [40, 10], c: [10] },
      build: (g, { a, b, c }) => g.relu(g.add(g.matmul(a!, b!), c!)),
    },
    { operands: { a: [1, 1], b: [1, 1] }, build: (g, { a, b }) => g.matmul(a!, b!) },
  ],

  conv2d: convSamples,
  // Reached through the gradients of conv2d.
  conv2dInputGrad: [],
  conv2dFilterGrad: [],
  maxPool2d: [
    { operands: { x: [2, 5, 7, 3] }, build: (g, { x }) => g.maxPool2d(x!, pool()) },
    {
      operands: { x: [2, 8, 6, 17] },
      build: (g, { x }) =>
        g.maxPool2d(
          x!,
          pool({ size: [3, 2], strides: [2, 2], padding: { top: 1, bottom: 1, left: 0, right: 0 } }),
        ),
    },
    {
      operands: { x: [3, 3, 3, 9] },
      build: (g, { x }) =>
        g.maxPool2d(
          x!,
          pool({ size: [3, 3], strides: [3, 3], padding: { top: 0, bottom: 0, left: 0, right: 0 } }),
        ),
    },
  ],
  maxPool2dIndex: [],
  maxPool2dGrad: [],
  avgPool2d: [
    { operands: { x: [2, 5, 7, 3] }, build: (g, { x }) => g.avgPool2d(x!, pool()) },
    {
      operands: { x: [2, 7, 6, 9] },
      build: (g, { x }) =>
        g.avgPool2d(
          x!,
          pool({ size: [3, 3], strides: [2, 1], padding: { top: 1, bottom: 1, left: 1, right: 1 } }),
        ),
    },
  ],
  avgPool2dGrad: [],

  moments: [{ operands: { x: [3, 4, 5, 6] }, differentiable: [], build: (g, { x }) => g.moments(x!) }],
  batchNorm: [
    {
      operands: { x: [3, 5, 4, 7], gamma: [7], beta: [7] },
      build: (g, { x, gamma, beta }) =>
        g.batchNorm(x!, g.moments(x!), gamma!, beta!, { epsilon: 1e-3, batchStatistics: true }),
    },
    {
      operands: { x: [5, 7], moments: [2, 7], gamma: [7], beta: [7] },
      positive: ["moments"],
      differentiable: ["x", "gamma", "beta"],
      build: (g, { x, moments, gamma, beta }) =>
        g.relu(g.batchNorm(x!, moments!, gamma!, beta!, { epsilon: 1e-3, batchStatistics: false })),
    },
  ],
  batchNormParamGrad: [],
  batchNormInputGrad: [],
  layerNorm: [
    {
      operands: { x: [5, 9], gamma: [9], beta: [9] },
      build: (g, { x, gamma, beta }) => g.layerNorm(x!, gamma!, beta!, 1e-3),
    },
    {
      operands: { x: [2, 3, 4, 19], gamma: [19], beta: [19] },
      build: (g, { x, gamma, beta }) => g.layerNorm(x!, gamma!, beta!, 1e-3),
    },
  ],
  layerNormParamGrad: [],
  layerNormInputGrad: [],

  softmax: [{ operands: x57, build: (g, { x }) => g.softmax(x!) }],
  softmaxCrossEntropy: [
    {
      operands: { z: [7, 10], t: [7, 10] },
      targets: ["t"],
      differentiable: ["z"],
      build: (g, { z, t }) => g.softmaxCrossEntropy(z!, t!, 0.1),
    },
    {
      operands: { z: [33, 3], t: [33, 3] },
      targets: ["t"],
      differentiable: ["z"],
      build: (g, { z, t }) => g.softmaxCrossEntropy(z!, t!),
    },
  ],
  softmaxCrossEntropyGrad: [],
  correct: [
    {
      operands: { z: [11, 5], t: [11, 5] },
      targets: ["t"],
      differentiable: [],
      build: (g, { z, t }) => g.correct(z!, t!),
    },
  ],
};
