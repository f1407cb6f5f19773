/** The models of runs, described and exported when a page asks for them. */
import { AtelierError, exportModel, type Model, type ModelFile, summaryData } from "@atelier/engine";
import { type JsonObject, type Run, type Store, TrackerError } from "@atelier/tracker";
import type { ModelDescription } from "@atelier/tracker/api";
import type { ModelExtension } from "@atelier/tracker/server";
import type { Recipe } from "../recipe/recipe.ts";
import { modelOf } from "../recipe/recipe-model.ts";
import { loadRunModel } from "../tracking/open-model.ts";
import { resultFiles } from "../training/result-folder.ts";
import type { OpenRecorded } from "./recorded-datasets.ts";

/** So many models stay in memory. */
const mostOpen = 2;

/** The models of a store's runs; `openDataset` knows the classes of one that is not trained yet. */
export function modelExtension(store: Store, openDataset: OpenRecorded): ModelExtension {
  /** By the checksum of the model's file: a run that is trained further has another. */
  const open = new Map<string, Promise<ModelFile>>();
  const load = (run: Run, key: string): Promise<ModelFile> => {
    const model = open.get(key) ?? loadRunModel(store, run).catch(asTrackerError);
    open.delete(key);
    open.set(key, model);
    model.catch(() => open.delete(key));
    for (const old of [...open.keys()].slice(0, -mostOpen)) open.delete(old);
    return model;
  };
  const keptModel = async (runId: string) =>
    (await store.listFiles(runId)).find(({ path }) => path === resultFiles.model);
  return {
    describe: async (runId) => {
      const run = await store.getRun(runId);
      const kept = await keptModel(runId);
      if (kept === undefined) return describe(await plannedModel(run, openDataset), false);
      return describe((await load(run, kept.sha256)).trained, true);
    },
    onnx: async (runId) => {
      const run = await store.getRun(runId);
      const kept = await keptModel(runId);
      return exportModel((await load(run, kept?.sha256 ?? runId)).trained);
    },
  };
}

/** What a run set out to train, as its config says. Throws not-found where it does not. */
async function plannedModel(
  { name, state, config, dataset }: Run,
  openDataset: OpenRecorded,
): Promise<Pick<ModelFile["trained"], "model" | "classNames">> {
  const recipe = config as unknown as Partial<Recipe>;
  if (dataset === undefined || recipe.input === undefined || !(recipe.layers ?? recipe.lists)) {
    throw new TrackerError("not-found", `run ${name} (${state}) has kept no model.`);
  }
  const { classNames } = (await openDataset(dataset)).train;
  try {
    return { model: modelOf(recipe as Recipe, classNames.length), classNames };
  } catch (error) {
    return asTrackerError(error);
  }
}

function describe(
  { model, classNames }: { readonly model: Model; readonly classNames: readonly string[] },
  isKept: boolean,
): ModelDescription {
  const { rows, counts } = summaryData(model);
  const { mean, std } = model.normalization;
  return {
    isKept,
    input: model.input,
    classNames,
    normalization: { mean, standardDeviation: std },
    layers: rows.map(({ name, type, outputShape, parameters, from }, at) => {
      const { type: _t, name: _n, from: _f, ...settings } = model.config.layers[at]!;
      return {
        name,
        type,
        outputShape,
        parameters,
        settings: settings as unknown as JsonObject,
        from,
      };
    }),
    parameters: counts,
  };
}

function asTrackerError(error: unknown): never {
  if (error instanceof AtelierError) throw new TrackerError("bad-store", error.message, { cause: error });
  throw error;
}
