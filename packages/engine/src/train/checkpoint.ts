/**
 * Models and checkpoints on disk: one safetensors file, tensors by name, everything else as JSON in its metadata.
 * A checkpoint is a model file that can also be trained on: its weights are the best so far, its `session/` tensors
 * the exact state of training.
 */
import { readFile } from "node:fs/promises";
import { AtelierError } from "../error.ts";
import { formatShape, sameShape } from "../graph/shape.ts";
import { type Model, modelFromConfig } from "../nn/model.ts";
import type { TrainedModel } from "./evaluate.ts";
import type { EpochRecord } from "./history.ts";
import { decodeSafetensors, encodeSafetensors, type SafeTensor } from "./safetensors.ts";
import { writeFileAtomic } from "./write-file-atomic.ts";

/** Where training stands, at a step boundary. */
export interface TrainingState {
  /** JSON of the options that decide the numbers: optimiser, schedule, seed, batch size… Resuming demands the same. */
  readonly options: string;
  readonly history: readonly EpochRecord[];
  /** Steps of the current epoch that are done, and what they summed up. */
  readonly epochSteps: number;
  readonly epochSums: {
    readonly loss: number;
    readonly correct: number;
    readonly rows: number;
    readonly seconds: number;
  };
  /** Every state of the session: weights, optimiser slots, moving statistics. */
  readonly session: ReadonlyMap<string, Float32Array>;
}

export interface ModelFile {
  readonly trained: TrainedModel;
  /** Present in checkpoints. */
  readonly training?: TrainingState;
  /** Free JSON the writer adds, e.g. recipe and data set. */
  readonly about: Readonly<Record<string, unknown>>;
}

const formatVersion = "1";
const sessionPrefix = "session/";

/** Writes a model, or with `training` a checkpoint; the old file stays whole until the new one is. Throws cannot-write. */
export async function saveModel(path: string, { trained, training, about }: ModelFile): Promise<void> {
  const tensors = new Map<string, SafeTensor>();
  for (const { name, shape } of trained.model.parameters)
    tensors.set(name, { shape, data: trained.weights.get(name)! });
  for (const [name, data] of training?.session ?? [])
    tensors.set(sessionPrefix + name, { shape: [data.length], data });
  const metadata: Record<string, string> = {
    format: "atelier",
    version: formatVersion,
    model: JSON.stringify(trained.model.config),
    classNames: JSON.stringify(trained.classNames),
    about: JSON.stringify(about),
  };
  if (training !== undefined) {
    const { session: _, ...rest } = training;
    metadata.training = JSON.stringify(rest);
  }
  await writeFileAtomic(path, encodeSafetensors({ tensors, metadata }));
}

/** Reads a model or checkpoint. Throws bad-file when it is none, or its tensors do not fit its model. */
export async function loadModel(path: string): Promise<ModelFile> {
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === "ENOENT" ? "no such file" : cause.message;
    throw new AtelierError("bad-file", `${path}: expected a model file, got: ${reason}.`, { cause });
  });
  const { tensors, metadata } = decodeSafetensors(bytes, path);
  if (metadata.format !== "atelier" || metadata.model === undefined) {
    throw new AtelierError(
      "bad-file",
      `${path}: expected a model written by Atelier, got a safetensors file without its metadata.`,
    );
  }
  if (metadata.version !== formatVersion) {
    throw new AtelierError(
      "bad-file",
      `${path}: expected model format ${formatVersion}, got ${metadata.version}. Use the version of Atelier that wrote it.`,
    );
  }
  const json = <T>(key: string): T => {
    try {
      return JSON.parse(metadata[key] ?? "null");
    } catch (cause) {
      throw new AtelierError("bad-file", `${path}: its metadata "${key}" is not JSON.`, { cause });
    }
  };
  const model = modelFromConfig(json("model"));
  const weights = new Map(
    model.parameters.map((parameter) => [parameter.name, tensorOf(tensors, parameter, path)]),
  );
  const classNames = json<string[]>("classNames");
  const training = json<Omit<TrainingState, "session"> | null>("training");
  const session = new Map(
    [...tensors].flatMap(([name, { data }]) =>
      name.startsWith(sessionPrefix) ? [[name.slice(sessionPrefix.length), data] as const] : [],
    ),
  );
  return {
    trained: { model, weights, classNames },
    ...(training !== null && { training: { ...training, session } }),
    about: json<Record<string, unknown> | null>("about") ?? {},
  };
}

function tensorOf(
  tensors: ReadonlyMap<string, SafeTensor>,
  { name, shape }: Model["parameters"][number],
  path: string,
): Float32Array {
  const tensor = tensors.get(name);
  if (tensor === undefined || !sameShape(tensor.shape, shape)) {
    const got = tensor === undefined ? "none" : formatShape(tensor.shape);
    throw new AtelierError(
      "bad-file",
      `${path}: expected a tensor "${name}" of ${formatShape(shape)}, got ${got}.`,
    );
  }
  return tensor.data;
}
