/**
 * A model: layers with their names, wiring, shapes and parameters resolved and checked. It is plain frozen data
 * without weights; `model.config` is all that a checkpoint or a recipe has to keep. Branches are layers that name
 * what they read (`from`), so that a list describes residual nets too.
 */
import { AtelierError, nearestName } from "../error.ts";
import type { Normalization } from "../executors/executor.ts";
import { GraphBuilder } from "../graph/builder.ts";
import { type Shape, sizeOf } from "../graph/shape.ts";
import { buildLayers } from "./build-layers.ts";
import {
  type Field,
  type Fields,
  listOf,
  optional,
  readRecord,
  realNumber,
  recordOf,
  wholeNumber,
} from "./fields.ts";
import { batchShape } from "./layers/layer.ts";
import { type LayerConfig, type LayerType, layerRules, parseLayers } from "./layers.ts";
import type { Parameter } from "./parameter.ts";

/** A model as JSON; `modelFromConfig` reads it back. */
export interface ModelConfig {
  /** Of this format. */
  readonly version: 1;
  readonly input: readonly [height: number, width: number, channels: number];
  readonly normalization: Normalization;
  readonly layers: readonly LayerConfig[];
}

export interface Model {
  readonly config: ModelConfig;
  /** [H, W, C] of one image. */
  readonly input: readonly [height: number, width: number, channels: number];
  readonly classes: number;
  /** What the executor does to pixels before the first layer. */
  readonly normalization: Normalization;
  readonly layers: readonly ModelLayer[];
  /** Of all layers, in order; the place is the index that `initialValue` takes. */
  readonly parameters: readonly Parameter[];
  readonly counts: ParameterCounts;
}

export interface ModelLayer {
  readonly name: string;
  readonly type: LayerType;
  /** Names of the layers it reads; "input" is the model's input. */
  readonly from: readonly string[];
  /** Shapes without the batch axis. */
  readonly inputShapes: readonly Shape[];
  readonly outputShape: Shape;
  readonly parameters: readonly Parameter[];
  readonly parameterCount: number;
}

export interface ParameterCounts {
  readonly total: number;
  readonly trainable: number;
  readonly nonTrainable: number;
}

export interface SequentialOptions {
  /** [H, W, C] of the images. */
  readonly input: readonly [height: number, width: number, channels: number];
  /** x = (pixel/255 − mean)/std, one number a channel; default mean 0, std 1, i.e. pixels in [0, 1]. */
  readonly normalization?: Normalization;
}

/**
 * A model of `layers`, each reading the one before unless it says `from`. The last layer must give [N, classes]:
 * logits, without softmax. Throws shape-mismatch where layers do not fit, bad-argument for names and options.
 */
export function sequential(layers: readonly LayerConfig[], options: SequentialOptions): Model {
  return modelFromConfig({ version: 1, ...options, layers });
}

const extents: Field<readonly number[]> = listOf(wholeNumber(1));

const inputField: Field<ModelConfig["input"]> = {
  expected: "[height, width, channels], whole numbers ≥ 1",
  read: (value, where) => {
    const read = extents.read(value, where);
    return read?.length === 3 ? (read as unknown as ModelConfig["input"]) : undefined;
  },
};

const normalizationFields: Fields<Normalization> = {
  mean: listOf(realNumber()),
  std: listOf(realNumber({ above: 0 })),
};

interface RawConfig extends Omit<ModelConfig, "normalization" | "layers"> {
  readonly normalization?: Normalization;
  readonly layers: NonNullable<unknown>;
}

const modelFields: Fields<RawConfig> = {
  version: {
    expected: "1, the format this version of Atelier reads",
    read: (v) => (v === 1 ? 1 : undefined),
  },
  input: inputField,
  normalization: optional(recordOf(normalizationFields, "{ mean, std }")),
  layers: { expected: "a list of layers", read: (v) => v ?? undefined }, // parseLayers looks inside
};

/** The model a config describes, e.g. one read from a checkpoint. Throws as `sequential` does. */
export function modelFromConfig(config: unknown): Model {
  const { input, normalization, layers } = readRecord(config, "model", modelFields);
  const named = nameLayers(parseLayers(layers, "layers"));
  const complete: ModelConfig = {
    version: 1,
    input,
    normalization: completeNormalization(normalization, input[2]),
    layers: named,
  };
  return deepFreeze(describe(complete));
}

function completeNormalization(given: Normalization | undefined, channels: number): Normalization {
  if (given === undefined) {
    return { mean: new Array<number>(channels).fill(0), std: new Array<number>(channels).fill(1) };
  }
  const everyChannel = (key: "mean" | "std"): readonly number[] => {
    const values = given[key];
    if (values.length === channels) return values;
    if (values.length === 1) return new Array<number>(channels).fill(values[0]!);
    throw new AtelierError(
      "bad-argument",
      `normalization: expected ${key} to have one number, or one a channel (${channels}), got ${values.length}.`,
    );
  };
  return { mean: everyChannel("mean"), std: everyChannel("std") };
}

/** Gives every layer a name and checks that names are unique and `from` points back to one. */
function nameLayers(layers: readonly LayerConfig[]): LayerConfig[] {
  const given = new Set<string>();
  for (const { name } of layers) {
    if (name === undefined) continue;
    if (given.has(name)) throw new AtelierError("bad-argument", `layers: the name "${name}" is used twice.`);
    given.add(name);
  }
  const used = new Map<string, number>();
  const earlier = ["input"];
  return layers.map((layer) => {
    const name = layer.name ?? automaticName(layerRules[layer.type].kerasName, used, given);
    for (const source of layer.from ?? []) {
      if (earlier.includes(source)) continue;
      const nearest = nearestName(source, earlier);
      const hint = nearest === undefined ? `Known are: ${earlier.join(", ")}.` : `Did you mean "${nearest}"?`;
      throw new AtelierError(
        "bad-argument",
        `${layer.type} "${name}": from names "${source}", which is no earlier layer. ${hint}`,
      );
    }
    earlier.push(name);
    return { ...layer, name };
  });
}

/** Keras' automatic name: MaxPooling2D → max_pooling2d, then max_pooling2d_1 …; given names are skipped. */
function automaticName(kerasName: string, used: Map<string, number>, given: ReadonlySet<string>): string {
  const stem = kerasName
    .replace(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
  for (;;) {
    const count = used.get(stem) ?? 0;
    used.set(stem, count + 1);
    const name = count === 0 ? stem : `${stem}_${count}`;
    if (!given.has(name)) return name;
  }
}

/** 4 GiB of weights: far beyond what one machine trains, and what a slip in a recipe reaches at once. */
const mostParameters = 2 ** 30;

/** Builds the layers once for a batch of one image and notes what came of each. */
function describe(config: ModelConfig): Model {
  const builder = new GraphBuilder();
  const images = builder.input("images", [1, ...config.input]);
  const layers: ModelLayer[] = [];
  buildLayers(config.layers, {
    builder,
    images,
    training: false,
    onLayer: ({ layer, from, inputs, output, parameters }) => {
      layers.push({
        name: layer.name!,
        type: layer.type,
        from,
        inputShapes: inputs.map((input) => builder.shape(input).slice(1)),
        outputShape: builder.shape(output).slice(1),
        parameters,
        parameterCount: count(parameters),
      });
    },
  });
  const parameters = layers.flatMap((layer) => layer.parameters);
  const total = count(parameters);
  if (total > mostParameters) {
    throw new AtelierError(
      "bad-argument",
      `model: expected at most ${mostParameters.toLocaleString("en-US")} parameters, ` +
        `got ${total.toLocaleString("en-US")}. Use fewer units or filters, or pool more before dense.`,
    );
  }
  const trainable = count(parameters.filter((parameter) => parameter.trainable));
  return {
    config,
    input: config.input,
    classes: classesOf(config.layers.at(-1)!, layers.at(-1)!),
    normalization: config.normalization,
    layers,
    parameters,
    counts: { total, trainable, nonTrainable: total - trainable },
  };
}

function classesOf(config: LayerConfig, layer: ModelLayer): number {
  const where = `${layer.type} "${layer.name}"`;
  if (layer.outputShape.length !== 1) {
    throw new AtelierError(
      "shape-mismatch",
      `${where}: expected the last layer to give [N, classes], got ${batchShape([1, ...layer.outputShape])}. ` +
        "End with flatten() or a global pooling and dense(classes).",
    );
  }
  if ("activation" in config && config.activation === "softmax") {
    throw new AtelierError(
      "bad-argument",
      `${where}: expected the last layer to give logits, got activation "softmax". ` +
        "Remove it: the loss applies softmax itself.",
    );
  }
  return layer.outputShape[0]!;
}

function count(parameters: readonly Parameter[]): number {
  return parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}
