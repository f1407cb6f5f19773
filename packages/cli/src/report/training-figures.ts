/** Pictures of trainings: curves of one or several runs, the model's table, the table of results. */
import {
  comparisonTableFigure,
  type ModelResult,
  type ModelSummary,
  modelTableFigure,
  type ReportFigure,
  renderSvg,
  type TrainingRun,
  trainingCurvesFrame,
  trainingCurvesOption,
} from "@atelier/charts";
import type { EpochRecord } from "@atelier/engine";

export interface TrainedRun {
  readonly name: string;
  readonly model: ModelSummary;
  readonly history: readonly EpochRecord[];
  readonly result: ModelResult;
}

/** A run's curves as the charts take them. */
export function curvesOf({ name, history, result }: TrainedRun): TrainingRun {
  const column = (read: (record: EpochRecord) => number | undefined) =>
    history.map((record) => read(record) ?? null);
  const { testLoss, testAccuracy } = result;
  return {
    name,
    history: {
      loss: column(({ metrics }) => metrics.loss),
      accuracy: column(({ metrics }) => metrics.accuracy),
      val_loss: column(({ metrics }) => metrics.val_loss),
      val_accuracy: column(({ metrics }) => metrics.val_accuracy),
    },
    ...(testLoss !== null && testAccuracy !== null && { test: { loss: testLoss, accuracy: testAccuracy } }),
  };
}

export function comparisonFigures(runs: readonly TrainedRun[]): ReportFigure[] {
  return [
    {
      name: "comparison",
      title: "Models compared",
      svg: comparisonTableFigure(runs.map(({ result }) => result)),
    },
    curvesFigure(runs, "training-curves", "Training curves of all runs"),
  ];
}

export function runFigures(run: TrainedRun): ReportFigure[] {
  return [
    { name: `${run.name}-model`, title: `The model ${run.name}`, svg: modelTableFigure(run.model) },
    curvesFigure([run], `${run.name}-curves`, `Training curves of ${run.name}`),
  ];
}

function curvesFigure(runs: readonly TrainedRun[], name: string, title: string): ReportFigure {
  const curves = runs.map(curvesOf);
  const frame = trainingCurvesFrame(curves);
  return {
    name,
    title,
    caption: "Loss and accuracy after each epoch, on training and on validation images.",
    svg: renderSvg(trainingCurvesOption(curves, frame), frame),
  };
}
