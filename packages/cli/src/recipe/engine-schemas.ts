/** JSON schemas of what the engine reads itself: layers, optimiser, schedule, loss, clipping and averaging. */
import { layerRules, optimizerRules } from "@atelier/engine";
import { type JsonSchema, taggedSchema } from "./json-schema.ts";

const units: JsonSchema = {
  description: "Outputs of the layer; classes stands for the number of classes of the data set.",
  anyOf: [{ const: "classes" }, { type: "number" }],
};

export const layersSchema: JsonSchema = {
  type: "array",
  items: taggedSchema(layerRules, { dense: { units } }),
};

export const optimizerSchema: JsonSchema = taggedSchema(optimizerRules);

// The engine keeps the tables of the following to itself. Their keys are repeated here for editors and `--set`
// alone, values are the engine's to check; engine-schemas.test.ts holds the keys against its readers.

const warmup: JsonSchema = {
  description: "Linear rise at the start: below 1 a fraction of all steps, from 1 on a number of steps.",
};
const final: JsonSchema = { description: "Where the rate ends, as a share of its peak.", default: 0 };

const schedules: { readonly [type: string]: { readonly [key: string]: JsonSchema } } = {
  constant: { warmup },
  stepDecay: {
    every: { description: "Below 1 a fraction of all steps, from 1 on a number of steps." },
    factor: { description: "On the rate, each time.", default: 0.1 },
    warmup,
  },
  cosine: { final, warmup },
  linear: { final, warmup },
  oneCycle: {
    rise: { description: "Fraction of the steps spent rising.", default: 0.3 },
    initialDivisor: { description: "The rate starts at its peak divided by this.", default: 25 },
    finalDivisor: { description: "And ends at its start divided by this.", default: 1e4 },
  },
};

export const scheduleSchema: JsonSchema = {
  anyOf: [
    { enum: Object.keys(schedules).filter((type) => type !== "stepDecay") },
    ...Object.entries(schedules).map(
      ([type, properties]): JsonSchema => ({
        title: type,
        ...closed(
          { type: { const: type }, ...properties },
          type === "stepDecay" ? ["type", "every"] : ["type"],
        ),
      }),
    ),
  ],
};

export const lossSchema: JsonSchema = {
  anyOf: [
    { enum: ["crossEntropy"] },
    closed(
      {
        type: { const: "crossEntropy" },
        labelSmoothing: {
          description: "Share of the target spread over all classes, in [0, 1).",
          default: 0,
        },
        classWeights: { description: "One number ≥ 0 a class.", type: "array" },
      },
      ["type"],
    ),
  ],
};

/** One of the two. */
export const clipSchema: JsonSchema = closed({
  globalNorm: { description: "Largest joint norm of all gradients." },
  value: { description: "Largest absolute value of an element." },
});

export const emaSchema: JsonSchema = closed(
  {
    decay: { description: "Weight of the old average at each step, in [0, 1)." },
    copyUntil: { description: "The last step that copies the weights.", default: 1 },
  },
  ["decay"],
);

function closed(properties: NonNullable<JsonSchema["properties"]>, required: string[] = []): JsonSchema {
  return {
    type: "object",
    properties,
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
}
