/** How the charts of a page are drawn, as its address says. All parts are texts there, so that links can be read. */
import { useMemo } from "react";

/** The parts of an address that charts read. */
export interface ChartSearch {
  /** step (default), time, or a logged key. */
  readonly x?: string | undefined;
  /** How many points to either side are averaged. */
  readonly smooth?: string | undefined;
  /** Which axes are logarithmic: x, y or xy. */
  readonly log?: string | undefined;
  /** The part of the x axis: from..to; of time in minutes. */
  readonly range?: string | undefined;
  /** Only metrics whose name has this in it, or matches it as a regular expression. */
  readonly metrics?: string | undefined;
  /** hide: the y axis leaves out values far from all others. */
  readonly outliers?: string | undefined;
  /** The metric whose chart is drawn large. */
  readonly large?: string | undefined;
}

/** The settings that an address stands for. */
export interface ChartSettings {
  readonly x: string;
  readonly xName: string;
  /** One of the x axis, in what addresses and the pointer count in. */
  readonly xUnit: number;
  readonly smoothingRadius: number;
  readonly isLogX: boolean;
  readonly isLogY: boolean;
  readonly range: readonly [number, number] | undefined;
  readonly hidesOutliers: boolean;
}

const largestRadius = 100;

/** Only what charts understand of an address. */
export function chartSearch(search: Readonly<Record<string, unknown>>): ChartSearch {
  const text = (name: string) => (typeof search[name] === "string" ? search[name] : undefined);
  return {
    x: text("x"),
    smooth: text("smooth"),
    log: text("log"),
    range: text("range"),
    metrics: text("metrics"),
    outliers: text("outliers"),
    large: text("large"),
  };
}

/** The settings of an address, the same object as long as they are the same. */
export function useChartSettings(search: ChartSearch): ChartSettings {
  const { x = "step", smooth, log = "", range, outliers } = search;
  return useMemo(() => {
    const radius = Math.round(Number(smooth ?? 0));
    return {
      x,
      xName: x === "time" ? "minutes" : x,
      xUnit: 1,
      smoothingRadius: Number.isFinite(radius) ? Math.max(0, Math.min(largestRadius, radius)) : 0,
      isLogX: log.includes("x"),
      isLogY: log.includes("y"),
      range: readRange(range),
      hidesOutliers: outliers === "hide",
    };
  }, [x, smooth, log, range, outliers]);
}

/** A range as an address has it. */
export function rangeText(range: readonly [number, number] | undefined): string | undefined {
  return range?.map((end) => String(Number(end.toPrecision(6)))).join("..");
}

function readRange(text: string | undefined): readonly [number, number] | undefined {
  const [from, to] = (text ?? "").split("..").map(Number);
  return from !== undefined && to !== undefined && from < to ? [from, to] : undefined;
}
