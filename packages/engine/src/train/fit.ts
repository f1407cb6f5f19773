/**
 * Training. `fit` returns a Training, an async iterable of epochs; its weights and checkpoints can be had at
 * every epoch and after the end. A Training is at a step boundary whenever the caller has control.
 */
import { AtelierError } from "../error.ts";
import type { Executor, RunResult, Session } from "../executors/executor.ts";
import { openExecutor } from "../executors/open-executor.ts";
import { crossEntropy, type LossConfig } from "../nn/losses.ts";
import type { Model } from "../nn/model.ts";
import { adam } from "../optim/adam.ts";
import type { GradientClip } from "../optim/clip.ts";
import type { OptimizerConfig } from "../optim/optimizers.ts";
import { constant, learningRateAt, type Schedule } from "../optim/schedules.ts";
import { averageName, type WeightAverage } from "../optim/weight-average.ts";
import type { AugmentationSpec } from "./augmentation.ts";
import type { TrainingState } from "./checkpoint.ts";
import type { ImageDataset } from "./dataset.ts";
import { evaluationGraphs, expectFit, runEvaluation, scoresOf, sum, type TrainedModel } from "./evaluate.ts";
import {
  bestEpochIndex,
  type EarlyStopping,
  type EpochRecord,
  type Monitor,
  plateauFactor,
  type ReduceOnPlateau,
  shouldStop,
} from "./history.ts";
import { mixupWeight } from "./mixup.ts";
import { shuffledOrder } from "./order.ts";
import { initialWeights, trainGraph, trainingState } from "./step-graphs.ts";

/** The options that decide the numbers. All plain data: recipes hold the same keys. */
export interface FitRules {
  /** Default 10. */
  readonly epochs?: number;
  /** Images a step; default 128. The last batch of an epoch may be smaller, as in Keras. */
  readonly batchSize?: number;
  /** Default adam(). */
  readonly optimizer?: OptimizerConfig;
  /** How the optimiser's learning rate changes; default constant. */
  readonly schedule?: Schedule;
  readonly loss?: LossConfig;
  readonly augmentation?: AugmentationSpec;
  readonly clip?: GradientClip;
  /** Exponential moving average of the weights, used for validation and as the result. */
  readonly ema?: WeightAverage;
  readonly earlyStopping?: EarlyStopping;
  readonly reduceOnPlateau?: ReduceOnPlateau;
  /** Which epoch's weights are the result; "best" (default) by `monitor` where there is validation. */
  readonly keep?: "best" | "last";
  /** Default val_loss. */
  readonly monitor?: Monitor;
  /** Key of every random number; default 0. */
  readonly seed?: number;
}

export interface FitOptions extends FitRules {
  readonly validation?: ImageDataset;
  readonly executor?: Executor;
  /** Stops at a step boundary; the iteration then ends after a last checkpoint, `training.end` says "stopped". */
  readonly signal?: AbortSignal;
  /** Continue from here, bit for bit. The other options must be those it was made with. */
  readonly resume?: TrainingState & { readonly best?: ReadonlyMap<string, Float32Array> };
  readonly onProgress?: (progress: FitProgress) => void;
  /** Called with the training at a step boundary about every `checkpointSeconds` (default 60) and at a stop. */
  readonly onCheckpoint?: (training: Training) => Promise<void>;
  readonly checkpointSeconds?: number;
}

export interface FitProgress {
  readonly phase: "train" | "validate";
  /** Counts from 1. */
  readonly epoch: number;
  readonly epochs: number;
  readonly stepsDone: number;
  readonly steps: number;
  readonly rowsDone: number;
  /** Means over the epoch so far. */
  readonly loss: number;
  readonly accuracy: number;
  readonly imagesPerSecond: number;
}

/** An epoch as it is reported. */
export interface Epoch extends EpochRecord {
  /** Whether it is the best so far by the monitored metric. */
  readonly isBest: boolean;
}

export type TrainingEnd = "running" | "done" | "early-stopped" | "stopped";

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

export class Training implements AsyncIterable<Epoch> {
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
  #best: ReadonlyMap<string, Float32Array> | undefined;
  #end: TrainingEnd = "running";
  #lastCheckpoint = performance.now();
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
    const weights = this.#keepsBest && this.#best !== undefined ? this.#best : this.#currentWeights();
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
      if (isBest) this.#best = this.#currentWeights();
      const { earlyStopping } = this.#options;
      if (this.#history.length >= this.#epochs) this.#end = "done";
      else if (earlyStopping !== undefined && shouldStop(this.#history, earlyStopping))
        this.#end = "early-stopped";
      await this.#checkpoint();
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
    const { validation, ema, clip, executor = openExecutor() } = this.#options;
    const rules = { optimizer: this.#optimizer, loss: this.#options.loss ?? crossEntropy(), clip, ema };
    const { graph, slots } = trainGraph(this.model, this.#batchSize, rules);
    const rest = this.#train.size % this.#batchSize;
    const validationBatch = Math.min(evaluationBatchSize, validation?.size ?? 1);
    const state = trainingState(this.model, initialWeights(this.model, this.#seed), slots);
    expectFeasible(executor, graph, (this.#train.size * this.#epochs) / this.#batchSize);
    const session = executor.compile({
      state,
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
    this.#best = resume.best;
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
      `training diverged: the loss was no longer finite at step ${this.#epochSteps + 1} of epoch ${epochIndex + 1} (mean loss before: ${lastLoss?.toPrecision(4) ?? "none"}, learning rate ${this.#optimizer.learningRate}). Lower the learning rate or clip gradients; the last checkpoint is intact.`,
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
    this.#lastCheckpoint = performance.now();
    await this.#options.onCheckpoint?.(this);
  }
}

/** The work a reference executor is given at most: minutes, not hours. */
const feasibleNodes = 2e9;

function expectFeasible(
  executor: Executor,
  graph: { readonly nodes: readonly { readonly shape: readonly number[] }[] },
  steps: number,
): void {
  if (executor.name !== "reference") return;
  const elements = graph.nodes.reduce((total, { shape }) => total + shape.reduce((a, b) => a * b, 1), 0);
  if (elements * steps <= feasibleNodes) return;
  throw new AtelierError(
    "no-native",
    "this training is too big for the reference executor (it would take hours), and the native one is not built. Install a C++ compiler (apt-get install g++) and run: npm run build:native. Or try fewer images (--limit) and epochs.",
  );
}

function positive(name: string, value: number): number {
  if (Number.isInteger(value) && value > 0) return value;
  throw new AtelierError("bad-argument", `${name}: expected a whole number above 0, got ${value}.`);
}

/** What must be equal for a resume to continue the same numbers, as JSON with sorted keys. */
function rulesOf(
  {
    validation,
    executor: _,
    signal: _s,
    resume: _r,
    onProgress: _p,
    onCheckpoint: _c,
    checkpointSeconds: _t,
    ...rules
  }: FitOptions,
  train: ImageDataset,
): string {
  const data = {
    train: [train.checksum, train.size],
    validation: validation ? [validation.checksum, validation.size] : null,
  };
  return JSON.stringify({ ...rules, data }, (_key, value) =>
    value !== null && typeof value === "object" && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort())
      : value,
  );
}

function firstDifference(made: string, now: string): string {
  const [before, after] = [JSON.parse(made), JSON.parse(now)] as Record<string, unknown>[];
  for (const key of new Set([...Object.keys(before!), ...Object.keys(after!)])) {
    const [a, b] = [JSON.stringify(before![key]), JSON.stringify(after![key])];
    if (a !== b) return `${key} was ${a}, now ${b}`;
  }
  return "an unknown difference";
}
