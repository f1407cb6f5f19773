/** Holds what is about to be timed to an oracle. */
import { type Executor, fit, type ImageDataset, openExecutor, planStep } from "@atelier/engine";
import { limitDataset } from "@atelier/vision";
import type { Configuration } from "./turns.ts";

const steps = 3;

/** What the reference executor does in a few seconds; beyond, kernels written as their definitions are the oracle. */
const referenceFlops = 2e9;

/** Losses may differ by rounding, which Adam turns into steps of another sign where gradients vanish. */
const tolerance = 2e-3;

/** Trains a few steps on few images with `executor` and with the oracle. Throws when the mean losses differ. */
export async function checkSteps(
  { recipe, model, rules }: Configuration,
  train: ImageDataset,
  executor: Executor,
): Promise<string> {
  const batchSize = 2;
  const { calls } = planStep(model, { purpose: "train", batchSize, rules }, executor);
  const flops = steps * calls.reduce((total, call) => total + call.flops, 0);
  const oracle =
    flops < referenceFlops
      ? openExecutor({ kind: "reference" })
      : openExecutor({ kind: "native", variant: "naive", threads: 1 });
  const images = limitDataset(train, steps * batchSize, 1);
  const lossOn = async (with_: Executor): Promise<number> => {
    const training = fit(model, images, { ...rules, batchSize, epochs: 1, executor: with_ });
    for await (const { metrics } of training) {
      training.close();
      return metrics.loss;
    }
    throw new Error(`${recipe}: no epoch`);
  };
  const [expected, loss] = [await lossOn(oracle), await lossOn(executor)];
  const difference = Math.abs(loss - expected) / Math.abs(expected);
  if (!(difference < tolerance))
    throw new Error(`${recipe}: a loss of ${loss} after ${steps} steps; ${oracle.name} has ${expected}`);
  return `${recipe}, ${executor.name}: loss of ${steps} steps within ${difference.toExponential(1)} of ${oracle.name}'s`;
}
