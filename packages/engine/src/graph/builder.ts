/**
 * Builds graphs one op at a time. Values are node ids; equal nodes are made once (common subexpressions
 * never exist twice) and uniform constants are folded here. Composed operations (gelu, mean…) are below the ops.
 */
import type { Graph, Node } from "./graph.ts";
import type { ConvAttrs, OpAttrs, OpName, WindowAttrs } from "./ops.ts";
import { broadcastShapes, operandMode, type Shape, sameShape, sizeOf } from "./shape.ts";
import { inferShape } from "./shape-rules.ts";

/** A value of the graph under construction: its node's id. */
export type Value = number;

export class GraphBuilder {
  readonly #nodes: Node[] = [];
  readonly #known = new Map<string, Value>();

  /** Continues an existing graph: its ids stay valid. */
  static from(graph: Graph): GraphBuilder {
    const builder = new GraphBuilder();
    for (const node of graph.nodes) builder.apply(node.op, node.inputs, node.attrs as never);
    return builder;
  }

  /** Adds `op` (or finds the equal node) and returns its value. Throws shape-mismatch. */
  apply<K extends OpName>(op: K, inputs: readonly Value[], attrs: OpAttrs[K]): Value {
    const key = JSON.stringify([op, inputs, attrs]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const shape = inferShape(
      op,
      inputs.map((id) => this.shape(id)),
      attrs,
    );
    const id = this.#nodes.length;
    this.#nodes.push({ id, op, attrs, inputs, shape } as unknown as Node);
    this.#known.set(key, id);
    return id;
  }

  shape(value: Value): Shape {
    return this.#nodes[value]!.shape;
  }

  node(value: Value): Node {
    return this.#nodes[value]!;
  }

  /** Operands that do not line up as one run (e.g. [4,1,3] in [4,5,3]) are broadcast explicitly. */
  #binary(op: "add" | "sub" | "mul" | "div" | "maximum", a: Value, b: Value): Value {
    const shape = this.broadcastShape(a, b);
    const line = (x: Value) =>
      operandMode(this.shape(x), shape) === undefined ? this.broadcastTo(x, shape) : x;
    return this.apply(op, [line(a), line(b)], {});
  }

  /** The number a constant is filled with, or undefined. */
  #uniform(value: Value): number | undefined {
    const node = this.node(value);
    return node.op === "constant" && node.attrs.values.length === 1 ? node.attrs.values[0] : undefined;
  }

  /** The nodes so far, as an immutable graph. */
  finish(): Graph {
    return { nodes: [...this.#nodes] };
  }

  // Leaves
  input(name: string, shape: Shape): Value {
    return this.apply("input", [], { name, shape });
  }
  state(name: string, shape: Shape): Value {
    return this.apply("state", [], { name, shape });
  }
  constant(values: number | readonly number[], shape: Shape = []): Value {
    return this.apply("constant", [], { values: typeof values === "number" ? [values] : values, shape });
  }

  // Element-wise
  add(a: Value, b: Value): Value {
    return this.#binary("add", a, b);
  }
  sub(a: Value, b: Value): Value {
    return this.#binary("sub", a, b);
  }
  mul(a: Value, b: Value): Value {
    const shape = this.broadcastShape(a, b);
    const [left, right] = [this.#uniform(a), this.#uniform(b)];
    if (right !== undefined && sameShape(this.shape(a), shape)) return this.scale(a, right);
    if (left !== undefined && sameShape(this.shape(b), shape)) return this.scale(b, left);
    return this.#binary("mul", a, b);
  }
  div(a: Value, b: Value): Value {
    return this.#binary("div", a, b);
  }
  maximum(a: Value, b: Value): Value {
    return this.#binary("maximum", a, b);
  }
  affine(x: Value, scale: number, offset = 0): Value {
    if (scale === 1 && offset === 0) return x;
    const uniform = this.#uniform(x);
    if (uniform !== undefined) return this.constant(scale * uniform + offset, this.shape(x));
    return this.apply("affine", [x], { scale, offset });
  }
  scale(x: Value, factor: number): Value {
    return this.affine(x, factor);
  }
  relu(x: Value): Value {
    return this.apply("relu", [x], {});
  }
  step(x: Value): Value {
    return this.apply("step", [x], {});
  }
  sigmoid(x: Value): Value {
    return this.apply("sigmoid", [x], {});
  }
  tanh(x: Value): Value {
    return this.apply("tanh", [x], {});
  }
  exp(x: Value): Value {
    return this.apply("exp", [x], {});
  }
  log(x: Value): Value {
    return this.apply("log", [x], {});
  }
  sqrt(x: Value): Value {
    return this.apply("sqrt", [x], {});
  }
  erf(x: Value): Value {
    return this.apply("erf", [x], {});
  }
  dropout(x: Value, rate: number, stream: number): Value {
    return rate === 0 ? x : this.apply("dropout", [x], { rate, stream });
  }

  // Shape
  reshape(x: Value, shape: Shape): Value {
    if (sameShape(this.shape(x), shape)) return x;
    const uniform = this.#uniform(x);
    return uniform === undefined ? this.apply("reshape", [x], { shape }) : this.constant(uniform, shape);
  }
  transpose(x: Value, axes: readonly number[]): Value {
    return this.apply("transpose", [x], { axes });
  }
  broadcastTo(x: Value, shape: Shape): Value {
    if (sameShape(this.shape(x), shape)) return x;
    const uniform = this.#uniform(x);
    return uniform === undefined ? this.apply("broadcastTo", [x], { shape }) : this.constant(uniform, shape);
  }
  slice(x: Value, axis: number, start: number, end: number): Value {
    return this.apply("slice", [x], { axis, start, end });
  }
  concat(xs: readonly Value[], axis: number): Value {
    return xs.length === 1 ? xs[0]! : this.apply("concat", xs, { axis });
  }

  // Reductions and products
  /** Sum over `axes` (default all), kept as extents of 1. */
  sum(x: Value, axes: readonly number[] = this.shape(x).map((_, axis) => axis)): Value {
    const shape = this.shape(x);
    const summed = axes.filter((axis) => shape[axis] !== 1).sort((a, b) => a - b);
    if (summed.length === 0) return x;
    // One run of axes at a time, innermost first, so that every sum is [outer, reduced, inner] in memory.
    let first = summed.length - 1;
    while (first > 0 && shape.slice(summed[first - 1]! + 1, summed[first]).every((extent) => extent === 1))
      first--;
    const inner = this.apply("sum", [x], { axes: summed.slice(first) });
    return this.sum(inner, summed.slice(0, first));
  }
  matmul(
    a: Value,
    b: Value,
    options: { readonly transposeA?: boolean; readonly transposeB?: boolean } = {},
  ): Value {
    return this.apply("matmul", [a, b], {
      transposeA: options.transposeA ?? false,
      transposeB: options.transposeB ?? false,
    });
  }

  // Images
  conv2d(x: Value, filters: Value, attrs: ConvAttrs): Value {
    return this.apply("conv2d", [x, filters], attrs);
  }
  maxPool2d(x: Value, attrs: WindowAttrs): Value {
    return this.apply("maxPool2d", [x], attrs);
  }
  avgPool2d(x: Value, attrs: WindowAttrs): Value {
    return this.apply("avgPool2d", [x], attrs);
  }

  // Normalisation
  moments(x: Value): Value {
    return this.apply("moments", [x], {});
  }
  batchNorm(x: Value, moments: Value, gamma: Value, beta: Value, attrs: OpAttrs["batchNorm"]): Value {
    return this.apply("batchNorm", [x, moments, gamma, beta], attrs);
  }
  layerNorm(x: Value, gamma: Value, beta: Value, epsilon: number): Value {
    return this.apply("layerNorm", [x, gamma, beta], { epsilon });
  }

  // Classification
  softmax(x: Value): Value {
    return this.apply("softmax", [x], {});
  }
  softmaxCrossEntropy(logits: Value, targets: Value, labelSmoothing = 0): Value {
    return this.apply("softmaxCrossEntropy", [logits, targets], { labelSmoothing });
  }
  correct(logits: Value, targets: Value): Value {
    return this.apply("correct", [logits, targets], {});
  }

  // Composed
  square(x: Value): Value {
    return this.mul(x, x);
  }
  /** Mean over `axes` (default all), kept as extents of 1. */
  mean(x: Value, axes?: readonly number[]): Value {
    const total = this.sum(x, axes);
    return this.scale(total, sizeOf(this.shape(total)) / sizeOf(this.shape(x)));
  }
  /** Sum of all elements, a scalar of shape []. */
  total(x: Value): Value {
    return this.reshape(this.sum(x), []);
  }
  /** |x| = relu(x) + relu(−x) */
  abs(x: Value): Value {
    return this.add(this.relu(x), this.relu(this.scale(x, -1)));
  }
  /** min(a, b) = −max(−a, −b) */
  minimum(a: Value, b: Value): Value {
    return this.scale(this.maximum(this.scale(a, -1), this.scale(b, -1)), -1);
  }
  /** x·Φ(x), exact (Hendrycks & Gimpel 2016). */
  gelu(x: Value): Value {
    return this.mul(x, this.affine(this.erf(this.scale(x, Math.SQRT1_2)), 0.5, 0.5));
  }
  /** max(x, slope·x) for slope < 1. */
  leakyRelu(x: Value, slope: number): Value {
    return this.maximum(x, this.scale(x, slope));
  }

  /** Undoes broadcasting: sums x down to `shape`. */
  sumTo(x: Value, shape: Shape): Value {
    const from = this.shape(x);
    if (sameShape(from, shape)) return x;
    const missing = from.length - shape.length;
    const axes = from.flatMap((extent, axis) =>
      axis < missing || (shape[axis - missing] === 1 && extent !== 1) ? [axis] : [],
    );
    return this.reshape(this.sum(x, axes), shape);
  }

  /** The shape two operands broadcast to. */
  broadcastShape(a: Value, b: Value): Shape {
    return broadcastShapes(this.shape(a), this.shape(b));
  }
}

/** Explicit padding of a window for Keras' "valid" and "same" (the odd pixel at the bottom and right). */
export function windowPadding(
  mode: "same" | "valid",
  image: readonly [number, number],
  window: {
    readonly size: readonly [number, number];
    readonly strides: readonly [number, number];
    readonly dilation?: readonly [number, number];
  },
): WindowAttrs["padding"] {
  if (mode === "valid") return { top: 0, bottom: 0, left: 0, right: 0 };
  const [vertical, horizontal] = [0, 1].map((axis) => {
    const extent = image[axis]!;
    const stride = window.strides[axis]!;
    const span = (window.size[axis]! - 1) * (window.dilation?.[axis] ?? 1) + 1;
    return Math.max(0, (Math.ceil(extent / stride) - 1) * stride + span - extent);
  }) as [number, number];
  return {
    top: Math.floor(vertical / 2),
    bottom: vertical - Math.floor(vertical / 2),
    left: Math.floor(horizontal / 2),
    right: horizontal - Math.floor(horizontal / 2),
  };
}
