/** Our side of the benchmark: turns of training of about equal length, each some epochs over a subset. */

import { setTimeout } from "node:timers/promises";
import { fitRulesOf, loadRecipe, modelOf, type Setting } from "@atelier/cli";
import { type Executor, type FitRules, fit, type ImageDataset, type Model } from "@atelier/engine";
import { limitDataset } from "@atelier/vision";

/** A recipe at a batch size, which is its own unless said otherwise. */
export interface Configuration {
  readonly recipe: string;
  readonly batchSize: number;
  readonly model: Model;
  readonly rules: FitRules;
}

export interface Turns {
  /** Trains one turn; images a second. */
  next(): Promise<number>;
  close(): void;
}

/** Waiting threads of a peer spin for a while before they sleep; nobody's turn starts in their wake. */
export function settle(): Promise<void> {
  return setTimeout(300);
}

/** "cnn-small" or "cnn-small@128". Adam without a schedule, as the peers have it. */
export async function openConfiguration(
  text: string,
  classes: number,
  settings: readonly Setting[] = [],
): Promise<Configuration> {
  const [name, batch] = text.split("@") as [string, string?];
  const recipe = await loadRecipe(name, settings, ".");
  const { schedule: _, ...rules } = fitRulesOf(recipe);
  const batchSize = batch === undefined ? recipe.batchSize : Number(batch);
  const optimizer = { type: "adam", learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 } as const;
  return {
    recipe: name,
    batchSize,
    model: modelOf(recipe, classes),
    rules: { ...rules, batchSize, optimizer },
  };
}

/** Measures the speed once (the warm-up), then cuts turns of about `seconds`: an epoch, or several where it is shorter. */
export async function openTurns(
  { model, rules, batchSize }: Configuration,
  train: ImageDataset,
  executor: Executor,
  seconds: number,
): Promise<Turns> {
  const open = (images: number, epochs: number) => {
    const training = fit(model, limitDataset(train, images, 1), { ...rules, executor, epochs });
    return { training, epochs: training[Symbol.asyncIterator]() };
  };
  // By the clock, so that what happens between epochs counts, as it does for the peers.
  const secondsOf = async ({ epochs }: ReturnType<typeof open>, count: number): Promise<number> => {
    const started = performance.now();
    for (let epoch = 0; epoch < count; epoch++) await epochs.next();
    return (performance.now() - started) / 1e3;
  };
  const trial = open(2 * batchSize, 2);
  await secondsOf(trial, 1);
  const rate = (2 * batchSize) / (await secondsOf(trial, 1));
  trial.training.close();
  const batches = Math.min(
    Math.max(1, Math.round((rate * seconds) / batchSize)),
    Math.floor(train.size / batchSize),
  );
  const images = batches * batchSize;
  const turns = open(images, 1_000_000);
  await secondsOf(turns, 1);
  const repeats = Math.max(1, Math.round(seconds / (await secondsOf(turns, 1))));
  const next = async () => (repeats * images) / (await secondsOf(turns, repeats));
  return { next, close: () => turns.training.close() };
}
