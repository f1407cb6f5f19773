/** The report of one model as `evaluate` writes it: what it is, how it came to be, how good it is. */
import type { ImageDataset, ModelFile } from "@atelier/engine";
import { grouped } from "../terminal/numbers.ts";
import { keptEpochIndex } from "../training/kept-epoch.ts";
import { trainingOf } from "../training/origin.ts";
import { type EvaluatedModel, evaluationFigures } from "./evaluation-figures.ts";
import { runFigures } from "./training-figures.ts";
import { writeReport } from "./write-report.ts";

/** Writes the report into `folder`; returns the path of its page. Throws cannot-write. */
export function writeModelReport(
  folder: string,
  file: ModelFile,
  evaluated: Omit<EvaluatedModel, "name">,
  test: ImageDataset,
): Promise<string> {
  const { metrics } = evaluated;
  const { recipe, history } = trainingOf(file);
  const run = {
    name: recipe?.name ?? "model",
    model: file.trained.model,
    history,
    keptEpochIndex: keptEpochIndex(recipe ?? {}, history),
    test: metrics,
  };
  return writeReport(folder, {
    title: `Evaluation of ${run.name}`,
    subtitle: `${grouped(test.size)} images of ${test.name}`,
    facts: [
      { label: "accuracy", value: `${(100 * metrics.accuracy).toFixed(2)} %` },
      { label: "loss", value: metrics.loss.toFixed(4) },
    ],
    sections: [
      { heading: "Model", figures: runFigures(run) },
      { heading: "Evaluation", figures: evaluationFigures({ name: run.name, ...evaluated }, test) },
    ],
  });
}
