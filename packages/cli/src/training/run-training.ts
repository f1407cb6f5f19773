/** One training from recipe and data to a tested model on disk, as `train` and `quickstart` do it. */
import { rm } from "node:fs/promises";
import { join, relative } from "node:path";
import {
  AtelierError,
  type EpochRecord,
  type Evaluation,
  type Executor,
  evaluate,
  type FitOptions,
  fit,
  type ModelFile,
  saveModel,
  type TrainedModel,
  type Training,
  writeFileAtomic,
} from "@atelier/engine";
import { stringify as toYaml } from "yaml";
import type { TrainingData } from "../data/training-data.ts";
import { type Effects, say } from "../effects.ts";
import type { Recipe } from "../recipe/recipe.ts";
import { fitRulesOf, modelOf } from "../recipe/recipe-model.ts";
import { grouped, plural } from "../terminal/numbers.ts";
import type { Recorder, TrainingRecord } from "../tracking/recorder.ts";
import { keptEpochIndex } from "./kept-epoch.ts";
import type { Origin } from "./origin.ts";
import { resultFiles } from "./result-folder.ts";
import { trainingLog } from "./training-log.ts";

export interface TrainingJob {
  readonly recipe: Recipe;
  readonly data: TrainingData;
  readonly executor: Executor;
  /** Called once model and data are known to fit; throws when nothing may be written there. */
  readonly openFolder: () => Promise<string>;
  readonly origin: Origin;
  /** A checkpoint to go on from. */
  readonly resume?: ModelFile | undefined;
  /** Absent: the training is not recorded. */
  readonly recorder?: Recorder | undefined;
}

export interface Scores {
  readonly loss: number;
  readonly accuracy: number;
}

export interface TrainingOutcome {
  readonly recipe: Recipe;
  readonly trained: TrainedModel;
  readonly history: readonly EpochRecord[];
  /** Of training and validation, without opening data and testing. */
  readonly seconds: number;
  /** Median over the epochs. */
  readonly imagesPerSecond: number;
  /** Of the epoch whose weights were kept; absent without validation images. */
  readonly validation?: Scores;
  /** Absent without test images. */
  readonly test?: Evaluation;
  readonly modelPath: string;
  /** Absent when it was not recorded. */
  readonly run?: Pick<TrainingRecord, "id" | "name">;
}

/**
 * Trains, keeps a checkpoint all the while, saves the best model, tests it. Throws stopped with the command to go on
 * when the signal aborts, and what fit and saveModel throw.
 */
export async function runTraining(job: TrainingJob, effects: Effects): Promise<TrainingOutcome> {
  const { recipe, data, executor, origin } = job;
  const started = performance.now();
  const log = trainingLog({ epochs: recipe.epochs, imagesPerEpoch: data.train.size }, effects);
  let folder = "";
  let record: TrainingRecord | undefined;
  const training = fit(modelOf(recipe, data.train.classNames.length), data.train, {
    ...fitRulesOf(recipe),
    ...(data.validation && { validation: data.validation }),
    ...resumeOptions(job.resume),
    executor,
    signal: effects.signal,
    onProgress: log.progress,
    onCheckpoint: (current) =>
      saveModel(join(folder, resultFiles.checkpoint), {
        trained: current.trained,
        training: current.state(),
        about: { ...origin, ...(record && { run: record.id }) },
      }),
  });
  try {
    folder = await job.openFolder();
    await writeText(join(folder, resultFiles.recipe), toYaml(recipe));
    announce(job, training, effects);
    record = await job.recorder?.start(job, training.model.counts.total);
    log.start();
    for await (const epoch of training) {
      log.epoch(epoch);
      record?.epoch(epoch);
    }
    log.end();
    if (training.end === "stopped") throw stopped(training, folder, effects);
    if (training.end === "early-stopped") say(effects, "Stopped early: no more improvement.");
    const seconds = (performance.now() - started) / 1000 + secondsBefore(job.resume);
    const outcome = await finish(job, { training, folder, seconds }, effects);
    await record?.finish(outcome, folder);
    return record === undefined ? outcome : { ...outcome, run: { id: record.id, name: record.name } };
  } catch (error) {
    await record?.fail(error);
    throw error;
  } finally {
    log.end();
    training.close();
  }
}

interface Finished {
  readonly training: Training;
  readonly folder: string;
  readonly seconds: number;
}

/** Saves the model, tests it, and only then lets go of the checkpoint. */
async function finish(
  { recipe, data, executor, origin }: TrainingJob,
  { training, folder, seconds }: Finished,
  { signal }: Effects,
): Promise<TrainingOutcome> {
  const { trained, history } = training;
  const modelPath = join(folder, resultFiles.model);
  const measured = history.map(({ epoch, metrics }) => ({ epoch, metrics })); // no times: the same training, the same file
  await saveModel(modelPath, { trained, about: { ...origin, history: measured } });
  const test = data.test && (await evaluate(trained, data.test, { executor, signal }));
  const validation = keptScores(recipe, history);
  const outcome: TrainingOutcome = {
    recipe,
    trained,
    history,
    seconds,
    imagesPerSecond: median(history.map((record) => record.imagesPerSecond)),
    ...(validation && { validation }),
    ...(test && { test }),
    modelPath,
  };
  const written = { ...resultOf(outcome), history };
  await writeText(join(folder, resultFiles.history), `${JSON.stringify(written, null, 2)}\n`);
  await rm(join(folder, resultFiles.checkpoint), { force: true });
  return outcome;
}

/** What `train --json` prints: the numbers of a finished training. */
export function resultOf({ recipe, trained, history, test, validation, ...rest }: TrainingOutcome) {
  return {
    recipe: recipe.name,
    parameters: trained.model.counts.total,
    epochs: history.length,
    seconds: rest.seconds,
    imagesPerSecond: rest.imagesPerSecond,
    validation: validation ?? null,
    test: test ? { loss: test.loss, accuracy: test.accuracy } : null,
    model: rest.modelPath,
    run: rest.run?.id ?? null,
  };
}

function resumeOptions(file: ModelFile | undefined): Pick<FitOptions, "resume"> {
  if (file?.training === undefined) return {};
  const { training, trained } = file;
  // Before the first epoch ended there is no best one: the file then holds the current weights.
  return { resume: { ...training, ...(training.history.length > 0 && { best: trained.weights }) } };
}

function secondsBefore(file: ModelFile | undefined): number {
  if (file?.training === undefined) return 0;
  const { history, epochSums } = file.training;
  return history.reduce((sum, { seconds }) => sum + seconds, epochSums.seconds);
}

function announce(
  { recipe, data, executor, resume }: TrainingJob,
  training: Training,
  effects: Effects,
): void {
  const { counts } = training.model;
  const held = data.validation ? `, ${grouped(data.validation.size)} for validation` : "";
  say(
    effects,
    `${recipe.name}: ${grouped(counts.total)} parameters on ${executor.name} with ${plural(executor.threads, "thread")}\n` +
      `${plural(data.train.size, "training image")}${held}, ${plural(training.stepsPerEpoch, "step")} an epoch`,
  );
  if (resume?.training === undefined) return;
  const { history, epochSteps } = resume.training;
  say(effects, `going on after ${plural(history.length, "epoch")} and ${plural(epochSteps, "step")}`);
}

function stopped(training: Training, folder: string, effects: Effects): AtelierError {
  const { epochSteps } = training.state();
  const checkpoint = join(folder, resultFiles.checkpoint);
  return new AtelierError(
    "stopped",
    `stopped at step ${epochSteps} of epoch ${training.history.length + 1}; to go on: ` +
      `npx atelier train --resume ${shellWord(relative(effects.folder, checkpoint) || checkpoint)}`,
  );
}

/** As it is typed into a shell. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function keptScores(recipe: Recipe, history: readonly EpochRecord[]): Scores | undefined {
  const { val_loss: loss, val_accuracy: accuracy } = history[keptEpochIndex(recipe, history)]!.metrics;
  return loss === undefined || accuracy === undefined ? undefined : { loss, accuracy };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function writeText(path: string, text: string): Promise<void> {
  return writeFileAtomic(path, new TextEncoder().encode(text));
}
