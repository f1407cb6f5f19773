/** Our side of the benchmark: turns of training of about equal length, each an epoch over a subset. */
import { fitRulesOf, loadRecipe, modelOf } from "@atelier/cli";
import { type Executor, fit, type ImageDataset } from "@atelier/engine";
import { limitDataset } from "@atelier/vision";

export interface Turns {
  readonly batchSize: number;
  /** Trains one turn; images a second. */
  next(): Promise<number>;
  close(): void;
}

/** Measures the recipe's speed once (the warm-up), then cuts turns of about `seconds`. Adam, no schedule, as the peer. */
export async function openTurns(
  name: string,
  train: ImageDataset,
  executor: Executor,
  seconds: number,
): Promise<Turns> {
  const recipe = await loadRecipe(name, [], ".");
  const { batchSize } = recipe;
  const model = modelOf(recipe, train.classNames.length);
  const rules = {
    ...fitRulesOf(recipe),
    optimizer: { type: "adam", learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 },
  } as const;
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
  return { batchSize, next: () => turn(epochs), close: () => training.close() };
}
