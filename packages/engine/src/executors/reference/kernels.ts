/**
 * The oracle: every op as plain loops in float64, so that what it says is what the formulas say. Slow on
 * purpose; never optimised. Results are rounded to float32 by evaluate.ts unless asked not to.
 */
import type { OpNode } from "../../graph/graph.ts";
import type { OpName } from "../../graph/ops.ts";
import { broadcastShapes, type Shape, sizeOf, stridesOf } from "../../graph/shape.ts";
import { halfWords, leastKept } from "../../random/philox.ts";
import { conv2d, conv2dFilterGrad, conv2dInputGrad, forEachWindow } from "./windows.ts";

/** What a kernel sees besides its operands. */
export interface KernelContext<K extends OpName> {
  readonly node: OpNode<K>;
  readonly inputShapes: readonly Shape[];
  readonly seed: number;
  readonly step: number;
}

type Kernel<K extends OpName> = (
  y: Float64Array,
  inputs: readonly Float64Array[],
  context: KernelContext<K>,
) => void;

export const referenceKernels: { readonly [K in Exclude<OpName, "input" | "state">]: Kernel<K> } = {
  constant: (y, _, { node: { attrs } }) => {
    for (let i = 0; i < y.length; i++) y[i] = attrs.values.length === 1 ? attrs.values[0]! : attrs.values[i]!;
  },
  add: binary((a, b) => a + b),
  sub: binary((a, b) => a - b),
  mul: binary((a, b) => a * b),
  div: binary((a, b) => a / b),
  maximum: binary((a, b) => Math.max(a, b)),
  affine: (y, [x], { node: { attrs } }) => each(y, (i) => attrs.scale * x![i]! + attrs.offset),
  relu: unary((x) => Math.max(x, 0)),
  step: unary((x) => (x > 0 ? 1 : 0)),
  sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  tanh: unary(Math.tanh),
  exp: unary(Math.exp),
  log: unary(Math.log),
  sqrt: unary(Math.sqrt),
  erf: unary(erf),
  dropout: (y, [x], { node: { attrs }, seed, step }) => {
    const least = leastKept(attrs.rate);
    const drawn = halfWords(seed, attrs.stream, step, y.length);
    each(y, (i) => (drawn[i]! >= least ? x![i]! / (1 - attrs.rate) : 0));
  },

  reshape: (y, [x]) => y.set(x!),
  transpose: (y, [x], { node, inputShapes: [shape] }) => {
    const strides = stridesOf(shape!);
    gather(
      y,
      node.shape,
      x!,
      node.attrs.axes.map((axis) => strides[axis]!),
    );
  },
  broadcastTo: (y, [x], { node, inputShapes: [shape] }) =>
    gather(y, node.shape, x!, broadcastStrides(shape!, node.shape)),
  slice: (y, [x], { node, inputShapes: [shape] }) => {
    const strides = stridesOf(shape!);
    gather(y, node.shape, x!, strides, node.attrs.start * strides[node.attrs.axis]!);
  },
  concat: (y, inputs, { node, inputShapes }) => {
    const { axis } = node.attrs;
    const inner = sizeOf(node.shape.slice(axis + 1));
    const outer = sizeOf(node.shape.slice(0, axis));
    let start = 0;
    inputs.forEach((x, position) => {
      const run = inputShapes[position]![axis]! * inner;
      for (let o = 0; o < outer; o++)
        y.set(x.subarray(o * run, (o + 1) * run), o * node.shape[axis]! * inner + start);
      start += run;
    });
  },

  sum: (y, [x], { node, inputShapes: [shape] }) => {
    const strides = broadcastStrides(node.shape, shape!);
    forEachIndex(shape!, strides, (xAt, yAt) => {
      y[yAt]! += x![xAt]!;
    });
  },
  matmul: (y, [a, b], { node, inputShapes: [aShape, bShape] }) => {
    const { transposeA, transposeB } = node.attrs;
    const [M, N] = node.shape as readonly [number, number];
    const K = transposeA ? aShape![0]! : aShape![1]!;
    for (let m = 0; m < M; m++)
      for (let n = 0; n < N; n++) {
        let total = 0;
        for (let k = 0; k < K; k++) {
          total +=
            a![transposeA ? k * aShape![1]! + m : m * K + k]! *
            b![transposeB ? n * bShape![1]! + k : k * N + n]!;
        }
        y[m * N + n] = total;
      }
  },

  conv2d: (y, [x, filters], { node, inputShapes }) =>
    conv2d(x!, filters!, y, { x: inputShapes[0]!, filters: inputShapes[1]!, y: node.shape }, node.attrs),
  conv2dInputGrad: (dx, [filters, dy], { node, inputShapes }) =>
    conv2dInputGrad(
      filters!,
      dy!,
      dx,
      { x: node.shape, filters: inputShapes[0]!, y: inputShapes[1]! },
      node.attrs,
    ),
  conv2dFilterGrad: (dFilters, [x, dy], { node, inputShapes }) =>
    conv2dFilterGrad(
      x!,
      dy!,
      dFilters,
      { x: inputShapes[0]!, filters: node.shape, y: inputShapes[1]! },
      node.attrs,
    ),
  maxPool2d: (y, [x], { node, inputShapes }) =>
    forEachWindow(inputShapes[0]!, node.shape, node.attrs, (yAt, xAts) => {
      y[yAt] = x![firstMaximum(x!, xAts)]!;
    }),
  maxPool2dIndex: (y, [x], { node, inputShapes }) =>
    forEachWindow(inputShapes[0]!, node.shape, node.attrs, (yAt, xAts, taps) => {
      y[yAt] = taps[xAts.indexOf(firstMaximum(x!, xAts))]!;
    }),
  maxPool2dGrad: (dx, [index, dy], { node, inputShapes }) =>
    forEachWindow(node.shape, inputShapes[1]!, node.attrs, (yAt, xAts, taps) => {
      dx[xAts[taps.indexOf(index![yAt]!)]!]! += dy![yAt]!;
    }),
  avgPool2d: (y, [x], { node, inputShapes }) =>
    forEachWindow(inputShapes[0]!, node.shape, node.attrs, (yAt, xAts) => {
      y[yAt] = xAts.reduce((total, at) => total + x![at]!, 0) / xAts.length;
    }),
  avgPool2dGrad: (dx, [dy], { node, inputShapes }) =>
    forEachWindow(node.shape, inputShapes[0]!, node.attrs, (yAt, xAts) => {
      for (const at of xAts) dx[at]! += dy![yAt]! / xAts.length;
    }),

  moments: (y, [x]) => {
    const C = y.length / 2;
    const rows = x!.length / C;
    for (let i = 0; i < x!.length; i++) y[i % C]! += x![i]! / rows;
    for (let i = 0; i < x!.length; i++) y[C + (i % C)]! += (x![i]! - y[i % C]!) ** 2 / rows;
  },
  batchNorm: (y, [x, moments, gamma, beta], { node: { attrs } }) => {
    const C = gamma!.length;
    each(y, (i) => gamma![i % C]! * normalized(x!, moments!, i, C, attrs.epsilon) + beta![i % C]!);
  },
  batchNormParamGrad: (y, [x, moments, dy], { node: { attrs } }) => {
    const C = y.length / 2;
    for (let i = 0; i < x!.length; i++) {
      y[i % C]! += dy![i]! * normalized(x!, moments!, i, C, attrs.epsilon);
      y[C + (i % C)]! += dy![i]!;
    }
  },
  batchNormInputGrad: (dx, [x, moments, gamma, paramGrad, dy], { node: { attrs } }) => {
    const C = gamma!.length;
    const rows = x!.length / C;
    each(dx, (i) => {
      const c = i % C;
      const centred =
        dy![i]! -
        paramGrad![C + c]! / rows -
        (normalized(x!, moments!, i, C, attrs.epsilon) * paramGrad![c]!) / rows;
      return (gamma![c]! * centred) / Math.sqrt(moments![C + c]! + attrs.epsilon);
    });
  },
  layerNorm: (y, [x, gamma, beta], { node: { attrs } }) => {
    const C = gamma!.length;
    const { values } = normalizedRows(x!, C, attrs.epsilon);
    each(y, (i) => gamma![i % C]! * values[i]! + beta![i % C]!);
  },
  layerNormParamGrad: (y, [x, dy], { node: { attrs } }) => {
    const C = y.length / 2;
    const { values } = normalizedRows(x!, C, attrs.epsilon);
    for (let i = 0; i < x!.length; i++) {
      y[i % C]! += dy![i]! * values[i]!;
      y[C + (i % C)]! += dy![i]!;
    }
  },
  layerNormInputGrad: (dx, [x, gamma, dy], { node: { attrs } }) => {
    const C = gamma!.length;
    const { values, deviations } = normalizedRows(x!, C, attrs.epsilon);
    for (let row = 0; row < x!.length / C; row++) {
      let mean = 0;
      let meanProduct = 0;
      for (let c = 0; c < C; c++) {
        const d = dy![row * C + c]! * gamma![c]!;
        mean += d / C;
        meanProduct += (d * values[row * C + c]!) / C;
      }
      for (let c = 0; c < C; c++) {
        const i = row * C + c;
        dx[i] = (dy![i]! * gamma![c]! - mean - values[i]! * meanProduct) / deviations[row]!;
      }
    }
  },

  softmax: (y, [x], { node }) => softmaxRows(y, x!, node.shape.at(-1)!),
  softmaxCrossEntropy: (y, [logits, targets], { node: { attrs }, inputShapes: [shape] }) => {
    const C = shape![1]!;
    for (let row = 0; row < y.length; row++) {
      const z = logits!.subarray(row * C, (row + 1) * C);
      const highest = Math.max(...z);
      const logTotal = highest + Math.log(z.reduce((total, value) => total + Math.exp(value - highest), 0));
      for (let c = 0; c < C; c++) {
        y[row]! += smoothed(targets![row * C + c]!, attrs.labelSmoothing, C) * (logTotal - z[c]!);
      }
    }
  },
  softmaxCrossEntropyGrad: (dx, [logits, targets, dy], { node: { attrs, shape } }) => {
    const C = shape[1]!;
    softmaxRows(dx, logits!, C);
    for (let row = 0; row < dy!.length; row++) {
      let mass = 0;
      for (let c = 0; c < C; c++) mass += smoothed(targets![row * C + c]!, attrs.labelSmoothing, C);
      for (let c = 0; c < C; c++) {
        const i = row * C + c;
        dx[i] = dy![row]! * (dx[i]! * mass - smoothed(targets![i]!, attrs.labelSmoothing, C));
      }
    }
  },
  correct: (y, [logits, targets], { inputShapes: [shape] }) => {
    const C = shape![1]!;
    const columns = Array.from({ length: C }, (_, c) => c);
    each(y, (row) => {
      const at = columns.map((c) => row * C + c);
      return firstMaximum(logits!, at) === firstMaximum(targets!, at) ? 1 : 0;
    });
  },
};

function each(y: Float64Array, value: (i: number) => number): void {
  for (let i = 0; i < y.length; i++) y[i] = value(i);
}

function unary(f: (x: number) => number): Kernel<OpName> {
  return (y, [x]) => each(y, (i) => f(x![i]!));
}

function binary(f: (a: number, b: number) => number): Kernel<OpName> {
  return (y, [a, b], { inputShapes: [aShape, bShape] }) => {
    const shape = broadcastShapes(aShape!, bShape!);
    const left = new Float64Array(y.length);
    const right = new Float64Array(y.length);
    gather(left, shape, a!, broadcastStrides(aShape!, shape));
    gather(right, shape, b!, broadcastStrides(bShape!, shape));
    each(y, (i) => f(left[i]!, right[i]!));
  };
}

/** Strides with which a tensor of shape `from` is read as if it had shape `to`: 0 along broadcast axes. */
function broadcastStrides(from: Shape, to: Shape): number[] {
  const strides = stridesOf(from);
  const missing = to.length - from.length;
  return to.map((_, axis) => (axis < missing || from[axis - missing] === 1 ? 0 : strides[axis - missing]!));
}

/** Visits every index of `shape` in row-major order: its own flat offset and the one under `strides`. */
function forEachIndex(
  shape: Shape,
  strides: readonly number[],
  visit: (flat: number, strided: number) => void,
): void {
  const own = stridesOf(shape);
  for (let flat = 0; flat < sizeOf(shape); flat++) {
    let strided = 0;
    for (let axis = 0; axis < shape.length; axis++)
      strided += (Math.floor(flat / own[axis]!) % shape[axis]!) * strides[axis]!;
    visit(flat, strided);
  }
}

function gather(
  y: Float64Array,
  shape: Shape,
  x: Float64Array,
  strides: readonly number[],
  offset = 0,
): void {
  forEachIndex(shape, strides, (yAt, xAt) => {
    y[yAt] = x[xAt + offset]!;
  });
}

function firstMaximum(x: Float64Array, at: readonly number[]): number {
  return at.reduce((best, i) => (x[i]! > x[best]! ? i : best));
}

function normalized(x: Float64Array, moments: Float64Array, i: number, C: number, epsilon: number): number {
  return (x[i]! - moments[i % C]!) / Math.sqrt(moments[C + (i % C)]! + epsilon);
}

function normalizedRows(
  x: Float64Array,
  C: number,
  epsilon: number,
): { values: Float64Array; deviations: Float64Array } {
  const values = new Float64Array(x.length);
  const deviations = new Float64Array(x.length / C);
  for (let row = 0; row < deviations.length; row++) {
    const z = x.subarray(row * C, (row + 1) * C);
    const mean = z.reduce((total, value) => total + value, 0) / C;
    const variance = z.reduce((total, value) => total + (value - mean) ** 2, 0) / C;
    deviations[row] = Math.sqrt(variance + epsilon);
    for (let c = 0; c < C; c++) values[row * C + c] = (z[c]! - mean) / deviations[row]!;
  }
  return { values, deviations };
}

function softmaxRows(y: Float64Array, x: Float64Array, C: number): void {
  for (let row = 0; row < x.length / C; row++) {
    const z = x.subarray(row * C, (row + 1) * C);
    const highest = Math.max(...z);
    const total = z.reduce((sum, value) => sum + Math.exp(value - highest), 0);
    for (let c = 0; c < C; c++) y[row * C + c] = Math.exp(z[c]! - highest) / total;
  }
}

function smoothed(target: number, smoothing: number, C: number): number {
  return (1 - smoothing) * target + smoothing / C;
}

/** Error function by its Maclaurin series below 3 and a continued fraction above; absolute error below 1e-14. */
function erf(x: number): number {
  const a = Math.abs(x);
  if (a < 3) {
    let term = a;
    let total = a;
    for (let n = 1; n < 80; n++) {
      term *= -(a * a) / n;
      total += term / (2 * n + 1);
    }
    return (Math.sign(x) * 2 * total) / Math.sqrt(Math.PI);
  }
  let fraction = a;
  for (let n = 60; n > 0; n--) fraction = a + n / 2 / fraction;
  return Math.sign(x) * (1 - Math.exp(-a * a) / (fraction * Math.sqrt(Math.PI)));
}
