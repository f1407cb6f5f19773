/** What a training may be told, and what it reports: plain data but for the executor and the callbacks. */
import type { Executor } from "../executors/executor.ts";
import type { LossConfig } from "../nn/losses.ts";
import type { GradientClip } from "../optim/clip.ts";
import type { OptimizerConfig } from "../optim/optimizers.ts";
import type { Schedule } from "../optim/schedules.ts";
import type { WeightAverage } from "../optim/weight-average.ts";
import type { AugmentationSpec } from "./augmentation.ts";
import type { TrainingState } from "./checkpoint.ts";
import type { ImageDataset } from "./dataset.ts";
import type { TrainedModel } from "./evaluate.ts";
import type { EarlyStopping, EpochRecord, Monitor, ReduceOnPlateau } from "./history.ts";

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
  /**
   * Called with the training at a step boundary about every `checkpointSeconds` (default 60), at the ends of epochs (of short ones
   * as seldom as it takes to cost little), at the end and at a stop.
   */
  readonly onCheckpoint?: (training: Checkpointable) => Promise<void>;
  readonly checkpointSeconds?: number;
}

/** A training at a step boundary, ready to be written down. */
export interface Checkpointable {
  /** The best weights so far (or the last, see `keep`). */
  readonly trained: TrainedModel;
  /** What a checkpoint holds besides the trained model. */
  state(): TrainingState;
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
