/**
 * What a recipe is: data, model and rules of a training in one YAML file. One table says how each key is read and
 * what editors are told about it; the file format, `--set` and recipes/recipe.schema.json all come from it.
 */
import {
  AtelierError,
  adam,
  type Field,
  type FitRules,
  listOf,
  type Normalization,
  nearestName,
  oneOf,
  optional,
  parseGradientClip,
  parseLoss,
  parseOptimizer,
  parseSchedule,
  parseWeightAverage,
  realNumber,
  wholeNumber,
  withDefault,
} from "@atelier/engine";
import { type CnnLists, cnnListsFields, parseCnnLists } from "./cnn-lists.ts";
import {
  clipSchema,
  emaSchema,
  layersSchema,
  lossSchema,
  optimizerSchema,
  scheduleSchema,
} from "./engine-schemas.ts";
import { type JsonSchema, recordSchema } from "./json-schema.ts";
import { readLayers, type WrittenLayer } from "./layers.ts";
import { mapping, parsed, type Section, single } from "./section.ts";
import {
  augmentationFields,
  augmentationSchemas,
  earlyStoppingFields,
  monitorField,
  reduceOnPlateauFields,
} from "./training-fields.ts";

/** A recipe, checked; the keys of FitRules have the engine's meaning. */
export interface Recipe extends FitRules {
  readonly name: string;
  readonly description?: string;
  /** [height, width, channels] that images are brought to. */
  readonly input: readonly [height: number, width: number, channels: number];
  readonly normalization?: Normalization;
  /** Either this or `lists`. */
  readonly layers?: readonly WrittenLayer[];
  readonly lists?: CnnLists;
  readonly epochs: number;
  readonly batchSize: number;
  readonly seed: number;
  /** The share of the training images that is held out; 0 for none. */
  readonly validation: { readonly fraction: number };
  /** Name or folder of the data set. */
  readonly data: string;
}

const textField: Field<string> = {
  expected: "a text",
  read: (value) => (typeof value === "string" && value.trim() !== "" ? value : undefined),
};

/** Also the name of a folder. */
const nameField: Field<string> = {
  expected: "a name of letters, digits, dots, dashes and underscores",
  read: (value) => (typeof value === "string" && /^\w[\w.-]*$/.test(value) ? value : undefined),
};

const extents = listOf(wholeNumber(1));

const inputField: Field<Recipe["input"]> = {
  expected: "[height, width, channels], whole numbers ≥ 1",
  read: (value) => {
    const read = extents.read(value);
    return read?.length === 3 ? (read as unknown as Recipe["input"]) : undefined;
  },
};

const sections: { readonly [K in keyof Recipe]-?: Section<Exclude<Recipe[K], undefined>> } = {
  name: single("name", nameField, "What the recipe is called; results are kept under this name."),
  description: single("description", optional(textField), "One line for `atelier recipes`."),
  input: single("input", inputField, "Shape that images are brought to."),
  normalization: mapping(
    "normalization",
    { mean: listOf(realNumber()), std: listOf(realNumber({ above: 0 })) },
    "x = (pixel/255 − mean)/std, one number for all channels or one a channel; by default pixels are in [0, 1].",
  ),
  layers: parsed("layers", readLayers, {
    ...layersSchema,
    description: "The model, layer by layer; a first dense layer takes images without a flatten before it.",
  }),
  lists: parsed("lists", parseCnnLists, {
    ...recordSchema(cnnListsFields as { readonly [key: string]: Field<unknown> }),
    description: "In place of layers: a convolutional network as lists with one entry a layer.",
  }),
  epochs: single("epochs", withDefault(wholeNumber(1), 10), "Passes over the training images."),
  batchSize: single("batchSize", withDefault(wholeNumber(1), 128), "Images a step."),
  optimizer: {
    ...parsed("optimizer", parseOptimizer, { ...optimizerSchema, description: "Default adam." }),
    fallback: adam(),
  },
  schedule: parsed("schedule", parseSchedule, {
    ...scheduleSchema,
    description: "How the optimiser's learning rate, the peak, changes; by default it does not.",
  }),
  loss: parsed("loss", parseLoss, { ...lossSchema, description: "Default crossEntropy." }),
  augmentation: mapping(
    "augmentation",
    augmentationFields,
    "Random changes to the training images; none by default.",
    augmentationSchemas,
  ),
  clip: parsed("clip", parseGradientClip, { ...clipSchema, description: "Limit on the gradients." }),
  ema: parsed("ema", parseWeightAverage, {
    ...emaSchema,
    description: "Moving average of the weights, used for validation and as the result.",
  }),
  earlyStopping: mapping("earlyStopping", earlyStoppingFields, "Ends when the metric stops improving."),
  reduceOnPlateau: mapping(
    "reduceOnPlateau",
    reduceOnPlateauFields,
    "Lowers the learning rate when the metric stops improving.",
  ),
  keep: single("keep", optional(oneOf(["best", "last"])), "Which epoch's weights are the result."),
  monitor: single("monitor", optional(monitorField), "What decides which epoch is best; default val_loss."),
  seed: single("seed", withDefault(wholeNumber(0), 0), "Key of every random number."),
  validation: {
    ...mapping(
      "validation",
      { fraction: realNumber({ min: 0, below: 1 }) },
      "The share of the training images that is held out, stratified; 0 for none. Default 0.1.",
    ),
    fallback: { fraction: 0.1 },
  },
  data: single("data", withDefault(textField, "fashion-mnist"), "Name or folder of the data set."),
};

/** What editors are told about the whole file. */
export const recipeSchema: JsonSchema = {
  $schema: "http://json-schema.org/draft-07/schema#",
  title: "Atelier recipe",
  description: "Written by: npm run schema -w @atelier/cli",
  type: "object",
  properties: Object.fromEntries(
    Object.entries(sections).map(([key, { schema, fallback }]) => [
      key,
      fallback === undefined ? schema : { ...schema, default: fallback },
    ]),
  ),
  required: Object.entries(sections)
    .filter(([, { required }]) => required)
    .map(([key]) => key),
  additionalProperties: false,
};

/**
 * A recipe from data of any origin; `where` names it in messages. Throws bad-argument that says where, what was
 * expected and what came.
 */
export function parseRecipe(value: unknown, where: string): Recipe {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new AtelierError("bad-argument", `${where}: expected a recipe, a mapping of keys such as layers.`);
  }
  const keys = Object.keys(sections);
  const unknown = Object.keys(value).find((key) => !keys.includes(key));
  if (unknown !== undefined) {
    const nearest = nearestName(unknown, keys);
    const hint = nearest === undefined ? `Known are: ${keys.join(", ")}.` : `Did you mean "${nearest}"?`;
    throw new AtelierError("bad-argument", `${where}: unknown key "${unknown}". ${hint}`);
  }
  const entries = Object.entries(sections).flatMap(([key, section]) => {
    const read = readSection(section, (value as Record<string, unknown>)[key], { where, key });
    return read === undefined ? [] : [[key, read]];
  });
  const recipe: Recipe = Object.fromEntries(entries);
  if ((recipe.layers === undefined) === (recipe.lists === undefined)) {
    const got = recipe.layers === undefined ? "neither" : "both";
    throw new AtelierError("bad-argument", `${where}: expected either layers or lists, got ${got}.`);
  }
  return recipe;
}

function readSection(
  { parse, fallback, required, schema }: Section<unknown>,
  value: unknown,
  { where, key }: { readonly where: string; readonly key: string },
): unknown {
  if (value !== undefined && value !== null) return parse(value, where);
  if (!required) return fallback;
  throw new AtelierError("bad-argument", `${where}: "${key}" is missing. ${schema.description}`);
}
