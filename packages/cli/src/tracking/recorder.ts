/** Records trainings in the store of the working folder. It knows what a training has to say; the tracker knows how to keep it. */
import { basename, join } from "node:path";
import { AtelierError, type EpochRecord, type ModelFile } from "@atelier/engine";
import {
  type ActiveRun,
  type JsonObject,
  type MetricDefinition,
  openTracker,
  type Tracker,
  TrackerError,
  type TrackerErrorCode,
} from "@atelier/tracker";
import { type Command, Option } from "commander";
import { textOf } from "../arguments.ts";
import { type Effects, say } from "../effects.ts";
import type { Recipe } from "../recipe/recipe.ts";
import { plain } from "../terminal/plain.ts";
import { keptEpochIndex } from "../training/kept-epoch.ts";
import { resultFiles } from "../training/result-folder.ts";
import type { TrainingJob, TrainingOutcome } from "../training/run-training.ts";
import { evaluationOf } from "./evaluation-of.ts";
import { storePlace } from "./run-store.ts";

/** What the user says about the runs of a command. */
export interface RecordOptions {
  /** False with --no-track. */
  readonly track?: boolean;
  readonly project?: string;
  readonly group?: string;
  readonly name?: string;
  readonly notes?: string;
  readonly tag?: readonly string[];
}

export const noTrackOption = () => new Option("--no-track", "do not record the run in .atelier");

/** Declares the options that say how a run is filed. */
export function addRecordOptions(command: Command): void {
  command
    .addOption(noTrackOption())
    .addOption(
      new Option(
        "--project <name>",
        "file the run under this project (default: the data set's name)",
      ).argParser(textOf("--project")),
    )
    .addOption(
      new Option("--name <name>", "name of the run (default: generated)").argParser(textOf("--name")),
    )
    .addOption(new Option("--group <name>", "group of runs it belongs to").argParser(textOf("--group")))
    .addOption(new Option("--notes <text>", "a remark kept with the run"))
    .addOption(
      new Option("--tag <tag>", "tag of the run; may be repeated").argParser(
        (tag: string, earlier: readonly string[] = []) => [...earlier, textOf("--tag")(tag)],
      ),
    );
}

/** Which way the metrics of a training are better. */
const metrics: Readonly<Record<string, MetricDefinition>> = {
  loss: { goal: "minimize" },
  val_loss: { goal: "minimize" },
  test_loss: { goal: "minimize" },
  accuracy: { goal: "maximize" },
  val_accuracy: { goal: "maximize" },
  test_accuracy: { goal: "maximize" },
};

/** Records trainings; dispose it when they are over. */
export interface Recorder extends AsyncDisposable {
  /** Starts the run of a training, or, for a resumed one, goes on with its run. */
  readonly start: (job: TrainingJob, parameters: number) => Promise<TrainingRecord>;
  /** Keeps a file with runs that have ended. */
  readonly attach: (runIds: readonly string[], path: string, file: string) => Promise<void>;
}

/** The record of one training. */
export interface TrainingRecord {
  readonly id: string;
  readonly name: string;
  readonly epoch: (epoch: EpochRecord) => void;
  readonly finish: (outcome: TrainingOutcome, folder: string) => Promise<void>;
  readonly fail: (error: unknown) => Promise<void>;
}

/**
 * Undefined with --no-track, and, said once, where the store cannot be written: training matters more. Throws newer-store
 * and bad-store.
 */
export async function openRecorder(options: RecordOptions, effects: Effects): Promise<Recorder | undefined> {
  if (options.track === false) return undefined;
  const tracker = await openStore(effects);
  return (
    tracker && {
      start: async (job, parameters) => {
        const run = await openRun(tracker, job, parameters, options);
        say(effects, `run ${plain(run.name)} (${plain(run.id)}) in project ${plain(run.project)}`);
        return recordOf(tracker, run, job, effects);
      },
      attach: (runIds, path, file) =>
        keeping(effects, async () => {
          const blob = await tracker.store.blobs.put({ path: file });
          for (const id of runIds) await tracker.store.putFile(id, { path, ...blob });
        }),
      [Symbol.asyncDispose]: () => tracker[Symbol.asyncDispose](),
    }
  );
}

async function openStore(effects: Effects): Promise<Tracker | undefined> {
  try {
    return await openTracker({
      ...storePlace(effects),
      onMessage: (message) => say(effects, message),
    });
  } catch (error) {
    if (!(error instanceof TrackerError) || error.code !== "cannot-write") throw error;
    say(effects, `this training is not recorded: ${error.message}`);
    return undefined;
  }
}

async function openRun(
  tracker: Tracker,
  { recipe, data, origin, resume }: TrainingJob,
  parameters: number,
  options: RecordOptions,
): Promise<ActiveRun> {
  const earlier = resume?.about.run;
  if (typeof earlier === "string") {
    // Where the store takes nothing now, a new run is one whose rows can wait.
    const run = await tracker
      .resumeRun(earlier)
      .catch(ifOneOf("not-found", "cannot-write", "busy", "unreachable"));
    if (run !== undefined) {
      // A process that was killed had kept its last epochs, and may not have recorded them.
      const [loss] =
        (await tracker.store
          .readSeries({ runIds: [run.id], keys: ["loss"] })
          .catch(ifOneOf("busy", "unreachable"))) ?? [];
      for (const epoch of epochsBefore(resume)) if (!loss?.x.includes(epoch.epoch)) logEpoch(run, epoch);
      return run;
    }
  }
  const { project = basename(origin.data), group, name, notes, tag } = options;
  const { limit, executor, threads } = origin;
  const config = { ...recipe, parameters, limit, executor, threads } as unknown as JsonObject;
  const dataset = { name: data.train.name, checksum: data.checksum };
  const run = await tracker.startRun({
    project,
    group,
    name,
    notes,
    tags: tag,
    jobType: "train",
    config,
    dataset,
    metrics,
  });
  for (const epoch of epochsBefore(resume)) logEpoch(run, epoch);
  return run;
}

/** Undefined instead of an error of these codes. */
function ifOneOf(...codes: readonly TrackerErrorCode[]): (error: unknown) => undefined {
  return (error) => {
    if (error instanceof TrackerError && codes.includes(error.code)) return undefined;
    throw error;
  };
}

function epochsBefore(resume: ModelFile | undefined): readonly EpochRecord[] {
  return resume?.training?.history ?? [];
}

function logEpoch(run: ActiveRun, { epoch, metrics: measured, seconds, imagesPerSecond }: EpochRecord): void {
  run.log({ ...measured, images_per_second: imagesPerSecond, seconds }, { step: epoch });
}

function recordOf(
  tracker: Tracker,
  run: ActiveRun,
  { recipe, data }: TrainingJob,
  effects: Effects,
): TrainingRecord {
  return {
    id: run.id,
    name: run.name,
    epoch: (epoch) => logEpoch(run, epoch),
    finish: async (outcome, folder) => {
      run.setSummary(summaryOf(outcome));
      await keeping(effects, async () => {
        for (const file of [resultFiles.model, resultFiles.history, resultFiles.recipe]) {
          await run.saveFile(file, join(folder, file));
        }
        const files = { [resultFiles.model]: join(folder, resultFiles.model) };
        const metadata = summaryOf(outcome);
        const aliases = (await isBest(tracker, run, recipe, metadata)) ? ["best"] : [];
        await run.logArtifact({ type: "model", name: recipe.name, aliases, files, metadata });
        const { test, trained } = outcome;
        if (test && data.test) {
          await run.logEvaluation(evaluationOf({ test: data.test, classNames: trained.classNames, ...test }));
        }
      });
      await run.finish();
    },
    fail: async (error) => {
      const isStop = error instanceof AtelierError && error.code === "stopped";
      await run.finish(isStop ? { state: "stopped" } : { state: "failed", error: (error as Error).message });
    },
  };
}

/** Whether no earlier model of this recipe on this data did better in validation; never asked of the test images. */
async function isBest(
  { store }: Tracker,
  { entity, project }: ActiveRun,
  { name, monitor = "val_loss" }: Recipe,
  scores: JsonObject,
): Promise<boolean> {
  const best = await store.getArtifact({ entity, project, name, alias: "best" }).catch(ifOneOf("not-found"));
  const [before, now] = [best?.metadata[monitor], scores[monitor]];
  if (typeof before !== "number" || typeof now !== "number") return true;
  return metrics[monitor]?.goal === "maximize" ? now > before : now < before;
}

/** What stands for a training in tables: the epoch whose weights were kept, not the last one. */
function summaryOf({ recipe, history, test, seconds, imagesPerSecond }: TrainingOutcome): JsonObject {
  const kept = history[keptEpochIndex(recipe, history)]!;
  return {
    ...(kept.metrics as unknown as JsonObject),
    best_epoch: kept.epoch,
    epochs: history.length,
    seconds,
    images_per_second: imagesPerSecond,
    ...(test && { test_loss: test.loss, test_accuracy: test.accuracy }),
  };
}

/** Does what only adds to a record; that it cannot be kept is said and costs nobody the training. */
export async function keeping(effects: Effects, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof TrackerError)) throw error;
    say(effects, `not everything of this run is kept: ${error.message}`);
  }
}
