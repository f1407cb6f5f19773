import type { HistoryRow, Series } from "@atelier/tracker/model";
import { describe, expect, test } from "vitest";
import { grownSeries, newRowsOf, type RowsSeen } from "./grow-series.ts";

const row = (
  number: number,
  step: number,
  values: HistoryRow["values"] = { loss: step / 4 },
): HistoryRow => ({
  row: number,
  step,
  time: 1000 + number,
  values,
});
const series = (...points: readonly (readonly [x: number, y: number])[]): Series => ({
  runId: "run",
  key: "loss",
  x: Float64Array.from(points, ([x]) => x),
  y: Float64Array.from(points, ([, y]) => y),
  time: new Float64Array(points.length),
  total: points.length,
  isDownSampled: false,
});
const points = ({ x, y }: Series) => Array.from(x, (step, at) => [step, y[at]]);

describe("rows that come", () => {
  const none: RowsSeen = { lastRow: -1, lastStep: Number.NEGATIVE_INFINITY, recent: new Map() };

  test("are in order when each goes on where the last one ended", () => {
    const first = newRowsOf([row(0, 0), row(1, 1), row(2, 1)], none);
    expect(first).toMatchObject({ isInOrder: true, seen: { lastRow: 2, lastStep: 1 } });
    const second = newRowsOf([row(3, 2)], first.seen);
    expect(second).toMatchObject({ isInOrder: true, seen: { lastRow: 3, lastStep: 2 } });
  });

  test("again are not new, unless they have changed", () => {
    const { seen } = newRowsOf([row(0, 0), row(1, 1, { loss: Number.NaN })], none);
    const again = newRowsOf([row(1, 1, { loss: Number.NaN }), row(2, 2)], seen);
    expect(again.rows.map((one) => one.row)).toEqual([2]);
    expect(again.isInOrder).toBe(true);
    expect(newRowsOf([row(1, 1, { loss: Number.POSITIVE_INFINITY }), row(2, 2)], seen).isInOrder).toBe(false);
  });

  test("late, by step or by number, are not in order", () => {
    const { seen } = newRowsOf([row(4, 4), row(5, 5)], none);
    expect(newRowsOf([row(6, 3)], seen).isInOrder).toBe(false);
    expect(newRowsOf([row(3, 6)], seen).isInOrder).toBe(false);
    expect(newRowsOf([row(6, 3)], seen).seen.lastStep).toBe(5);
  });
});

describe("a series", () => {
  test("grows by what lies beyond its end", () => {
    const grown = grownSeries(series([0, 0], [1, 0.25]), [row(1, 1), row(2, 2), row(3, 3)], {})!;
    expect(points(grown)).toEqual([
      [0, 0],
      [1, 0.25],
      [2, 0.5],
      [3, 0.75],
    ]);
    expect(grown.total).toBe(4);
  });

  test("stays the same object when nothing is in the rows for it", () => {
    const before = series([0, 0], [1, 0.25]);
    expect(grownSeries(before, [row(0, 0), row(1, 1), row(2, 2, { other: 1 })], {})).toBe(before);
    expect(grownSeries(before, [row(2, 2), row(3, 3)], { from: 0, to: 1 })).toBe(before);
    expect(grownSeries(before, [row(2, 2, { loss: "text" })], {})).toBe(before);
  });

  test("keeps values that are not finite, and knows rounded ones again", () => {
    const before = series([0, Math.fround(0.1)], [1, Number.NaN]);
    const rows = [row(1, 1, { loss: Number.NaN }), row(2, 2, { loss: Number.POSITIVE_INFINITY })];
    expect(points(grownSeries(before, rows, {})!)).toEqual([
      [0, Math.fround(0.1)],
      [1, Number.NaN],
      [2, Number.POSITIVE_INFINITY],
    ]);
    const rounded = series([1, Math.fround(0.1)]);
    expect(grownSeries(rounded, [row(1, 1, { loss: 0.1 })], {})).toBe(rounded);
  });

  test("is read again when a step comes with another value, or when it has become too long", () => {
    expect(grownSeries(series([0, 0], [1, 0.25]), [row(2, 1, { loss: 9 })], {})).toBeUndefined();
    expect(grownSeries(series(), [row(0, 0, { loss: 1 }), row(1, 0, { loss: 2 })], {})).toBeUndefined();
    const many = Array.from({ length: 9 }, (_, i) => row(i, i));
    expect(grownSeries(series(), many, { points: 7 })).toBeUndefined();
    expect(grownSeries(series(), many, { points: 8 })!.x.length).toBe(9);
  });
});
