/**
 * Collects the ONNX graph while op-rules.ts walks ours, and keeps track of layouts: our images are [N, H, W, C],
 * ONNX convolves and pools [N, C, H, W]. A value stays in the layout in which it was computed until an op needs
 * the other; parameters are transposed here and now, so that the file holds no needless Transpose.
 */
import { AtelierError } from "../error.ts";
import type { Graph, Node } from "../graph/graph.ts";
import { formatShape, type Shape, sameShape, sizeOf, stridesOf } from "../graph/shape.ts";
import type { OnnxAttributes, OnnxNode, OnnxTensor } from "./model-proto.ts";

export type Layout = "channelsLast" | "channelsFirst";

/** An ONNX value and, for images, the order of its axes. All but images are "channelsLast": as in our graph. */
export interface Emitted {
  readonly name: string;
  readonly layout: Layout;
}

const toChannelsFirst = [0, 3, 1, 2];
const toChannelsLast = [0, 2, 3, 1];

export interface EmitterOptions {
  readonly graph: Graph;
  /** Ids of the nodes whose axis 0 is the batch. */
  readonly batched: ReadonlySet<number>;
  readonly state: ReadonlyMap<string, Float32Array>;
  /** Names that the model's inputs and outputs have. */
  readonly reservedNames: readonly string[];
}

export class Emitter {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxTensor[] = [];
  readonly #graph: Graph;
  readonly #batched: ReadonlySet<number>;
  readonly #state: ReadonlyMap<string, Float32Array>;
  readonly #names: Set<string>;
  readonly #emitted = new Map<number, Emitted>();
  readonly #views = new Map<string, string>();

  constructor(options: EmitterOptions) {
    this.#graph = options.graph;
    this.#batched = options.batched;
    this.#state = options.state;
    this.#names = new Set(options.reservedNames);
  }

  /** Appends an ONNX node and returns the name of its result. */
  emit(opType: string, inputs: readonly string[], attributes: OnnxAttributes = {}): string {
    const output = this.#unique(opType);
    this.nodes.push({ opType, inputs, output, attributes });
    return output;
  }

  /** Notes what holds the value of node `id`. */
  define(id: number, emitted: Emitted): void {
    this.#emitted.set(id, emitted);
  }

  node(id: number): Node {
    return this.#graph.nodes[id]!;
  }

  shape(id: number): Shape {
    return this.node(id).shape;
  }

  isBatched(id: number): boolean {
    return this.#batched.has(id);
  }

  /** Node `id` in the layout in which it was computed; parameters in ours. */
  computed(id: number): Emitted {
    return this.#emitted.get(id) ?? { name: this.view(id, this.shape(id)), layout: "channelsLast" };
  }

  /** "channelsFirst" where one of the values was computed so. */
  layoutOf(ids: readonly number[]): Layout {
    const first = ids.some((id) => this.#emitted.get(id)?.layout === "channelsFirst");
    return first ? "channelsFirst" : "channelsLast";
  }

  /** Node `id` in `layout`; one of lower rank is first given leading axes of 1, so that it broadcasts as before. */
  operand(id: number, layout: Layout = "channelsLast"): string {
    const shape = this.shape(id);
    if (layout === "channelsLast" || shape.length === 0) return this.#channelsLast(id);
    const emitted = this.#emitted.get(id);
    if (emitted?.layout === layout) return emitted.name;
    const padded = [...new Array<number>(4 - shape.length).fill(1), ...shape];
    return this.view(id, padded, toChannelsFirst);
  }

  /** Axis `axis` of an image in `layout`. */
  axis(axis: number, layout: Layout): number {
    return layout === "channelsLast" ? axis : toChannelsFirst.indexOf(axis);
  }

  /** Node `id` reshaped to `shape`, then with axis i of the result being axis `axes[i]` of that. */
  view(id: number, shape: Shape, axes: readonly number[] = shape.map((_, axis) => axis)): string {
    const key = `${id} ${shape} ${axes}`;
    const known = this.#views.get(key);
    if (known !== undefined) return known;
    const leaf = this.#leaf(this.node(id));
    const name = leaf
      ? this.#initializer({ name: leaf.name, ...permuted(leaf.data, shape, axes), ...axesDoc(shape, axes) })
      : this.#viewNodes(id, shape, axes);
    this.#views.set(key, name);
    return name;
  }

  /** The two rows of a [2, C] value, each [C]. */
  rows(id: number): readonly [string, string] {
    const leaf = this.#leaf(this.node(id));
    const C = this.shape(id)[1]!;
    const row = (index: 0 | 1, suffix: string) =>
      leaf
        ? this.#initializer({
            name: `${leaf.name}/${suffix}`,
            shape: [C],
            data: leaf.data.slice(index * C, (index + 1) * C),
          })
        : this.emit("Gather", [this.operand(id), this.integers(index)], { axis: 0 });
    return [row(0, "mean"), row(1, "variance")];
  }

  /** A constant float32 scalar, or vector. */
  floats(value: number | readonly number[], name = "constant"): string {
    const shape = typeof value === "number" ? [] : [value.length];
    return this.#initializer({ name, shape, data: Float32Array.from([value].flat()) });
  }

  /** A constant int64 scalar, or vector. */
  integers(value: number | readonly number[]): string {
    const shape = typeof value === "number" ? [] : [value.length];
    return this.#initializer({ name: "integers", shape, data: BigInt64Array.from([value].flat(), BigInt) });
  }

  #channelsLast(id: number): string {
    const { name, layout } = this.computed(id);
    if (layout === "channelsLast") return name;
    const key = `${id} channelsLast`;
    const known = this.#views.get(key);
    if (known !== undefined) return known;
    const transposed = this.emit("Transpose", [name], { perm: toChannelsLast });
    this.#views.set(key, transposed);
    return transposed;
  }

  #viewNodes(id: number, shape: Shape, axes: readonly number[]): string {
    let name = this.operand(id);
    if (!sameShape(shape, this.shape(id))) name = this.emit("Reshape", [name, this.integers(shape)]);
    return isIdentity(axes) ? name : this.emit("Transpose", [name], { perm: axes });
  }

  #initializer(tensor: OnnxTensor): string {
    const name = this.#unique(tensor.name);
    this.initializers.push({ ...tensor, name });
    return name;
  }

  /** The numbers of a state or constant; undefined for other nodes. */
  #leaf(node: Node): { readonly name: string; readonly data: Float32Array<ArrayBuffer> } | undefined {
    const count = sizeOf(node.shape);
    if (node.op === "constant") {
      const { values } = node.attrs;
      const data = values.length === 1 ? new Float32Array(count).fill(values[0]!) : Float32Array.from(values);
      return { name: "constant", data };
    }
    if (node.op !== "state") return undefined;
    const { name } = node.attrs;
    const data = this.#state.get(name);
    if (data?.length !== count) {
      throw new AtelierError(
        "bad-argument",
        `ONNX export: state "${name}": expected ${count} values for ${formatShape(node.shape)}, got ${data?.length ?? "none"}.`,
      );
    }
    return { name, data: new Float32Array(data) };
  }

  /** `wish`, or the first of `wish_2`, `wish_3`… that is free. */
  #unique(wish: string): string {
    let name = wish;
    for (let count = 2; this.#names.has(name); count++) name = `${wish}_${count}`;
    this.#names.add(name);
    return name;
  }
}

/** Tells the reader of the file that a parameter's axes are not those it was trained with. */
function axesDoc(shape: Shape, axes: readonly number[]): { readonly doc?: string } {
  if (isIdentity(axes)) return {};
  return { doc: `Transposed by ${formatShape(axes)} from ${formatShape(shape)}, as it was trained.` };
}

function isIdentity(axes: readonly number[]): boolean {
  return axes.every((axis, i) => axis === i);
}

/** `data` of `shape` with its axes in the order `axes`. */
function permuted(
  data: Float32Array<ArrayBuffer>,
  shape: Shape,
  axes: readonly number[],
): { readonly shape: Shape; readonly data: Float32Array<ArrayBuffer> } {
  if (isIdentity(axes)) return { shape, data };
  const from = stridesOf(shape);
  const strides = axes.map((axis) => from[axis]!);
  const result = axes.map((axis) => shape[axis]!);
  const index = result.map(() => 0);
  let source = 0;
  const moved = data.map(() => {
    const value = data[source]!;
    // Count up `index`, last axis fastest, keeping `source` in step.
    for (let axis = result.length - 1; axis >= 0; axis--) {
      source += strides[axis]!;
      if (++index[axis]! < result[axis]!) break;
      source -= result[axis]! * strides[axis]!;
      index[axis] = 0;
    }
    return value;
  });
  return { shape: result, data: moved };
}
