import { bestEpochIndex, type EpochRecord } from "@atelier/engine";
import type { Recipe } from "../recipe/recipe.ts";

/** Index of the epoch whose weights a training by this recipe keeps, as `fit` chooses it. */
export function keptEpochIndex(
  { keep, monitor = "val_loss" }: Pick<Recipe, "keep" | "monitor">,
  history: readonly Pick<EpochRecord, "metrics">[],
): number {
  const isValidated = history.some(({ metrics }) => metrics.val_loss !== undefined);
  const best = keep === "last" || !isValidated ? undefined : bestEpochIndex(history, monitor);
  return best ?? history.length - 1;
}
