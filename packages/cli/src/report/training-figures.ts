/** Pictures of trainings: curves of one or several runs, the model's table, the table of results. */
import {
  comparisonTableFigure,
  type ModelResult,
  modelTableFigure,
  type ReportFigure,
  renderSvg,
  type TrainingRun,
  trainingCurvesFrame,
  trainingCurvesOption,
} from "@atelier/charts";
import { type EpochRecord, type Model, summaryData } from "@atelier/engine";

export interface TrainedRun {
  readonly name: string;
  readonly model: Model;
  /** Empty where it is not known. */
  readonly history: readonly Pick<EpochRecord, "metrics">[];
  /** Of the epoch whose weights were kept. */
  readonly keptEpochIndex: number;
  readonly test: { readonly loss: number; readonly accuracy: number };
}

/** A run's curves as the charts take them. */
function curvesOf({ name, history, keptEpochIndex, test }: TrainedRun): TrainingRun {
  const column = (key: "loss" | "accuracy" | "val_loss" | "val_accuracy") =>
    history.map(({ metrics }) => metrics[key] ?? null);
  return {
    name,
    history: {
      loss: column("loss"),
      accuracy: column("accuracy"),
      val_loss: column("val_loss"),
      val_accuracy: column("val_accuracy"),
    },
    bestEpochIndex: keptEpochIndex,
    test,
  };
}

export function comparisonFigures(
  runs: readonly (TrainedRun & { readonly result: ModelResult })[],
): ReportFigure[] {
  return [
    {
      name: "comparison",
      title: "Models compared",
      svg: comparisonTableFigure(runs.map(({ result }) => result)),
    },
    curvesFigure(runs, "training-curves", "Training curves of all runs"),
  ];
}

/** The model's table, and its curves where its history is known. */
export function runFigures(run: TrainedRun): ReportFigure[] {
  const { rows, counts } = summaryData(run.model);
  const table = { layers: rows, parameters: counts.total, trainableParameters: counts.trainable };
  return [
    { name: `${run.name}-model`, title: `The model ${run.name}`, svg: modelTableFigure(table) },
    ...(run.history.length > 0
      ? [curvesFigure([run], `${run.name}-curves`, `Training curves of ${run.name}`)]
      : []),
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
