/** The report of several trainings on the same data, as `quickstart` writes it. */
import type { ModelResult, ReportSection } from "@atelier/charts";
import type { ImageDataset } from "@atelier/engine";
import { type DataParts, dataFigures } from "./data-figures.ts";
import { type EvaluatedModel, evaluationFigures } from "./evaluation-figures.ts";
import { comparisonFigures, runFigures, type TrainedRun } from "./training-figures.ts";
import { writeReport } from "./write-report.ts";

export interface ReportedRun extends TrainedRun {
  readonly result: ModelResult;
  readonly evaluation: Omit<EvaluatedModel, "name">;
}

export interface TrainingReport {
  readonly title: string;
  readonly subtitle: string;
  readonly parts: DataParts;
  /** What the runs were evaluated on. */
  readonly test: ImageDataset;
  readonly runs: readonly ReportedRun[];
}

/** Writes the report into `folder`; returns the path of its page. Throws cannot-write. */
export function writeTrainingReport(
  folder: string,
  { title, subtitle, parts, test, runs }: TrainingReport,
): Promise<string> {
  const best = runs.reduce((a, b) => (b.evaluation.metrics.accuracy > a.evaluation.metrics.accuracy ? b : a));
  const sections: ReportSection[] = [
    { heading: "Data", figures: dataFigures(parts) },
    { heading: "Models compared", figures: comparisonFigures(runs) },
    ...runs.map((run) => ({
      heading: run.name,
      text: describe(run),
      figures: [...runFigures(run), ...evaluationFigures({ name: run.name, ...run.evaluation }, test)],
    })),
  ];
  return writeReport(folder, {
    title,
    subtitle,
    facts: [
      { label: "best model", value: best.name },
      { label: "test accuracy", value: percent(best.evaluation.metrics.accuracy) },
      { label: "test loss", value: best.evaluation.metrics.loss.toFixed(4) },
      { label: "test images", value: test.size.toLocaleString("en") },
    ],
    sections,
  });
}

function describe({ evaluation: { metrics }, history }: ReportedRun): string {
  const [low, high] = metrics.accuracyInterval;
  return `Test accuracy ${percent(metrics.accuracy)} (95 % interval ${percent(low)} to ${percent(high)}), loss ${metrics.loss.toFixed(4)}, after ${history.length} epochs.`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
