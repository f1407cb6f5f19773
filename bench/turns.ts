/** Our side of the benchmark: turns of training of about equal length, each an epoch over a subset. */
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

/** Measures the speed once (the warm-up), then cuts turns of about `seconds`. */
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
  const turn = async (epochs: AsyncIterator<{ readonly imagesPerSecond: number }>): Promise<number> => {
    const { value } = await epochs.next();
    return value.imagesPerSecond;
  };
  const trial = open(2 * batchSize, 2);
  await turn(trial.epochs);
  const rate = await turn(trial.epochs);
  trial.training.close();
  const batches = Math.min(
    Math.max(1, Math.round((rate * seconds) / batchSize)),
    Math.floor(train.size / batchSize),
  );
  const { training, epochs } = open(batches * batchSize, 1_000);
  await turn(epochs);
  return { next: () => turn(epochs), close: () => training.close() };
}
