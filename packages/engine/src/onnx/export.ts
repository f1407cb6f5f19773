/**
 * Exports a model to ONNX, for onnxruntime in any language and in browsers. The file is complete: it takes pixels
 * as they come from an image file, normalises them inside, leaves the batch size open, and names its classes.
 */
import { AtelierError } from "../error.ts";
import type { Normalization } from "../executors/executor.ts";
import type { Graph, Node } from "../graph/graph.ts";
import { formatShape, type Shape, sameShape } from "../graph/shape.ts";
import { findBatched } from "./batch-axis.ts";
import { Emitter } from "./emitter.ts";
import { encodeModel, type OnnxNode, type OnnxValueInfo, onnxTypeCodes } from "./model-proto.ts";
import { leaf, onnxRules } from "./op-rules.ts";

/** Operator set 17 (2022) has layer normalisation; runtimes of the last years all have it. */
const opset = 17;
/** The file version that came with it. */
const irVersion = 8;

export interface OnnxExportOptions {
  /** A graph for prediction: no dropout, batch norm by moving moments, one input "images" [N, H, W, C]. */
  readonly graph: Graph;
  /** Id of the node that holds the logits [N, classes]. */
  readonly output: number;
  readonly state: ReadonlyMap<string, Float32Array>;
  readonly normalization: Normalization;
  readonly classNames: readonly string[];
  /** More entries for the file's metadata, such as the model's config as JSON. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Whether the file takes uint8 pixels and normalises them (default), or float32 that already are. */
  readonly preprocessing?: boolean;
}

/**
 * The bytes of an .onnx file with the input `images` [batch, H, W, C] and the outputs `probabilities` and `logits`
 * [batch, classes], float32. Its metadata hold `classNames` and `normalization` as JSON. N of the graph is open:
 * any batch size may be given. Throws bad-argument where the graph or the options do not allow that.
 */
export function exportOnnx(options: OnnxExportOptions): Uint8Array {
  const { graph, output, classNames, normalization } = options;
  const nodes = neededNodes(graph, output);
  const images = findImages(nodes);
  const batched = findBatched(graph, nodes, images.shape[0]!);
  ensureLogits(graph.nodes[output]!, [images.shape[0]!, classNames.length], batched);

  const reservedNames = ["images", "probabilities", "logits"];
  const emitter = new Emitter({ graph, batched, state: options.state, reservedNames });
  const pixels =
    (options.preprocessing ?? true) ? emitNormalization(emitter, images.shape, normalization) : "images";
  emitter.define(images.id, { name: pixels, layout: "channelsLast" });
  for (const node of nodes) emitNode(emitter, node);
  const logits = emitter.operand(output);
  const probabilities = emitter.emit("Softmax", [logits], { axis: 1 });
  const publicNames = new Map([
    [logits, "logits"],
    [probabilities, "probabilities"],
  ]);

  return encodeModel({
    opset,
    irVersion,
    doc: `An image classifier trained with Atelier. Classes, in order: ${classNames.join(", ")}.`,
    metadata: {
      ...options.metadata,
      classNames: JSON.stringify(classNames),
      normalization: JSON.stringify(normalization),
    },
    graph: {
      name: "classifier",
      nodes: renamed(emitter.nodes, publicNames),
      initializers: emitter.initializers,
      inputs: [describeImages(images.shape, options)],
      outputs: describeOutputs(classNames.length),
    },
  });
}

function describeImages(
  [, ...imageShape]: Shape,
  { preprocessing, normalization: { mean, std } }: OnnxExportOptions,
): OnnxValueInfo {
  const shape = ["batch", ...imageShape];
  if (preprocessing ?? true) {
    const doc = "Pixels 0 to 255, row by row, channels last; normalised inside.";
    return { name: "images", type: "uint8", shape, doc };
  }
  const doc = `(pixel/255 − mean)/std by mean ${formatShape(mean)} and std ${formatShape(std)}, channels last.`;
  return { name: "images", type: "float32", shape, doc };
}

function describeOutputs(classes: number): OnnxValueInfo[] {
  const shape = ["batch", classes];
  return [
    { name: "probabilities", type: "float32", shape, doc: "One a class; each row sums to 1." },
    { name: "logits", type: "float32", shape, doc: "What the softmax makes into probabilities." },
  ];
}

/** The nodes that `output` depends on, in the graph's order. */
function neededNodes(graph: Graph, output: number): Node[] {
  const needed = new Set([output]);
  for (let id = output; id >= 0; id--) {
    if (needed.has(id)) for (const operand of graph.nodes[id]!.inputs) needed.add(operand);
  }
  return graph.nodes.filter(({ id }) => needed.has(id));
}

function findImages(nodes: readonly Node[]): Node {
  const inputs = nodes.filter((node) => node.op === "input");
  const [images] = inputs;
  if (
    images === undefined ||
    inputs.length > 1 ||
    images.attrs.name !== "images" ||
    images.shape.length !== 4
  ) {
    const got = inputs.map((node) => `"${node.attrs.name}" ${formatShape(node.shape)}`).join(", ") || "none";
    throw new AtelierError(
      "bad-argument",
      `ONNX export: expected one input, "images" [N, H, W, C], that the logits depend on, got ${got}.`,
    );
  }
  return images;
}

function ensureLogits({ id, shape }: Node, expected: Shape, batched: ReadonlySet<number>): void {
  if (batched.has(id) && sameShape(shape, expected)) return;
  throw new AtelierError(
    "bad-argument",
    `ONNX export: expected logits ${formatShape(expected)}, one for each class name, got ${formatShape(shape)}.`,
  );
}

/** (x/255 − mean)/std, channel by channel, as one product and one sum: as in training. */
function emitNormalization(emitter: Emitter, [, , , C]: Shape, { mean, std }: Normalization): string {
  if (mean.length !== C || std.length !== C) {
    throw new AtelierError(
      "bad-argument",
      `ONNX export: expected normalization by ${C} means and deviations, one a channel, got ${mean.length} and ${std.length}.`,
    );
  }
  const scale = std.map((deviation) => 1 / (255 * deviation));
  const offset = std.map((deviation, channel) => -mean[channel]! / deviation);
  const pixels = emitter.emit("Cast", ["images"], { to: onnxTypeCodes.float32 });
  const scaled = emitter.emit("Mul", [pixels, emitter.floats(scale, "normalization/scale")]);
  return emitter.emit("Add", [scaled, emitter.floats(offset, "normalization/offset")]);
}

function emitNode(emitter: Emitter, node: Node): void {
  const rule = onnxRules[node.op];
  if (rule !== leaf) emitter.define(node.id, rule(emitter, node as never));
}

function renamed(nodes: readonly OnnxNode[], names: ReadonlyMap<string, string>): OnnxNode[] {
  const rename = (name: string) => names.get(name) ?? name;
  return nodes.map((node) => ({ ...node, inputs: node.inputs.map(rename), output: rename(node.output) }));
}
