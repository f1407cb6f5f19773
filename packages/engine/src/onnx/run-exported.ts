/** Runs exported models in onnxruntime and graphs in the oracle, for tests to compare. */
import { InferenceSession, Tensor } from "onnxruntime-node";
import { evaluateGraph } from "../executors/reference/evaluate.ts";
import { GraphBuilder, type Value } from "../graph/builder.ts";
import type { Graph } from "../graph/graph.ts";
import { type Shape, sizeOf } from "../graph/shape.ts";
import { uniform, wordOf } from "../random/philox.ts";
import { exportOnnx } from "./export.ts";

export const normalization = { mean: [0.25, 0.5, 0.125], std: [0.5, 0.25, 0.75] };

/** Batch size of the exported graphs: no other extent is the same, so that a mistaken one shows. */
const builtBatchSize = 11;

/** Builds logits [N, classes] from images [N, H, W, C]. */
export type Model = (g: GraphBuilder, images: Value, N: number) => Value;

/** The model as it is exported, for N images of `imageShape` [H, W, C]. */
export function buildModel(
  model: Model,
  imageShape: Shape,
  N = builtBatchSize,
): { graph: Graph; output: number } {
  const g = new GraphBuilder();
  const output = model(g, g.input("images", [N, ...imageShape]), N);
  return { graph: g.finish(), output };
}

/**
 * Values for every state of the graph: in (0.5, 1.5) where the name says "moments" or "variance", else in
 * (−0.5, 0.5), and less with many inputs (He et al. 2015), so that values keep their size from layer to layer.
 */
export function stateOf(graph: Graph): Map<string, Float32Array> {
  const states = graph.nodes.filter((node) => node.op === "state");
  return new Map(
    states.map(({ attrs: { name }, shape }, stream) => {
      const offset = /moments|variance/.test(name) ? 0.5 : -0.5;
      const scale =
        shape.length > 1 && offset < 0 ? Math.min(1, Math.sqrt(24 / sizeOf(shape.slice(0, -1)))) : 1;
      return [
        name,
        Float32Array.from({ length: sizeOf(shape) }, (_, i) => scale * (offset + draw(stream, i))),
      ];
    }),
  );
}

/** N images of pixels 0 to 255. */
export function drawPixels(N: number, imageShape: Shape): Uint8Array {
  return Uint8Array.from({ length: N * sizeOf(imageShape) }, (_, i) => Math.floor(draw(1000 + N, i) * 256));
}

export interface Outputs {
  readonly logits: Float32Array;
  readonly probabilities: Float32Array;
}

export async function openExported(
  model: Model,
  imageShape: Shape,
  preprocessing: boolean,
): Promise<(pixels: Uint8Array, N: number) => Promise<Outputs>> {
  const { graph, output } = buildModel(model, imageShape);
  const classNames = Array.from({ length: graph.nodes[output]!.shape[1]! }, (_, i) => `class ${i}`);
  const options = {
    graph,
    output,
    state: stateOf(graph),
    normalization: normalizationOf(imageShape),
    classNames,
  };
  const session = await InferenceSession.create(exportOnnx({ ...options, preprocessing }), {
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  return async (pixels, N) => {
    const shape = [N, ...imageShape];
    const images = preprocessing
      ? new Tensor("uint8", pixels, shape)
      : new Tensor("float32", normalize(pixels, imageShape), shape);
    const { logits, probabilities } = await session.run({ images });
    return { logits: logits!.data as Float32Array, probabilities: probabilities!.data as Float32Array };
  };
}

/** What the oracle says of the same model, built for N images. */
export function evaluateModel(model: Model, imageShape: Shape, pixels: Uint8Array, N: number): Outputs {
  const { graph: forward, output: logits } = buildModel(model, imageShape, N);
  const g = GraphBuilder.from(forward);
  const probabilities = g.softmax(logits);
  const graph = g.finish();
  const values = evaluateGraph(graph, {
    inputs: { images: normalize(pixels, imageShape) },
    state: Object.fromEntries(stateOf(graph)),
  });
  return {
    logits: Float32Array.from(values[logits]!),
    probabilities: Float32Array.from(values[probabilities]!),
  };
}

/** The largest |a − b| / max(1, |b|). */
export function largestDifference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  return a.reduce(
    (most, value, i) => Math.max(most, Math.abs(value - b[i]!) / Math.max(1, Math.abs(b[i]!))),
    0,
  );
}

function normalize(pixels: Uint8Array, imageShape: Shape): Float32Array {
  const { mean, std } = normalizationOf(imageShape);
  return Float32Array.from(
    pixels,
    (pixel, i) => (pixel / 255 - mean[i % mean.length]!) / std[i % std.length]!,
  );
}

function normalizationOf(imageShape: Shape): typeof normalization {
  const C = imageShape.at(-1)!;
  return { mean: normalization.mean.slice(0, C), std: normalization.std.slice(0, C) };
}

function draw(stream: number, element: number): number {
  return uniform(wordOf(7, stream, 0, element));
}
