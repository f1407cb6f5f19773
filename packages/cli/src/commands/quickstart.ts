/** `atelier quickstart`, which is `npm start`: the main job from data to report in a few minutes. */
import { basename, join } from "node:path";
import { AtelierError, expectFeasible } from "@atelier/engine";
import { classificationMetrics } from "@atelier/vision";
import { type Command, Option } from "commander";
import { dataOption, debugOption, executorOptions, jsonOption } from "../arguments.ts";
import { locateData, openData } from "../data/open-data.ts";
import { splitTrainingData, type TrainingData } from "../data/training-data.ts";
import { type Effects, printResult, say } from "../effects.ts";
import { loadRecipe } from "../recipe/load-recipe.ts";
import { modelOf } from "../recipe/recipe-model.ts";
import type { ReportedRun } from "../report/training-report.ts";
import { compact, duration, grouped, score } from "../terminal/numbers.ts";
import { formatTable } from "../terminal/table.ts";
import { noTrackOption, openRecorder } from "../tracking/recorder.ts";
import { chooseExecutor, type ExecutorChoice } from "../training/choose-executor.ts";
import { keptEpochIndex } from "../training/kept-epoch.ts";
import { createResultFolder } from "../training/result-folder.ts";
import { resultOf, runTraining, type TrainingOutcome } from "../training/run-training.ts";

export interface QuickstartOptions extends ExecutorChoice {
  readonly data?: string;
  readonly out?: string;
  readonly track?: boolean;
  readonly json?: boolean;
}

/** What is trained, for how long: enough to be good, few enough to be done within minutes on two cores. */
const courses = [
  { recipe: "logistic", epochs: 8 },
  { recipe: "mlp-1024", epochs: 10 },
  { recipe: "cnn-3", epochs: 12 },
] as const;

export function declareQuickstart(program: Command, effects: Effects): void {
  const command = program
    .command("quickstart")
    .summary("train and compare three models on Fashion-MNIST, with a report")
    .description(
      `Fetches the data, trains and tests ${courses.map(({ recipe }) => recipe).join(", ")} on all of it, compares them ` +
        "in a table, and writes a report with pictures. Takes about a minute on two cores.",
    )
    .addOption(dataOption("name or folder of the data set (default: fashion-mnist)"))
    .addOption(new Option("--out <dir>", "folder for the results (default: out/quickstart-<n>)"))
    .addOption(noTrackOption());
  for (const option of executorOptions()) command.addOption(option);
  command
    .addOption(jsonOption())
    .addOption(debugOption())
    .action((options: QuickstartOptions) => quickstart(options, effects));
}

export async function quickstart(options: QuickstartOptions, effects: Effects): Promise<void> {
  const executor = chooseExecutor(options, effects);
  const name = await locateData(options.data ?? "fashion-mnist", effects);
  const recipes = await Promise.all(
    courses.map(({ recipe, epochs }) =>
      loadRecipe(
        recipe,
        [
          { path: ["epochs"], value: epochs },
          { path: ["data"], value: name },
        ],
        effects.folder,
      ),
    ),
  );
  const [{ input, validation, seed }] = recipes as [(typeof recipes)[number]];
  const opened = await openData({ data: name, input }, effects);
  const { test } = opened;
  if (test === undefined)
    throw new AtelierError("no-data", `${opened.train.name} has no test part to compare the models on.`);
  const data = { ...splitTrainingData(opened, { fraction: validation.fraction, seed }), test };
  for (const recipe of recipes)
    expectFeasible(executor, modelOf(recipe, data.train.classNames.length), data.train.size, recipe);
  const folder = await createResultFolder(options.out, "quickstart", effects.folder);
  const { track } = options;
  await using recorder = await openRecorder(
    { ...(track === false && { track }), group: basename(folder) },
    effects,
  );
  const outcomes: TrainingOutcome[] = [];
  for (const recipe of recipes) {
    const origin = { recipe, data: name, limit: null, executor: executor.name, threads: executor.threads };
    const openFolder = () => createResultFolder(join(folder, recipe.name), recipe.name, effects.folder);
    outcomes.push(await runTraining({ recipe, data, executor, openFolder, origin, recorder }, effects));
    say(effects, "");
  }
  const report = await writeReport(join(folder, "report"), outcomes, data);
  await recorder?.attach(
    outcomes.flatMap(({ run }) => (run ? [run.id] : [])),
    "report.html",
    report,
  );
  const results = outcomes.map(resultOf);
  printResult(effects, options.json, { results, report }, `${tableOf(outcomes)}\n\n${report}`);
}

type TestedData = TrainingData & Required<Pick<TrainingData, "test">>;

/** Charts are loaded where they are drawn: they take longer to start than all the rest. */
async function writeReport(
  folder: string,
  outcomes: readonly TrainingOutcome[],
  { train, validation, test }: TestedData,
): Promise<string> {
  const parts = { train, ...(validation && { validation }), test };
  const { writeTrainingReport } = await import("../report/training-report.ts");
  return writeTrainingReport(folder, {
    title: `Three models on ${train.name}`,
    subtitle: `${grouped(train.size)} training images, tested on ${grouped(test.size)}`,
    parts: Object.entries(parts).map(([name, dataset]) => ({ name, dataset })),
    test,
    runs: outcomes.map((outcome) => reportedRun(outcome, test.labels)),
  });
}

function reportedRun(outcome: TrainingOutcome, labels: ArrayLike<number>): ReportedRun {
  const { recipe, trained, history, validation, test, seconds, imagesPerSecond } = outcome;
  const { loss, accuracy, probabilities } = test!; // quickstart has seen to a test part
  return {
    name: recipe.name,
    model: trained.model,
    history,
    keptEpochIndex: keptEpochIndex(recipe, history),
    test: { loss, accuracy },
    result: {
      name: recipe.name,
      parameters: trained.model.counts.total,
      seconds,
      imagesPerSecond,
      validationLoss: validation?.loss ?? null,
      validationAccuracy: validation?.accuracy ?? null,
      testLoss: loss,
      testAccuracy: accuracy,
    },
    evaluation: {
      metrics: classificationMetrics({ probabilities, labels, classNames: trained.classNames }),
      probabilities,
    },
  };
}

function tableOf(outcomes: readonly TrainingOutcome[]): string {
  return formatTable(
    ["model", "parameters", "epochs", "time", "images/s", "val loss", "val acc", "test loss", "test acc"],
    outcomes.map(({ recipe, trained, history, seconds, imagesPerSecond, validation, test }) => [
      recipe.name,
      grouped(trained.model.counts.total),
      String(history.length),
      duration(seconds),
      compact(imagesPerSecond),
      score(validation?.loss),
      score(validation?.accuracy),
      score(test?.loss),
      score(test?.accuracy),
    ]),
  );
}
