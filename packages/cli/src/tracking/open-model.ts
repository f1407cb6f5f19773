/** Models by file, or by the run that made them. */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { loadModel, type ModelFile } from "@atelier/engine";
import { type Run, restoreFiles, type Store, TrackerError } from "@atelier/tracker";
import type { Effects } from "../effects.ts";
import { resultFiles } from "../training/result-folder.ts";
import { findRun, hasRunStore, openRunStore, runsCalled } from "./run-store.ts";

export interface OpenedModel {
  readonly file: ModelFile;
  /** Absolute path of the file, or the id of the run. */
  readonly source: string;
  /** Where it came from, unless a file was named. */
  readonly run?: Run;
}

/** What an argument `<model>` may be. */
export const modelArgument = "a model file or checkpoint (.safetensors), or a run by id or name";

/** Throws bad-file or not-found when there is neither such a file nor such a run, or the run has kept no model. */
export async function openModel(text: string, effects: Effects): Promise<OpenedModel> {
  const path = resolve(effects.folder, text);
  const isFile = existsSync(path) || text !== basename(text) || text.endsWith(".safetensors");
  if (isFile || !hasRunStore(effects)) return { file: await loadModel(path), source: path };
  await using store = openRunStore(effects);
  return modelOfRun(store, await findRun(store, text, "a model file, or the id or name of a run"));
}

/** The model that a run has kept; undefined when there is no such run. */
export async function openRunModel(text: string, effects: Effects): Promise<OpenedModel | undefined> {
  if (!hasRunStore(effects)) return undefined;
  await using store = openRunStore(effects);
  return (await runsCalled(store, text)).length === 0
    ? undefined
    : modelOfRun(store, await findRun(store, text));
}

async function modelOfRun(store: Store, run: Run): Promise<OpenedModel> {
  return { file: await loadRunModel(store, run), source: run.id, run };
}

/** The model that a run has kept, its checksum verified. Throws not-found when there is none. */
export async function loadRunModel(store: Store, { id, name, state }: Run): Promise<ModelFile> {
  const model = (await store.listFiles(id)).find(({ path }) => path === resultFiles.model);
  if (model === undefined) throw new TrackerError("not-found", `run ${name} (${state}) has kept no model.`);
  const folder = await mkdtemp(join(tmpdir(), "atelier-model-"));
  try {
    const [restored] = await restoreFiles(store.blobs, [model], folder); // verified by its checksum
    return await loadModel(restored!.target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
