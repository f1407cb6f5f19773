/**
 * Training. `fit` returns a Training, an async iterable of epochs; its weights and checkpoints can be had at
 * every epoch and after the end. A Training is at a step boundary whenever the caller has control.
 */
import { AtelierError } from "../error.ts";
import type { RunResult, Session } from "../executors/executor.ts";
import { openExecutor } from "../executors/open-executor.ts";
import type { Model } from "../nn/model.ts";
import { adam } from "../optim/adam.ts";
import type { OptimizerConfig } from "../optim/optimizers.ts";
import { constant, learningRateAt } from "../optim/schedules.ts";
import { averageName } from "../optim/weight-average.ts";
import type { TrainingState } from "./checkpoint.ts";
import type { ImageDataset } from "./dataset.ts";
import { evaluationGraphs, expectFit, runEvaluation, scoresOf, sum, type TrainedModel } from "./evaluate.ts";
import { expectFeasible } from "./feasible.ts";
import type { Checkpointable, Epoch, FitOptions, TrainingEnd } from "./fit-options.ts";
import { bestEpochIndex, type EpochRecord, type Monitor, plateauFactor, shouldStop } from "./history.ts";
import { mixupWeight } from "./mixup.ts";
import { shuffledOrder } from "./order.ts";
import { pixelScaleOf } from "./pixel-scale.ts";
import { firstDifference, rulesOf } from "./resume-rules.ts";
import { initialWeights, trainGraph, trainingState } from "./step-graphs.ts";

/**
 * Trains `model` on `train`. Iterate to make it happen:
 * `for await (const epoch of fit(model, train, { validation })) console.log(epoch.metrics)`.
 * Throws shape-mismatch when data and model do not fit, bad-argument for options out of range, diverged with the
 * step and the last finite loss when the loss is no longer finite, out-of-memory, no-native for work
 * that the reference executor would take hours for.
 */
export function fit(model: Model, train: ImageDataset, options: FitOptions = {}): Training {
  return new Training(model, train, options);
}

const evaluationBatchSize = 256;

/** Between checkpoints at the ends of short epochs, so many times what the last one took: they cost 2 % of the time at most. */
const shortestPause = 50;

export class Training implements AsyncIterable<Epoch>, Checkpointable {
  readonly model: Model;
  readonly #train: ImageDataset;
  readonly #options: FitOptions;
  readonly #batchSize: number;
  readonly #epochs: number;
  readonly #seed: number;
  readonly #optimizer: OptimizerConfig;
  readonly #session: Session;
  readonly #stateNames: readonly string[];
  readonly #rules: string;
  readonly #history: EpochRecord[];
  #epochSteps = 0;
  #epochSums = { loss: 0, correct: 0, rows: 0, seconds: 0 };
  /** Only where the best weights are kept. */
  #best: ReadonlyMap<string, Float32Array> | undefined;
  #end: TrainingEnd = "running";
  #lastCheckpoint = performance.now();
  #checkpointMs = 0;
  /** Steps a run of the session takes: few at first, then as the measured speed allows. */
  #segmentSteps = 8;

  constructor(model: Model, train: ImageDataset, options: FitOptions) {
    this.model = model;
    this.#train = train;
    this.#options = options;
    this.#batchSize = Math.min(positive("batchSize", options.batchSize ?? 128), train.size);
    this.#epochs = positive("epochs", options.epochs ?? 10);
    this.#seed = options.seed ?? 0;
    this.#optimizer = options.optimizer ?? adam();
    this.#rules = rulesOf(options, train);
    expectFit(model, train);
    if (options.validation !== undefined) expectFit(model, options.validation);
    else expectMeasured(options);
    this.#history = [...(options.resume?.history ?? [])];
    const { session, stateNames } = this.#open();
    this.#session = session;
    this.#stateNames = stateNames;
    if (options.resume !== undefined) this.#restore(options.resume);
  }

  /** How it ended, or "running". */
  get end(): TrainingEnd {
    return this.#end;
  }

  get history(): readonly EpochRecord[] {
    return this.#history;
  }

  get stepsPerEpoch(): number {
    return Math.ceil(this.#train.size / this.#batchSize);
  }

  /** The best weights so far (or the last, see `keep`). */
  get trained(): TrainedModel {
    const weights = this.#best ?? this.#currentWeights();
    return { model: this.model, weights, classNames: this.#train.classNames };
  }

  /** What a checkpoint holds besides the trained model. */
  state(): TrainingState {
    return {
      options: this.#rules,
      history: [...this.#history],
      epochSteps: this.#epochSteps,
      epochSums: { ...this.#epochSums },
      session: new Map(this.#stateNames.map((name) => [name, this.#session.read(name)])),
    };
  }

  /** Frees the native memory. `trained` and `state()` are no longer to be had afterwards. */
  close(): void {
    this.#session.close();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Epoch> {
    while (this.#end === "running") {
      if (this.#history.length >= this.#epochs) {
        this.#end = "done";
        break;
      }
      const record = await this.#epoch();
      if (record === undefined) break;
      this.#history.push(record);
      this.#epochSteps = 0;
      this.#epochSums = { loss: 0, correct: 0, rows: 0, seconds: 0 };
      const isBest = bestEpochIndex(this.#history, this.#monitor) === this.#history.length - 1;
      if (isBest && this.#keepsBest) this.#best = this.#currentWeights();
      const { earlyStopping } = this.#options;
      if (this.#history.length >= this.#epochs) this.#end = "done";
      else if (earlyStopping !== undefined && shouldStop(this.#history, earlyStopping))
        this.#end = "early-stopped";
      const pauseMs = performance.now() - this.#lastCheckpoint;
      if (this.#end !== "running" || pauseMs >= shortestPause * this.#checkpointMs) await this.#checkpoint();
      yield { ...record, isBest };
    }
  }

  get #monitor(): Monitor {
    return this.#options.monitor ?? (this.#options.validation === undefined ? "loss" : "val_loss");
  }

  get #keepsBest(): boolean {
    return (this.#options.keep ?? "best") === "best" && this.#options.validation !== undefined;
  }

  #open(): { readonly session: Session; readonly stateNames: readonly string[] } {
    const rules = this.#options;
    const { validation, ema, executor = openExecutor() } = rules;
    const amount = { epochs: this.#epochs, batchSize: this.#batchSize };
    expectFeasible(executor, this.model, this.#train.size, { ...rules, ...amount });
    const { graph, slots } = trainGraph(this.model, this.#batchSize, rules);
    const rest = this.#train.size % this.#batchSize;
    const validationBatch = Math.min(evaluationBatchSize, validation?.size ?? 1);
    const state = trainingState(this.model, initialWeights(this.model, this.#seed), slots);
    const session = executor.compile({
      state,
      pixelScale: pixelScaleOf(this.model.normalization, rules.augmentation),
      graphs: {
        train: graph,
        ...(rest > 0 && { trainRest: trainGraph(this.model, rest, rules).graph }),
        ...(validation &&
          evaluationGraphs(this.model, validationBatch, validation.size % validationBatch, {
            ema: ema !== undefined,
          })),
      },
    });
    session.upload("train", this.#train);
    if (validation !== undefined) session.upload("validation", validation);
    return { session, stateNames: state.map(({ name }) => name) };
  }

  #restore(resume: NonNullable<FitOptions["resume"]>): void {
    if (resume.options !== this.#rules) {
      throw new AtelierError(
        "bad-argument",
        `the checkpoint was made with other options: ${firstDifference(resume.options, this.#rules)}. Resume with the same recipe, data and settings.`,
      );
    }
    for (const name of this.#stateNames) {
      const value = resume.session.get(name);
      if (value === undefined)
        throw new AtelierError("bad-file", `the checkpoint lacks the training state "${name}".`);
      this.#session.write(name, value);
    }
    this.#epochSteps = resume.epochSteps;
    this.#epochSums = { ...resume.epochSums };
    if (this.#keepsBest) this.#best = resume.best;
  }

  /** Runs the (rest of the) current epoch; undefined when stopped. */
  async #epoch(): Promise<EpochRecord | undefined> {
    const epochIndex = this.#history.length;
    const order = shuffledOrder(this.#train.size, this.#seed, epochIndex);
    const steps = this.stepsPerEpoch;
    const factor = this.#options.reduceOnPlateau
      ? plateauFactor(this.#history, this.#options.reduceOnPlateau)
      : 1;
    while (this.#epochSteps < steps) {
      const last = Math.min(steps, this.#epochSteps + this.#segmentSteps);
      const result = await this.#segment(order, epochIndex, last, factor);
      this.#expectFinite(result, epochIndex);
      if (result.end === "stopped" || (this.#options.signal?.aborted && last < steps)) {
        this.#end = "stopped";
        await this.#options.onCheckpoint?.(this);
        return undefined;
      }
      // Segments exist for checkpoints: about as long as the time between two.
      const perStep = this.#epochSums.seconds / this.#epochSteps;
      this.#segmentSteps = Math.max(1, Math.ceil(this.#checkpointSeconds / 2 / perStep));
      if (last < steps && performance.now() - this.#lastCheckpoint > this.#checkpointSeconds * 1000)
        await this.#checkpoint();
    }
    const { loss, correct, rows, seconds } = this.#epochSums;
    const validation = await this.#validate(epochIndex);
    if (validation === "stopped") {
      this.#end = "stopped";
      await this.#options.onCheckpoint?.(this);
      return undefined;
    }
    return {
      epoch: epochIndex + 1,
      metrics: {
        loss: loss / rows,
        accuracy: correct / rows,
        ...(validation && { val_loss: validation.loss, val_accuracy: validation.accuracy }),
        learning_rate: this.#learningRate(epochIndex * steps + steps - 1, factor),
      },
      seconds,
      imagesPerSecond: rows / seconds,
    };
  }

  /** Steps [#epochSteps, last) of the epoch in one run of the session. */
  async #segment(order: Int32Array, epochIndex: number, last: number, factor: number): Promise<RunResult> {
    const first = this.#epochSteps;
    const steps = this.stepsPerEpoch;
    const firstStep = epochIndex * steps + first;
    const { augmentation, signal, onProgress } = this.#options;
    const scalarNames = ["learningRate", "step", ...(augmentation?.mixup ? ["mixupWeight"] : [])];
    const scalars = Float32Array.from({ length: (last - first) * scalarNames.length }, (_, i) => {
      const step = firstStep + Math.floor(i / scalarNames.length);
      const column = scalarNames[i % scalarNames.length];
      if (column === "learningRate") return this.#learningRate(step, factor);
      return column === "step" ? step + 1 : mixupWeight(augmentation!.mixup!.alpha, this.#seed, step);
    });
    const before = { ...this.#epochSums };
    const started = performance.now();
    const result = await this.#session.run({
      dataset: "train",
      order: order.subarray(first * this.#batchSize, last * this.#batchSize),
      graph: "train",
      restGraph: "trainRest",
      normalization: this.model.normalization,
      ...(augmentation && { augmentation }),
      scalarNames,
      scalars,
      seed: this.#seed,
      firstStep,
      epochIndex,
      outputs: ["lossSum", "correctSum"],
      finiteOutput: "lossSum",
      ...(signal && { signal }),
      ...(onProgress && {
        onProgress: ({ stepsDone, rowsDone, sums }) => {
          const rows = before.rows + rowsDone;
          onProgress({
            phase: "train",
            epoch: epochIndex + 1,
            epochs: this.#epochs,
            stepsDone: first + stepsDone,
            steps,
            rowsDone: rows,
            loss: (before.loss + sums.lossSum!) / rows,
            accuracy: (before.correct + sums.correctSum!) / rows,
            imagesPerSecond: rows / (before.seconds + (performance.now() - started) / 1000),
          });
        },
      }),
    });
    this.#epochSteps += result.stepsDone;
    this.#epochSums = {
      loss: before.loss + sum(result.outputs.lossSum!),
      correct: before.correct + sum(result.outputs.correctSum!),
      rows: before.rows + result.rowsDone,
      seconds: before.seconds + result.seconds,
    };
    return result;
  }

  async #validate(epochIndex: number): Promise<{ loss: number; accuracy: number } | "stopped" | undefined> {
    const { validation, signal, onProgress } = this.#options;
    if (validation === undefined) return undefined;
    const steps = Math.ceil(validation.size / evaluationBatchSize);
    const result = await runEvaluation(this.#session, "validation", validation.size, this.model, {
      signal,
      probabilities: false,
      onProgress:
        onProgress &&
        (({ stepsDone, rowsDone, sums }) =>
          onProgress({
            phase: "validate",
            epoch: epochIndex + 1,
            epochs: this.#epochs,
            stepsDone,
            steps,
            rowsDone,
            loss: sums.lossSum! / rowsDone,
            accuracy: sums.correctSum! / rowsDone,
            imagesPerSecond: this.#epochSums.rows / this.#epochSums.seconds,
          })),
    });
    return result.end === "stopped" ? "stopped" : scoresOf(result);
  }

  #learningRate(step: number, factor: number): number {
    const { schedule = constant() } = this.#options;
    return (
      factor * learningRateAt(schedule, this.#optimizer.learningRate, step, this.#epochs * this.stepsPerEpoch)
    );
  }

  #expectFinite(result: RunResult, epochIndex: number): void {
    if (result.end !== "not-finite") return;
    const lastLoss =
      this.#epochSums.rows > 0
        ? this.#epochSums.loss / this.#epochSums.rows
        : this.#history.at(-1)?.metrics.loss;
    throw new AtelierError(
      "diverged",
      `training diverged: the loss was no longer finite at step ${this.#epochSteps + 1} of epoch ${epochIndex + 1} (mean loss before: ${lastLoss?.toPrecision(4) ?? "none"}, learning rate ${this.#optimizer.learningRate}). Lower the learning rate or clip gradients; what was saved before is intact.`,
    );
  }

  #currentWeights(): ReadonlyMap<string, Float32Array> {
    const averaged = this.#options.ema !== undefined;
    return new Map(
      this.model.parameters.map(({ name, trainable }) => [
        name,
        this.#session.read(averaged && trainable ? averageName(name) : name),
      ]),
    );
  }

  get #checkpointSeconds(): number {
    return this.#options.checkpointSeconds ?? 60;
  }

  async #checkpoint(): Promise<void> {
    const started = performance.now();
    await this.#options.onCheckpoint?.(this);
    this.#lastCheckpoint = performance.now();
    this.#checkpointMs = this.#lastCheckpoint - started;
  }
}

/** Throws bad-argument when something watches a metric of validation images, of which there are none. */
function expectMeasured({ earlyStopping, reduceOnPlateau, monitor }: FitOptions): void {
  const watched = {
    monitor,
    earlyStopping: earlyStopping && (earlyStopping.monitor ?? "val_loss"),
    reduceOnPlateau: reduceOnPlateau && (reduceOnPlateau.monitor ?? "val_loss"),
  };
  for (const [option, metric] of Object.entries(watched)) {
    if (!metric?.startsWith("val_")) continue;
    throw new AtelierError(
      "bad-argument",
      `${option}: expected validation images to measure ${metric} on, got none. Hold some out, or watch loss or accuracy.`,
    );
  }
}

function positive(name: string, value: number): number {
  if (Number.isInteger(value) && value > 0) return value;
  throw new AtelierError("bad-argument", `${name}: expected a whole number above 0, got ${value}.`);
}
