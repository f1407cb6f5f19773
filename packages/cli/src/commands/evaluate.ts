/** `atelier evaluate`: how good a model is, and where it errs. */
import { resolve } from "node:path";
import { evaluate as evaluateModel } from "@atelier/engine";
import { encodePredictions, type Run } from "@atelier/tracker";
import {
  type ClassificationMetrics,
  classificationMetrics,
  formatClassificationReport,
} from "@atelier/vision";
import { type Command, Option } from "commander";
import { dataOption, debugOption, executorOptions, jsonOption, strictOption } from "../arguments.ts";
import { openTestData } from "../data/model-data.ts";
import { type Effects, printResult } from "../effects.ts";
import type { writeModelReport } from "../report/model-report.ts";
import { bar } from "../terminal/bar.ts";
import { grouped, score } from "../terminal/numbers.ts";
import { statusLine } from "../terminal/status-line.ts";
import { formatTable } from "../terminal/table.ts";
import { type EvaluatedImages, evaluationOf } from "../tracking/evaluation-of.ts";
import { modelArgument, openModel } from "../tracking/open-model.ts";
import { keeping } from "../tracking/recorder.ts";
import { openRunStoreToWrite } from "../tracking/run-store.ts";
import { chooseExecutor, type ExecutorChoice } from "../training/choose-executor.ts";

export interface EvaluateOptions extends ExecutorChoice {
  readonly model: string;
  readonly data?: string;
  readonly report?: string;
  readonly strict?: boolean;
  readonly json?: boolean;
}

export function declareEvaluate(program: Command, effects: Effects): void {
  const command = program
    .command("evaluate")
    .summary("measure a model on test data")
    .description(
      "Measures a model on the test part of its data set: loss, accuracy with its 95 % interval, precision, recall and " +
        "F1 a class, confusion matrix, most confused pairs, calibration. Of a run, the evaluation is kept with it.",
    )
    .argument("<model|run>", modelArgument)
    .addOption(dataOption("measure on this data set (default: the one the model was trained on)"))
    .addOption(
      new Option(
        "--report <dir>",
        "write report.html there (model, training curves, evaluation), and each picture as SVG and PNG",
      ),
    )
    .addOption(strictOption());
  for (const option of executorOptions()) command.addOption(option);
  command
    .addOption(jsonOption())
    .addOption(debugOption())
    .action((model: string, options: Omit<EvaluateOptions, "model">) =>
      evaluate({ ...options, model }, effects),
    );
}

export async function evaluate(options: EvaluateOptions, effects: Effects): Promise<void> {
  const { file, source, run } = await openModel(options.model, effects);
  const test = await openTestData(file, options, effects);
  const line = statusLine(effects);
  const { loss, probabilities } = await evaluateModel(file.trained, test, {
    executor: chooseExecutor(options, effects),
    signal: effects.signal,
    onProgress: ({ rowsDone }) =>
      line.show(`evaluating ${bar(rowsDone / test.size, 24)} ${grouped(rowsDone)} images`),
  }).finally(line.clear);
  const { classNames } = file.trained;
  const metrics = classificationMetrics({ probabilities, labels: test.labels, classNames });
  const { loss: logLoss, ...rest } = metrics;
  const page =
    options.report === undefined
      ? undefined
      : await reportOn(
          resolve(effects.folder, options.report),
          file,
          { metrics, probabilities },
          { ...test, classNames },
        );
  if (run) {
    const evaluated = { test, classNames, loss, probabilities, report: page };
    await keeping(effects, () => keepEvaluation(run, evaluated, effects));
  }
  const result = {
    model: source,
    run: run?.id ?? null,
    data: test.name,
    classNames,
    loss,
    logLoss,
    ...rest,
    report: page ?? null,
  };
  const text = textOf({ ...metrics, loss }, classNames);
  printResult(effects, options.json, result, page === undefined ? text : `${text}\n\n${page}`);
}

/** With the run that made the model, so that it can be looked at and compared later. */
async function keepEvaluation(
  { id }: Run,
  { report, ...evaluated }: EvaluatedImages & { readonly report: string | undefined },
  effects: Effects,
): Promise<void> {
  await using store = openRunStoreToWrite(effects);
  const { predictions, ...evaluation } = evaluationOf(evaluated);
  const blob = await store.blobs.put(encodePredictions(predictions));
  const imageCount = predictions.labels.length;
  await store.putEvaluation({
    ...evaluation,
    runId: id,
    imageCount,
    predictions: blob,
    createdAt: Date.now(),
  });
  if (report === undefined) return;
  const page = await store.blobs.put({ path: report });
  await store.putFile(id, { path: "report.html", ...page });
}

/** Charts are loaded where they are drawn: they take longer to start than all the rest. */
async function reportOn(...report: Parameters<typeof writeModelReport>): Promise<string> {
  const { writeModelReport } = await import("../report/model-report.ts");
  return writeModelReport(...report);
}

function textOf(metrics: ClassificationMetrics, classNames: readonly string[]): string {
  const { loss, accuracy, accuracyInterval, count, calibration, confusion, mostConfused } = metrics;
  const [low, high] = accuracyInterval.map(score);
  const rows = confusion.map((row, index) => [classNames[index]!, ...row.map(String)]);
  const pairs = mostConfused.map(({ trueName, predictedName, count: times, share }) => [
    `${trueName} → ${predictedName}`,
    String(times),
    `${(100 * share).toFixed(1)} %`,
  ]);
  return [
    `loss ${score(loss)}   accuracy ${score(accuracy)} (95 % interval ${low} to ${high})   ` +
      `calibration error ${score(calibration.ece)}   ${grouped(count)} images`,
    formatClassificationReport(metrics, { digits: 4 }).trimEnd(),
    `Confusion matrix, rows true, columns predicted:\n${formatTable(["", ...classNames.map(abbreviate)], rows)}`,
    pairs.length === 0 ? "No mistakes." : formatTable(["most confused", "images", "of its class"], pairs),
  ].join("\n\n");
}

/** Narrow heads for many columns. */
function abbreviate(name: string): string {
  return [...name].slice(0, 6).join("");
}
