/** Choosing some images of a dataset so that every class keeps its share. */
import type { ImageDataset } from "@atelier/engine";
import { seededBelow, shuffle } from "./random.ts";

/** Two sets of indices, each ascending, that together are all of the dataset. */
export interface Strata {
  readonly chosen: Uint32Array;
  readonly rest: Uint32Array;
}

/**
 * Chooses `count` images (0 ≤ count ≤ size), from each class its share, the images of a class at random by `seed`.
 * The same dataset order, count and seed give the same choice on every machine.
 */
export function chooseStratified(dataset: ImageDataset, count: number, seed: number): Strata {
  const byClass = indicesByClass(dataset);
  const quotas = shareOut(
    byClass.map((indices) => indices.length),
    count,
  );
  const below = seededBelow(seed);
  const isChosen = new Uint8Array(dataset.size);
  byClass.forEach((indices, classIndex) => {
    shuffle(indices, below);
    for (const index of indices.subarray(0, quotas[classIndex])) isChosen[index] = 1;
  });
  const chosen = new Uint32Array(count);
  const rest = new Uint32Array(dataset.size - count);
  let [chosenCount, restCount] = [0, 0];
  for (let index = 0; index < dataset.size; index++) {
    if (isChosen[index]) chosen[chosenCount++] = index;
    else rest[restCount++] = index;
  }
  return { chosen, rest };
}

/** How many images each class has, [classes]. */
export function countByClass(dataset: ImageDataset): number[] {
  const counts = new Array<number>(dataset.classNames.length).fill(0);
  for (const label of dataset.labels) counts[label]! += 1;
  return counts;
}

/**
 * `total` shared out in proportion to `counts` by largest remainders (Hamilton), ties to the lower index: every
 * share is its exact value rounded down or up, and they add up to `total`.
 */
export function shareOut(counts: readonly number[], total: number): number[] {
  const sum = counts.reduce((a, b) => a + b, 0);
  const shares = counts.map((count) => Math.floor((count * total) / sum));
  const remainders = counts.map((count, index) => ({ index, remainder: (count * total) % sum }));
  remainders.sort((a, b) => b.remainder - a.remainder || a.index - b.index);
  const missing = total - shares.reduce((a, b) => a + b, 0);
  for (const { index } of remainders.slice(0, missing)) shares[index]! += 1;
  return shares;
}

function indicesByClass(dataset: ImageDataset): Uint32Array[] {
  const byClass = countByClass(dataset).map((count) => new Uint32Array(count));
  const filled = byClass.map(() => 0);
  dataset.labels.forEach((label, index) => {
    byClass[label]![filled[label]!++] = index;
  });
  return byClass;
}
