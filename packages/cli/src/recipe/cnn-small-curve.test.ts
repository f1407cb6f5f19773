/** The first steps of the recipe cnn-small with the kernels the planner chooses, beside those of their definition. */
import { fit, type ImageDataset, openExecutor } from "@atelier/engine";
import { expect, test } from "vitest";
import { loadRecipe } from "./load-recipe.ts";
import { fitRulesOf, modelOf } from "./recipe-model.ts";

const [size, side, classes] = [64, 28, 4];

/** Each class is a bright band at its own height, with noise. */
const bands: ImageDataset = {
  name: "bands",
  size,
  shape: [side, side, 1],
  images: Uint8Array.from({ length: size * side * side }, (_, at) => {
    const [image, row] = [Math.floor(at / (side * side)), Math.floor(at / side) % side];
    const isBright = Math.floor((row * classes) / side) === image % classes;
    return (isBright ? 150 : 20) + ((at * 7919 + image * 31) % 61);
  }),
  labels: Uint8Array.from({ length: size }, (_, image) => image % classes),
  classNames: ["a", "b", "c", "d"],
  checksum: "bands",
};

const recipe = await loadRecipe("cnn-small", [], ".");

/** Losses of the epochs, training and validation in turns. */
async function curve(seed: number, variant?: string): Promise<number[]> {
  const losses: number[] = [];
  const executor = openExecutor({ kind: "native", threads: 2, ...(variant && { variant }) });
  const options = { ...fitRulesOf(recipe), seed, epochs: 2, batchSize: 32, validation: bands, executor };
  for await (const { metrics } of fit(modelOf(recipe, classes), bands, options))
    losses.push(metrics.loss, metrics.val_loss!);
  return losses;
}

// Later steps may go apart: with so few images, Adam turns rounding into other updates.
test.each([1, 2])("cnn-small follows its own curve, seed %i", async (seed) => {
  const [fast, defined] = [await curve(seed), await curve(seed, "naive")];
  expect(fast.at(-2)).toBeLessThan(0.8 * fast[0]!); // there is a curve to follow
  const apart = fast.map((loss, i) => Math.abs(loss - defined[i]!) / defined[i]!);
  expect(Math.max(...apart)).toBeLessThan(2e-2);
});
