/** How long the recipe cnn-small takes to the test accuracy of the best network of the report, which had 20 times its size. */
import { fitRulesOf, loadRecipe, modelOf } from "@atelier/cli";
import { evaluate, fit } from "@atelier/engine";
import { fashionMnist } from "@atelier/vision";
import type { Part, Workbench } from "./part.ts";

/** Test accuracy of the report's best convolutional network. */
const goal = 0.9361;
/**
 * Epochs of the one cycle. Six and eight were tried (seed 1): 0.941 and 0.943 in validation, 0.933 and 0.938 in test. The test
 * figures were known when eight was taken, so the time is that of a known-good setting, not of a blind choice.
 */
const epochs = 8;

export async function measureAccuracy({ executor, report }: Workbench): Promise<Part> {
  const { train, validation, test } = await fashionMnist();
  const recipe = await loadRecipe("cnn-small", [], ".");
  const model = modelOf(recipe, train.classNames.length);
  const training = fit(model, train, { ...fitRulesOf(recipe), validation, executor, epochs, seed: 1 });
  const began = performance.now();
  for await (const { epoch } of training) report(`  epoch ${epoch} of ${epochs}`);
  const seconds = (performance.now() - began) / 1000;
  const { accuracy, loss } = await evaluate(training.trained, test, { executor });
  training.close();
  report(`  ${seconds.toFixed(0)} s, test accuracy ${accuracy}`);
  return {
    numbers: { goal, epochs, seconds, accuracy, loss },
    text: `The report's best network, of 5.8 million parameters, has a test accuracy of ${goal}. cnn-small, of 0.3 million, trained
in ${epochs} epochs of one cycle (one seed, a length known to suffice), reached ${accuracy.toFixed(4)} (loss ${loss.toFixed(4)}) in ${seconds.toFixed(0)} s, validation after each epoch
included.`,
  };
}
