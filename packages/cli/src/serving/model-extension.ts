/** The models that runs have kept, described and exported when a page asks for them. */
import { AtelierError, exportModel, type ModelFile, summaryData } from "@atelier/engine";
import { type Store, TrackerError } from "@atelier/tracker";
import type { ModelExtension } from "@atelier/tracker/server";
import { loadRunModel } from "../tracking/open-model.ts";
import { resultFiles } from "../training/result-folder.ts";

/** So many models stay in memory. */
const mostOpen = 2;

/** The models of a store's runs. */
export function modelExtension(store: Store): ModelExtension {
  /** By the checksum of the model's file: a run that is trained further has another. */
  const open = new Map<string, Promise<ModelFile>>();
  const load = async (runId: string): Promise<ModelFile> => {
    const run = await store.getRun(runId);
    const file = (await store.listFiles(runId)).find(({ path }) => path === resultFiles.model);
    const key = file?.sha256 ?? runId;
    const model = open.get(key) ?? loadRunModel(store, run).catch(asTrackerError);
    open.delete(key);
    open.set(key, model);
    model.catch(() => open.delete(key));
    for (const old of [...open.keys()].slice(0, -mostOpen)) open.delete(old);
    return model;
  };
  return {
    describe: async (runId) => {
      const { model, classNames } = (await load(runId)).trained;
      const { rows, counts } = summaryData(model);
      const { mean, std } = model.normalization;
      return {
        input: model.input,
        classNames,
        normalization: { mean, standardDeviation: std },
        layers: rows.map(({ name, type, outputShape, parameters, from }) => ({
          name,
          type,
          outputShape,
          parameters,
          from,
        })),
        parameters: counts,
      };
    },
    onnx: async (runId) => exportModel((await load(runId)).trained),
  };
}

function asTrackerError(error: unknown): never {
  if (error instanceof AtelierError) throw new TrackerError("bad-store", error.message, { cause: error });
  throw error;
}
