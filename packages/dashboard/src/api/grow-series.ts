/** Series that grow by rows as they come, without being read again. */
import type { HistoryRow, Series } from "@atelier/tracker/model";

/** Where the rows of a run stand: what was seen of them, and how far they reach. */
export interface RowsSeen {
  readonly lastRow: number;
  readonly lastStep: number;
  /** The rows of the last reading by number: the next one may bring some of them again. */
  readonly recent: ReadonlyMap<number, string>;
}

/** Rows that are new, in order of rows, and where that leaves things. */
export interface NewRows {
  readonly rows: readonly HistoryRow[];
  /** Whether each comes after all before it, by number and by step; if not, series must be read again. */
  readonly isInOrder: boolean;
  readonly seen: RowsSeen;
}

/** What of `rows`, which are ascending, was not seen before. */
export function newRowsOf(rows: readonly HistoryRow[], { lastRow, lastStep, recent }: RowsSeen): NewRows {
  const texts = new Map(rows.map((row) => [row.row, textOf(row)]));
  const fresh = rows.filter(({ row }) => recent.get(row) !== texts.get(row));
  let step = lastStep;
  let isInOrder = (fresh[0]?.row ?? Number.POSITIVE_INFINITY) > lastRow;
  for (const row of fresh) {
    if (row.step < step) isInOrder = false;
    step = Math.max(step, row.step);
  }
  const seen = { lastRow: Math.max(lastRow, fresh.at(-1)?.row ?? lastRow), lastStep: step, recent: texts };
  return { rows: fresh, isInOrder, seen };
}

/** What a reading of series over steps asks for. */
export interface SeriesRange {
  readonly from?: number;
  readonly to?: number;
  /** About how many points of each series are wanted. */
  readonly points?: number;
}

/** Series may be longer than was asked for by this factor before they are thinned anew. */
const longest = 1.25;

/**
 * A series over steps with the points of `rows` at its end. The rows come in order (see newRowsOf), so that those whose
 * steps it has reached are in it. Undefined where it must be read again: a step came twice, or it has become too long.
 */
export function grownSeries(
  series: Series,
  rows: readonly HistoryRow[],
  { from, to, points }: SeriesRange,
): Series | undefined {
  const last = series.x.length - 1;
  let reached = last < 0 ? Number.NEGATIVE_INFINITY : series.x[last]!;
  let value = last < 0 ? Number.NaN : series.y[last]!;
  const [x, y, time]: [number[], number[], number[]] = [[], [], []];
  for (const row of rows) {
    const { step } = row;
    const own = row.values[series.key];
    if (typeof own !== "number" || step < reached) continue;
    if ((from !== undefined && step < from) || (to !== undefined && step > to)) continue;
    if (step === reached) {
      if (isSame(value, own)) continue;
      return undefined;
    }
    [reached, value] = [step, own];
    x.push(step);
    y.push(own);
    time.push(row.time);
  }
  if (x.length === 0) return series;
  if (points !== undefined && series.x.length + x.length > longest * points) return undefined;
  return {
    ...series,
    x: joined(series.x, x),
    y: joined(series.y, y),
    time: joined(series.time, time),
    total: series.total + x.length,
  };
}

/** Equal, as far as series that came as float32 can tell. */
function isSame(known: number, value: number): boolean {
  return Object.is(known, value) || Object.is(known, Math.fround(value));
}

function joined(before: Float64Array, after: readonly number[]): Float64Array {
  const whole = new Float64Array(before.length + after.length);
  whole.set(before);
  whole.set(after, before.length);
  return whole;
}

function textOf({ step, time, values }: HistoryRow): string {
  return JSON.stringify([step, time, values], (_, value) =>
    Number.isFinite(value) ? value : typeof value === "number" ? String(value) : value,
  );
}
