/** Where a model comes from: what its file says besides the model, and what a resumed training must agree with. */
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { AtelierError, type EpochRecord, loadModel, type ModelFile } from "@atelier/engine";
import type { Effects } from "../effects.ts";
import type { Recipe } from "../recipe/recipe.ts";
import { resultFiles } from "./result-folder.ts";

/** The `about` of model files and checkpoints: all that decides the numbers besides the engine's own state. */
export interface Origin {
  readonly recipe: Recipe;
  /** Name or absolute folder. */
  readonly data: string;
  /** As given by --limit. */
  readonly limit: number | null;
  readonly executor: string;
  readonly threads: number;
}

/** What a model file tells of its training; nothing of it in files that others wrote. */
export function trainingOf({ about, training }: ModelFile): Partial<Pick<Origin, "recipe">> & {
  readonly history: readonly Pick<EpochRecord, "metrics">[];
} {
  const { recipe, history = training?.history ?? [] } = about as Partial<Origin> & {
    readonly history?: readonly Pick<EpochRecord, "metrics">[];
  };
  return { ...(recipe && { recipe }), history };
}

export interface Checkpoint {
  readonly file: ModelFile;
  readonly origin: Origin;
}

/** Throws bad-argument for a training that is done, bad-file for what `atelier train` did not write. */
export async function openCheckpoint(path: string, { folder }: Effects): Promise<Checkpoint> {
  const given = resolve(folder, path);
  const model = join(dirname(path), resultFiles.model);
  if (!existsSync(given) && existsSync(resolve(folder, model))) {
    throw new AtelierError(
      "bad-argument",
      `--resume ${path}: expected a checkpoint, got none, as that training is done: its model is ${model}.`,
    );
  }
  const file = await loadModel(given);
  if (file.training === undefined) {
    throw new AtelierError(
      "bad-argument",
      `--resume ${path}: expected a checkpoint, got a finished model, which has nothing to go on from.`,
    );
  }
  const { recipe, data, limit = null, executor, threads } = file.about as Partial<Origin>;
  if (recipe === undefined || data === undefined || executor === undefined || threads === undefined) {
    throw new AtelierError(
      "bad-file",
      `${path}: expected a checkpoint written by \`atelier train\`, got one that names no recipe.`,
    );
  }
  return { file, origin: { recipe, data, limit, executor, threads } };
}

/** Throws bad-argument with the first thing that is not as it was when the checkpoint was made. */
export function expectSameOrigin(
  before: Origin,
  now: Pick<Origin, "recipe" | "limit">,
  checkpoint: string,
): void {
  const difference = firstDifference(
    { ...before.recipe, limit: before.limit },
    { ...now.recipe, limit: now.limit },
  );
  if (difference === undefined) return;
  throw new AtelierError(
    "bad-argument",
    `--resume ${checkpoint}: the checkpoint was made with other settings: ${difference}. ` +
      "Leave recipe and settings out to go on with the checkpoint's own.",
  );
}

/** "epochs was 10, now 5" for the first key whose values differ as JSON. */
function firstDifference(made: object, now: object): string | undefined {
  const [before, after] = [JSON.parse(JSON.stringify(made)), JSON.parse(JSON.stringify(now))];
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [a, b] = [JSON.stringify(before[key]), JSON.stringify(after[key])];
    if (a !== b) return `${key} was ${a ?? "absent"}, now ${b ?? "absent"}`;
  }
  return undefined;
}
