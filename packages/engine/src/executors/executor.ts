/**
 * What an executor is: the only way in which graphs are run. Two implementations keep to it: reference/
 * (slow, obvious, the oracle) and native/ (C++). The suite in native/executors.test.ts runs on both.
 *
 * A session owns parameters, optimiser slots and scratch. One call of `run` is many steps: gather images by
 * index, augment, normalise, compute, update. Nothing returns to JavaScript per step, and the event loop
 * stays free while it runs.
 */
import type { StepGraph } from "../graph/graph.ts";
import type { Shape } from "../graph/shape.ts";
import type { AugmentationSpec } from "../train/augmentation.ts";
import type { ImageDataset } from "../train/dataset.ts";

export interface Executor {
  /** "reference", or "native" with its CPU variant: "native-avx2". */
  readonly name: string;
  /** Threads a step is spread over. */
  readonly threads: number;
  /** Whether its kernels multiply large matrices on a matrix unit, which plans depend on. */
  readonly matrixUnit: boolean;
  /** Throws out-of-memory when the step's memory cannot be had. */
  compile(spec: SessionSpec): Session;
}

/** State shared by several step graphs, e.g. { train, trainRest, evaluate, evaluateRest }. */
export interface SessionSpec {
  readonly state: readonly StateSpec[];
  readonly graphs: Readonly<Record<string, StepGraph>>;
  /** Promises that nobody will read or write the state: what depends on it alone may be computed once. */
  readonly fixedState?: boolean;
  /** Promises that images of every run are their pixels, from 0 to 255, times this number (train/pixel-scale.ts). */
  readonly pixelScale?: number | undefined;
}

export interface StateSpec {
  readonly name: string;
  readonly shape: Shape;
  readonly initial: Float32Array;
}

export interface Session {
  /** Makes a data set resident under `key`, replacing an earlier one of that key. */
  upload(key: string, dataset: ImageDataset): void;
  /**
   * Runs the request's steps in order. Steps are applied whole: an abort, a non-finite output or an error
   * leaves the state at a step boundary. Only one run at a time.
   */
  run(request: RunRequest): Promise<RunResult>;
  /** Copy of a state's value. */
  read(name: string): Float32Array;
  /** Throws bad-argument when the state is fixed. */
  write(name: string, value: Float32Array): void;
  /** Bytes held: state, scratch, resident data sets. */
  readonly sizeBytes: number;
  close(): void;
}

export interface RunRequest {
  /** Key of a resident data set. */
  readonly dataset: string;
  /** Image indices, batch after batch. */
  readonly order: Int32Array;
  /** Graph for whole batches; its "images" input has N = batch size. */
  readonly graph: string;
  /** Graph for the last batch when `order` is not a multiple of the batch size. */
  readonly restGraph?: string;
  /** x = (pixel/255 − mean)/std, a channel. */
  readonly normalization: Normalization;
  readonly augmentation?: AugmentationSpec;
  /** Values of the graphs' scalar inputs, a row a step, columns as in `scalarNames`. */
  readonly scalarNames?: readonly string[];
  readonly scalars?: Float32Array;
  /** Philox key, and the global number of the first step: the same (seed, step) draws the same numbers. */
  readonly seed: number;
  readonly firstStep: number;
  /** 0-based; alternating flip depends on it. */
  readonly epochIndex: number;
  /** Names of outputs to bring back; every one is [rows] or [rows, columns] or a scalar per step. */
  readonly outputs: readonly string[];
  /** Stop after the step whose output of this name (summed) is not finite. */
  readonly finiteOutput?: string;
  /** Whether to time the calls of the program that `graph` became, where the executor has one. */
  readonly measure?: boolean;
  readonly signal?: AbortSignal;
  /** Called about 10–30 times a second with the number of steps done in this run. */
  readonly onProgress?: (progress: RunProgress) => void;
}

export interface Normalization {
  /** In units of pixel/255, one a channel. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

export interface RunProgress {
  readonly stepsDone: number;
  /** Running sums of the requested outputs over the rows seen. */
  readonly sums: Readonly<Record<string, number>>;
  readonly rowsDone: number;
}

export interface RunResult {
  readonly stepsDone: number;
  readonly rowsDone: number;
  /** Values of each requested output of all steps done, concatenated. */
  readonly outputs: Readonly<Record<string, Float32Array>>;
  readonly end: "done" | "stopped" | "not-finite";
  /** Seconds spent stepping, without set-up. */
  readonly seconds: number;
  /** When measured: seconds spent gathering, then in each call of the program, summed over the steps. */
  readonly callSeconds?: readonly number[];
}
