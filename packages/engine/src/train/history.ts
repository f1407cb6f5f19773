/**
 * What an epoch measured, and the decisions that follow from the list of them alone: best epoch, early stop,
 * plateaus. Being functions of the history they need no state of their own and survive a resume.
 */

/** Names and meanings as in Keras. Losses are means per image plus regularisation; validation is unsmoothed. */
export interface EpochMetrics {
  readonly loss: number;
  readonly accuracy: number;
  readonly val_loss?: number;
  readonly val_accuracy?: number;
  /** Of the epoch's last step. */
  readonly learning_rate: number;
}

export interface EpochRecord {
  /** Counts from 1. */
  readonly epoch: number;
  readonly metrics: EpochMetrics;
  /** Of training steps alone, without validation. */
  readonly seconds: number;
  readonly imagesPerSecond: number;
}

/** A metric to watch; losses are better when lower, accuracies when higher. */
export type Monitor = "val_loss" | "val_accuracy" | "loss" | "accuracy";

export interface EarlyStopping {
  readonly monitor?: Monitor;
  /** Epochs without improvement before training ends. */
  readonly patience: number;
  /** Changes smaller than this are no improvement; default 0. */
  readonly minDelta?: number;
}

export interface ReduceOnPlateau {
  readonly monitor?: Monitor;
  /** The learning rate is multiplied by this; default 0.1. */
  readonly factor?: number;
  readonly patience: number;
  readonly minDelta?: number;
  /** As a share of the starting rate; default 0. */
  readonly minFactor?: number;
}

/** Index of the best record by `monitor`, the earliest among equals; undefined when none has the metric. */
export function bestEpochIndex(
  history: readonly Pick<EpochRecord, "metrics">[],
  monitor: Monitor,
): number | undefined {
  let best: number | undefined;
  history.forEach((record, index) => {
    const value = record.metrics[monitor];
    if (value === undefined || !Number.isFinite(value)) return;
    if (best === undefined || improves(value, history[best]!.metrics[monitor]!, monitor, 0)) best = index;
  });
  return best;
}

/** Whether training should end now. */
export function shouldStop(
  history: readonly EpochRecord[],
  { monitor = "val_loss", patience, minDelta = 0 }: EarlyStopping,
): boolean {
  return waitsOf(history, monitor, minDelta, patience).stalled;
}

/** The factor on the learning rate for the next epoch. */
export function plateauFactor(
  history: readonly EpochRecord[],
  { monitor = "val_loss", factor = 0.1, patience, minDelta = 1e-4, minFactor = 0 }: ReduceOnPlateau,
): number {
  const { reductions } = waitsOf(history, monitor, minDelta, patience);
  return Math.max(minFactor, factor ** reductions);
}

/** Replays the history: how often `patience` ran out (the wait starts anew each time), and whether it just did. */
function waitsOf(history: readonly EpochRecord[], monitor: Monitor, minDelta: number, patience: number) {
  let best: number | undefined;
  let wait = 0;
  let reductions = 0;
  let stalled = false;
  for (const { metrics } of history) {
    const value = metrics[monitor];
    stalled = false;
    if (value === undefined) continue;
    if (best === undefined || improves(value, best, monitor, minDelta)) {
      best = value;
      wait = 0;
    } else if (++wait >= patience) {
      reductions++;
      wait = 0;
      stalled = true;
    }
  }
  return { reductions, stalled };
}

function improves(value: number, best: number, monitor: Monitor, minDelta: number): boolean {
  return monitor.endsWith("loss") ? value < best - minDelta : value > best + minDelta;
}
