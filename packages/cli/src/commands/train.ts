/** `atelier train`: trains a recipe, tests it, keeps the model. */
import { dirname, resolve } from "node:path";
import { AtelierError } from "@atelier/engine";
import { type Command, Option } from "commander";
import {
  dataOption,
  debugOption,
  executorOptions,
  jsonOption,
  setOption,
  strictOption,
  wholeNumberOf,
} from "../arguments.ts";
import { locateData, openData } from "../data/open-data.ts";
import { splitTrainingData } from "../data/training-data.ts";
import { type Effects, printResult, say } from "../effects.ts";
import { loadRecipe, settle } from "../recipe/load-recipe.ts";
import type { Recipe } from "../recipe/recipe.ts";
import type { Setting } from "../recipe/settings.ts";
import { compact, duration, plural, score } from "../terminal/numbers.ts";
import { plain } from "../terminal/plain.ts";
import { formatTable } from "../terminal/table.ts";
import { addRecordOptions, openRecorder, type RecordOptions } from "../tracking/recorder.ts";
import { chooseExecutor, type ExecutorChoice } from "../training/choose-executor.ts";
import { expectSameOrigin, type Origin, openCheckpoint } from "../training/origin.ts";
import { createResultFolder } from "../training/result-folder.ts";
import { resultOf, runTraining, type TrainingOutcome } from "../training/run-training.ts";

export interface TrainOptions extends ExecutorChoice, RecordOptions {
  /** A recipe's name or file; with `resume` it may be absent. */
  readonly recipe?: string | undefined;
  readonly set?: readonly Setting[];
  readonly data?: string;
  readonly epochs?: number;
  readonly seed?: number;
  readonly limit?: number;
  readonly out?: string;
  readonly resume?: string;
  readonly strict?: boolean;
  readonly json?: boolean;
}

export function declareTrain(program: Command, effects: Effects): void {
  const command = program
    .command("train")
    .summary("train a recipe, test it, keep the model")
    .description(
      "Trains a recipe on the training images less a held-out validation share, keeps the weights of the best epoch, " +
        "and tests them.\n\nWrites model.safetensors, history.json and recipe.yaml (with every --set in it) into a new " +
        "folder, and records the run in .atelier (see: atelier runs). Ctrl-C stops at a step boundary and keeps checkpoint.safetensors, from which --resume goes on bit for " +
        "bit; a second Ctrl-C quits at once.",
    )
    .argument("[recipe|file.yaml]", "a recipe by name (see: atelier recipes) or a file of your own")
    .addOption(setOption())
    .addOption(dataOption("name or folder of the data set (default: the recipe's, fashion-mnist)"))
    .addOption(new Option("--epochs <n>", "as --set epochs=n").argParser(wholeNumberOf("--epochs", 1)))
    .addOption(new Option("--seed <n>", "as --set seed=n").argParser(wholeNumberOf("--seed", 0)))
    .addOption(
      new Option(
        "--limit <n>",
        "train on n images only, of every class its share; validation shrinks along",
      ).argParser(wholeNumberOf("--limit", 1)),
    )
    .addOption(new Option("--out <dir>", "folder for the results (default: out/<recipe>-<n>)"))
    .addOption(new Option("--resume <file>", "go on from a checkpoint, with its recipe, data and settings"))
    .addOption(strictOption());
  addRecordOptions(command);
  for (const option of executorOptions()) command.addOption(option);
  command
    .addOption(jsonOption())
    .addOption(debugOption())
    .addHelpText(
      "after",
      "\nExamples:\n  atelier train cnn-small\n  atelier train mlp-1024 --set optimizer.learningRate=5e-4 --set layers.1.rate=0.2\n" +
        "  atelier train ./my-recipe.yaml --data ./photos\n  atelier train --resume out/cnn-small-1/checkpoint.safetensors",
    )
    .action((recipe: string | undefined, options: Omit<TrainOptions, "recipe">) =>
      train({ ...options, recipe }, effects),
    );
}

export async function train(options: TrainOptions, effects: Effects): Promise<void> {
  const checkpoint = options.resume === undefined ? undefined : await openCheckpoint(options.resume, effects);
  const before = checkpoint?.origin;
  const { recipe, limit } = await requested(options, before, effects);
  const executor = chooseExecutor({ ...options, threads: options.threads ?? before?.threads }, effects);
  if (before !== undefined && (executor.name !== before.executor || executor.threads !== before.threads)) {
    say(
      effects,
      `the checkpoint is of ${before.executor} with ${before.threads} threads: on ${executor.name} with ` +
        `${executor.threads} the last bits will differ.`,
    );
  }
  const opened = await openData({ data: recipe.data, input: recipe.input, strict: options.strict }, effects);
  const data = splitTrainingData(opened, {
    fraction: recipe.validation.fraction,
    seed: recipe.seed,
    limit: limit ?? undefined,
  });
  const origin: Origin = {
    recipe,
    data: recipe.data,
    limit,
    executor: executor.name,
    threads: executor.threads,
  };
  const folder = async () =>
    options.resume !== undefined && options.out === undefined
      ? dirname(resolve(effects.folder, options.resume))
      : createResultFolder(options.out, recipe.name, effects.folder);
  await using recorder = await openRecorder(options, effects);
  const job = { recipe, data, executor, openFolder: folder, origin, resume: checkpoint?.file, recorder };
  const outcome = await runTraining(job, effects);
  printResult(effects, options.json, resultOf(outcome), textOf(outcome));
}

/** The recipe with all that the options change in it; when resuming it must be the checkpoint's own. */
async function requested(
  options: TrainOptions,
  before: Origin | undefined,
  effects: Effects,
): Promise<{ readonly recipe: Recipe; readonly limit: number | null }> {
  const settings = await settingsOf(options, effects);
  const limit = options.limit ?? before?.limit ?? null;
  if (before === undefined) {
    if (options.recipe === undefined) {
      throw new AtelierError(
        "bad-argument",
        "expected a recipe to train, for example: atelier train mlp-1024. `atelier recipes` lists them.",
      );
    }
    return {
      recipe: await located(await loadRecipe(options.recipe, settings, effects.folder), effects),
      limit,
    };
  }
  const recipe =
    options.recipe === undefined
      ? settle(before.recipe, settings, options.resume!)
      : await located(await loadRecipe(options.recipe, settings, effects.folder), effects);
  expectSameOrigin(before, { recipe, limit }, options.resume!);
  return { recipe, limit };
}

async function located(recipe: Recipe, effects: Effects): Promise<Recipe> {
  return { ...recipe, data: await locateData(recipe.data, effects) };
}

async function settingsOf(
  { set = [], epochs, seed, data }: TrainOptions,
  effects: Effects,
): Promise<Setting[]> {
  const shorthands = { epochs, seed, data: data === undefined ? undefined : await locateData(data, effects) };
  const more = Object.entries(shorthands).flatMap(([key, value]) =>
    value === undefined ? [] : [{ path: [key], value }],
  );
  return [...set, ...more];
}

function textOf({
  validation,
  test,
  seconds,
  imagesPerSecond,
  history,
  modelPath,
  run,
}: TrainingOutcome): string {
  const rows = [
    ["validation", score(validation?.loss), score(validation?.accuracy)],
    ["test", score(test?.loss), score(test?.accuracy)],
  ];
  return [
    formatTable(["", "loss", "accuracy"], rows),
    `${plural(history.length, "epoch")} in ${duration(seconds)}, ${compact(imagesPerSecond)} images/s`,
    ...(run ? [`run ${plain(run.name)} (${plain(run.id)})`] : []),
    modelPath,
  ].join("\n");
}
