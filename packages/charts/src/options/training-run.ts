/** A training run as it is drawn: its history, and what follows from it. */

/** One number an epoch; null and numbers that are not finite are gaps. */
export type Curve = readonly (number | null)[];

/** A run's history by Keras's keys, first epoch first. */
export interface TrainingRun {
  readonly name: string;
  readonly history: {
    readonly loss: Curve;
    readonly accuracy: Curve;
    readonly val_loss?: Curve;
    readonly val_accuracy?: Curve;
  };
  /** The epoch whose weights were kept, from 0. Absent: the one with the lowest val_loss, if there is one. */
  readonly bestEpochIndex?: number;
  /** The result on test data, drawn as a diamond at the best epoch, or at the last. */
  readonly test?: { readonly loss: number; readonly accuracy: number };
}

/** How many epochs the longest curve of these runs has. */
export function longestHistory(runs: readonly TrainingRun[]): number {
  const lengths = runs.flatMap(({ history }) => Object.values(history).map((curve: Curve) => curve.length));
  return Math.max(0, ...lengths);
}

/** The epoch, from 0, whose weights were kept; undefined when nothing tells. */
export function bestEpoch({ bestEpochIndex, history }: TrainingRun): number | undefined {
  if (bestEpochIndex !== undefined) return bestEpochIndex;
  const losses = measured(history.val_loss ?? []).map((loss) => loss ?? Number.POSITIVE_INFINITY);
  const lowest = Math.min(...losses);
  return Number.isFinite(lowest) ? losses.indexOf(lowest) : undefined;
}

/** The curve with everything that is not a finite number as a gap. */
export function measured(curve: Curve): (number | null)[] {
  return curve.map((value) => (value !== null && Number.isFinite(value) ? value : null));
}

/** ECharts takes series of one name for one thing: a name that comes twice gets a number. */
export function distinctNames(runs: readonly TrainingRun[]): TrainingRun[] {
  const seen = new Map<string, number>();
  return runs.map((run) => {
    const count = (seen.get(run.name) ?? 0) + 1;
    seen.set(run.name, count);
    return count === 1 ? run : { ...run, name: `${run.name} (${count})` };
  });
}
