/** Schemas of data sets and models. */
import { z } from "zod";
import type { DatasetDescription, DatasetSummary, ModelDescription, Neighbour } from "../../api/index.ts";
import { count, jsonObject, text } from "./json.ts";

const shape = z.tuple([count, count, count]);

export const datasetSummary = z.object({
  name: text,
  checksum: text,
  runCount: count,
}) satisfies z.ZodType<DatasetSummary>;

export const datasetDescription = z.object({
  name: text,
  checksum: text,
  shape,
  classNames: z.array(text),
  parts: z.array(
    z.object({
      part: text,
      checksum: text,
      imageCount: count,
      classCounts: z.array(count),
      mean: z.array(z.number()),
      standardDeviation: z.array(z.number()),
    }),
  ),
}) satisfies z.ZodType<DatasetDescription>;

export const imageSample = z.object({ index: count, label: count });

export const neighbour = imageSample.extend({ distance: z.number() }) satisfies z.ZodType<Neighbour>;

export const modelDescription = z.object({
  isKept: z.boolean(),
  input: shape,
  classNames: z.array(text),
  normalization: z.object({ mean: z.array(z.number()), standardDeviation: z.array(z.number()) }),
  layers: z.array(
    z.object({
      name: text,
      type: text,
      outputShape: z.array(count),
      parameters: count,
      settings: jsonObject,
      from: z.array(text),
    }),
  ),
  parameters: z.object({ total: count, trainable: count, nonTrainable: count }),
}) satisfies z.ZodType<ModelDescription>;
