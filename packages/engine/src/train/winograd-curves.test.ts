/** Training with the convolutions the planner chooses, Winograd's among them, beside training with their definition. */
import { expect, it } from "vitest";
import { toyDataset } from "../../test/toy-dataset.ts";
import { openExecutor } from "../executors/open-executor.ts";
import { batchNorm } from "../nn/layers/batch-norm.ts";
import { conv2d } from "../nn/layers/conv2d.ts";
import { dense } from "../nn/layers/dense.ts";
import { flatten } from "../nn/layers/flatten.ts";
import { maxPool2d } from "../nn/layers/max-pool2d.ts";
import { sequential } from "../nn/model.ts";
import { adam } from "../optim/adam.ts";
import { fit } from "./fit.ts";

const train = toyDataset(192, { classes: 4 });
const validation = toyDataset(96, { seed: 2, classes: 4 });
const convolution = conv2d(32, 3, { padding: "same", useBias: false, activation: "relu" });
const model = sequential(
  [convolution, convolution, maxPool2d(2), batchNorm({ momentum: 0.5 }), flatten(), dense(4)],
  { input: [8, 8, 1] },
);

/** Losses of the epochs, training and validation in turns. */
async function curve(variant: string | undefined, seed: number): Promise<number[]> {
  const losses: number[] = [];
  const executor = openExecutor({ kind: "native", threads: 2, ...(variant && { variant }) });
  const options = {
    validation,
    executor,
    seed,
    epochs: 3,
    batchSize: 32,
    optimizer: adam({ learningRate: 1e-3 }),
  };
  for await (const { metrics } of fit(model, train, options)) losses.push(metrics.loss, metrics.val_loss!);
  return losses;
}

it("follows the same curves", async () => {
  for (const seed of [1, 2, 3]) {
    const [fast, defined] = [await curve(undefined, seed), await curve("naive", seed)];
    expect(fast.at(-1), `seed ${seed}`).toBeLessThan(0.5 * fast[1]!); // there is a curve to follow
    const apart = fast.map((loss, i) => Math.abs(loss - defined[i]!) / defined[i]!);
    expect(Math.max(...apart), `seed ${seed}`).toBeLessThan(1e-3);
  }
});
