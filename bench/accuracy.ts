/** How long the recipe cnn-small takes to the test accuracy of the best network of the report, which had 20 times its size. */
import { fitRulesOf, loadRecipe, modelOf } from "@atelier/cli";
import { evaluate, fit } from "@atelier/engine";
import { fashionMnist } from "@atelier/vision";
import type { Part, Workbench } from "./part.ts";
import { table } from "./statistics.ts";

/** Test accuracy of the report's best convolutional network. */
const goal = 0.9361;
/**
 * The recipe as it ships, ten epochs. Seven are the fewest of 6 to 9 that validation justified (its mean accuracy over the
 * seeds 2, 3 and 4 lay 0.8 points above the goal); in test the seeds 5, 6 and 7 then had 0.9339, 0.9340 and 0.9361. So
 * nothing is shortened, and the seeds are new.
 */
const seeds = [8, 9, 10];

export async function measureAccuracy({ executor, report }: Workbench): Promise<Part> {
  const { train, validation, test } = await fashionMnist();
  const recipe = await loadRecipe("cnn-small", [], ".");
  const model = modelOf(recipe, train.classNames.length);
  const { epochs } = recipe;
  const runs = [];
  for (const seed of seeds) {
    const training = fit(model, train, { ...fitRulesOf(recipe), validation, executor, epochs, seed });
    const began = performance.now();
    for await (const { epoch } of training) report(`  seed ${seed}, epoch ${epoch} of ${epochs}`);
    const seconds = (performance.now() - began) / 1000;
    const { accuracy, loss } = await evaluate(training.trained, test, { executor });
    training.close();
    report(`  ${seconds.toFixed(0)} s, test accuracy ${accuracy}`);
    runs.push({ seed, seconds, accuracy, loss });
  }
  const reached = runs.filter(({ accuracy }) => accuracy >= goal).length;
  const rows = runs.map(({ seed, seconds, accuracy, loss }) => [
    String(seed),
    `${seconds.toFixed(0)} s`,
    accuracy.toFixed(4),
    loss.toFixed(4),
  ]);
  return {
    numbers: { goal, epochs, runs },
    text: `The report's best network, of 5.8 million parameters, has a test accuracy of ${goal}. cnn-small, of 0.3 million, trained
for the ${epochs} epochs of its recipe; validation after each epoch is included in the time.
${reached} of ${runs.length} seeds reach it.

${table(["seed", "trained in", "test accuracy", "test loss"], rows)}`,
  };
}
