/** Rows by step: the history a program logs, and the system metrics sampled beside it. */
import type { HistoryValue } from "./value.ts";

/** What a run records as rows: what the program logged, and what was sampled of the machine meanwhile. */
export type RowStream = "history" | "system";

/**
 * One `log` call. `row` numbers the calls of a run from 0 and is its identity: writing the same row again replaces it.
 * `step` is the x axis; it may come late, out of order or twice.
 */
export interface HistoryRow {
  readonly row: number;
  readonly step: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly values: Readonly<Record<string, HistoryValue>>;
}

/**
 * The numbers of one key of one run, sorted by x; of several rows of one step the last row counts. All three arrays
 * have one length.
 */
export interface Series {
  readonly runId: string;
  readonly key: string;
  /** Steps, or the values of the key asked for as x. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Milliseconds since the epoch. */
  readonly time: Float64Array;
  /** How many points there are in the range asked for. */
  readonly total: number;
  /** Whether points were left out for drawing. */
  readonly isDownSampled: boolean;
}

/** A key that was logged. */
export interface MetricKey {
  readonly key: string;
  /** Whether numbers, or anything else, were logged under it; both may be. */
  readonly hasNumbers: boolean;
  readonly hasObjects: boolean;
}

/** A line the program wrote to its terminal. Lines are numbered from 0 in a run. */
export interface ConsoleLine {
  readonly line: number;
  readonly stream: "stdout" | "stderr";
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly text: string;
}
