/** ONNX of a trained model: the graph by which it predicts, with its weights. */
import { GraphBuilder } from "../graph/builder.ts";
import { forward } from "../nn/forward.ts";
import type { TrainedModel } from "../train/evaluate.ts";
import { exportOnnx, type OnnxExportOptions } from "./export.ts";

export type ModelExportOptions = Pick<OnnxExportOptions, "metadata" | "preprocessing">;

/** Of the graph only: exported models take any number of images. */
const builtBatchSize = 2;

/** The bytes of an .onnx file, as `exportOnnx` has it; its metadata `model` is the model's config as JSON. */
export function exportModel(trained: TrainedModel, options: ModelExportOptions = {}): Uint8Array {
  const { model, weights, classNames } = trained;
  const builder = new GraphBuilder();
  const images = builder.input("images", [builtBatchSize, ...model.input]);
  const { logits } = forward(model, builder, images, { training: false });
  return exportOnnx({
    ...options,
    graph: builder.finish(),
    output: logits,
    state: weights,
    classNames,
    normalization: model.normalization,
    metadata: { ...options.metadata, model: JSON.stringify(model.config) },
  });
}
