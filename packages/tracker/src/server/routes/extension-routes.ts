/** Data sets and models, as far as the program that runs the server knows them. */
import { z } from "zod";
import type { DatasetSummary } from "../../api/index.ts";
import { TrackerError } from "../../model/tracker-error.ts";
import type { Store } from "../../store/store.ts";
import type { DatasetExtension, ModelExtension } from "../extensions.ts";
import {
  datasetDescription,
  datasetSummary,
  imageSample,
  modelDescription,
  neighbour,
} from "../schemas/dataset.ts";
import { countText, text } from "../schemas/json.ts";
import type { Sender, ServerParts, ServerRoutes } from "../server-route.ts";
import { anyScope } from "./run-routes.ts";

const datasetQuery = z.strictObject({ checksum: text.exactOptional() });
/** More than this at once helps nobody. */
const largestCount = 1000;
const countOf = countText.pipe(z.number().max(largestCount)).exactOptional();

export const extensionRoutes: ServerRoutes<
  | "listDatasets"
  | "describeDataset"
  | "readImage"
  | "listNeighbours"
  | "listSamples"
  | "describeModel"
  | "exportModel"
> = {
  listDatasets: {
    about: "The data sets that runs name.",
    query: anyScope,
    answer: z.array(datasetSummary),
    answerTo: ({ query }, { store }) => datasetsOf(store, query),
  },
  describeDataset: {
    about: "Classes, counts, shape and checksums of a data set.",
    query: datasetQuery,
    answer: datasetDescription,
    answerTo: ({ parameters, query }, parts) => datasetsIn(parts).describe({ ...parameters, ...query }),
  },
  readImage: {
    about: "An image of a data set as PNG.",
    query: datasetQuery,
    answer: { contentType: "image/png" },
    answerTo: async ({ parameters: { name, part, index }, query }, parts) => {
      const png = await datasetsIn(parts).image({ name, ...query }, part, indexOf(index));
      return sendBytes(
        png,
        "image/png",
        query.checksum === undefined ? "no-cache" : "max-age=31536000, immutable",
      );
    },
  },
  listNeighbours: {
    about: "The training images nearest to an image, by distance in pixel space.",
    query: datasetQuery.extend({ count: countOf }),
    answer: z.array(neighbour),
    answerTo: ({ parameters: { name, part, index }, query: { count = 6, ...query } }, parts) =>
      datasetsIn(parts).nearest({ name, ...query }, part, { index: indexOf(index), count }),
  },
  listSamples: {
    about: "Some images, of one class where one is given, chosen by a seed.",
    query: datasetQuery.extend({
      class: countText.exactOptional(),
      count: countOf,
      seed: countText.exactOptional(),
    }),
    answer: z.array(imageSample),
    answerTo: ({ parameters: { name, part }, query }, parts) => {
      const { class: label, count = 24, seed = 0, ...rest } = query;
      const options = { ...(label !== undefined && { class: label }), count, seed };
      return datasetsIn(parts).samples({ name, ...rest }, part, options);
    },
  },
  describeModel: {
    about: "Input, classes and layers of the model that a run has kept or set out to train.",
    answer: modelDescription,
    answerTo: ({ parameters }, parts) => modelsIn(parts).describe(parameters.runId),
  },
  exportModel: {
    about: "The model that a run has kept, as ONNX: uint8 images [N, H, W, C] in, probabilities out.",
    answer: { contentType: "application/octet-stream" },
    answerTo: async ({ parameters }, parts) =>
      sendBytes(await modelsIn(parts).onnx(parameters.runId), "application/octet-stream", "no-cache"),
  },
};

function sendBytes(bytes: Uint8Array, type: string, caching: string): Sender {
  return async (reply) =>
    reply.type(type).header("cache-control", `private, ${caching}`).send(Buffer.from(bytes));
}

function datasetsIn({ extensions }: ServerParts): DatasetExtension {
  if (extensions.datasets) return extensions.datasets;
  throw new TrackerError("not-found", "this server knows no data sets; `atelier ui` does.");
}

function modelsIn({ extensions }: ServerParts): ModelExtension {
  if (extensions.models) return extensions.models;
  throw new TrackerError("not-found", "this server cannot read models; `atelier ui` can.");
}

function indexOf(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new TrackerError("bad-argument", `expected the position of an image, got ${JSON.stringify(text)}.`);
}

async function datasetsOf(
  store: Store,
  query: { readonly entity?: string; readonly project?: string },
): Promise<readonly DatasetSummary[]> {
  const found = new Map<string, DatasetSummary>();
  for (let after: string | undefined, isMore = true; isMore; isMore = after !== undefined) {
    const page = await store.listRuns({ ...query, ...(after !== undefined && { after }) });
    for (const { dataset } of page.runs) {
      if (dataset === undefined) continue;
      const { name, checksum } = dataset;
      const key = JSON.stringify([name, checksum]);
      found.set(key, { name, checksum, runCount: (found.get(key)?.runCount ?? 0) + 1 });
    }
    after = page.next;
  }
  return [...found.values()];
}
