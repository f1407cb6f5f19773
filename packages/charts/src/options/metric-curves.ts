/**
 * One metric of many runs over steps, epochs or time: the chart of a workspace. Values that are not finite are gaps, and
 * so is what a logarithmic axis cannot show. The reader of a page sees names by hovering; a picture that leaves the page
 * carries its title and a legend.
 */
import { fitText, textWidth } from "../text/measure.ts";
import { type Frame, fontFamily, fontSize, seriesColour, themes } from "../theme.ts";
import type { ChartOption } from "./chart-option.ts";
import {
  baseOption,
  emptyOption,
  exactGrid,
  legendLine,
  maxLegendText,
  topLegend,
  valueAxis,
} from "./chart-style.ts";
import { smoothCurve } from "./smooth-curve.ts";

/** Points of one run, sorted by x; both arrays have one length. */
export interface MetricCurve {
  readonly name: string;
  /** Its place in the palette. */
  readonly colourIndex: number;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
}

/** How the curves are drawn. */
export interface MetricCurvesOptions {
  /** Name of the x axis: step, epoch, seconds. */
  readonly xName: string;
  /** How many points to either side are averaged; what was measured stays visible, faint. Default 0. */
  readonly smoothingRadius?: number;
  readonly isLogX?: boolean;
  readonly isLogY?: boolean;
  /** The part of the x axis that is shown. Default: all. */
  readonly range?: readonly [from: number, to: number] | undefined;
  /** Whether the y axis leaves out values far from all others. */
  readonly hidesOutliers?: boolean;
  /** Absent on pages, which have their own heading. */
  readonly title?: string;
}

/** Where the curves lie in their frame, in CSS pixels: what is not in it is axes. */
export const metricCurvesMargin = { left: 54, right: 14, top: 10, bottom: 38 } as const;

/** The chart of one metric; with a title it has a legend too. */
export function metricCurvesOption(
  curves: readonly MetricCurve[],
  frame: Frame,
  options: MetricCurvesOptions,
): ChartOption {
  const theme = themes[frame.theme];
  const axisLabel = { color: theme.muted, fontSize: fontSize.tick };
  if (curves.every(({ x }) => x.length === 0)) return emptyOption("No values have been logged yet", frame);
  const { title, xName, isLogX = false, isLogY = false, range } = options;
  const rows = title === undefined ? 0 : legendRows(curves, frame.width);
  const top = metricCurvesMargin.top + (title === undefined ? 0 : 30 + rows * legendLine);
  return {
    ...baseOption(theme),
    ...(title !== undefined && {
      title: {
        text: fitText(title, frame.width - 24, { size: fontSize.title, weight: "bold" }),
        left: 12,
        top: 8,
        textStyle: { color: theme.ink, fontSize: fontSize.title, fontFamily },
      },
      legend: { ...topLegend(theme, 12), top: 34, width: frame.width - 24, icon: "roundRect", itemHeight: 4 },
    }),
    tooltip: { show: false },
    grid: { ...exactGrid, ...metricCurvesMargin, top },
    xAxis: {
      ...valueAxis(theme, xName),
      type: isLogX ? "log" : "value",
      nameLocation: "middle",
      nameGap: 22,
      ...(curves.every(hasFewWholeX) && { minInterval: 1 }),
      min: range?.[0] ?? "dataMin",
      max: range?.[1] ?? "dataMax",
      axisLine: { show: true, onZero: false, lineStyle: { color: theme.rule } },
      axisLabel: {
        ...axisLabel,
        formatter: tickFormatter(curves.map(({ x }) => x)),
        showMinLabel: true,
        showMaxLabel: true,
        alignMaxLabel: "right",
        hideOverlap: true,
      },
      splitLine: { show: false },
    },
    yAxis: {
      ...valueAxis(theme, ""),
      type: isLogY ? "log" : "value",
      scale: true,
      ...(options.hidesOutliers && rangeWithoutOutliers(curves, isLogY)),
      splitNumber: intervals,
      axisLabel: { ...axisLabel, formatter: tickFormatter(curves.map(({ y }) => y)) },
    },
    series: curves.flatMap((curve) => {
      const colour = seriesColour(theme, curve.colourIndex);
      const width = curves.length > fewCurves ? 1 : 1.6;
      return curveSeries(curve, {
        colour,
        width,
        smoothingRadius: options.smoothingRadius ?? 0,
        isLogX,
        isLogY,
      });
    }),
  };
}

/** Where all but the largest and smallest y values lie, one in twenty of each, with room for what is near. */
function rangeWithoutOutliers(
  curves: readonly MetricCurve[],
  isLogY: boolean,
): { readonly min: number; readonly max: number; readonly interval?: number } | undefined {
  const isShown = (value: number) => Number.isFinite(value) && !(isLogY && value <= 0);
  const values = Float64Array.from(curves.flatMap(({ y }) => Array.from(y).filter(isShown))).sort();
  const at = (share: number) => values[Math.round(share * (values.length - 1))]!;
  const [low, high] = [at(0.05), at(0.95)];
  if (values.length === 0 || low === high) return undefined;
  const [least, most] = [values[0]!, values.at(-1)!];
  if (isLogY) return { min: Math.max(least, low / 2), max: Math.min(most, high * 2) };
  const room = (high - low) / 4;
  const [from, to] = [Math.max(least, low - room), Math.min(most, high + room)];
  const size = 10 ** Math.floor(Math.log10((to - from) / intervals));
  const interval = size * ([1, 2, 5].find((step) => step * size * intervals >= to - from) ?? 10);
  const round = (count: number) => Number((count * interval).toPrecision(6));
  return { min: round(Math.floor(from / interval)), max: round(Math.ceil(to / interval)), interval };
}

/** About so many of the y axis. */
const intervals = 4;

/** More curves than these are drawn thinner. */
const fewCurves = 20;

interface CurveStyle {
  readonly colour: string;
  readonly width: number;
  readonly smoothingRadius: number;
  readonly isLogX: boolean;
  readonly isLogY: boolean;
}

function curveSeries({ name, x, y }: MetricCurve, style: CurveStyle): object[] {
  const measured = Array.from(y, (value, at) =>
    Number.isFinite(value) && !(style.isLogY && value <= 0) && !(style.isLogX && x[at]! <= 0) ? value : null,
  );
  const line = {
    type: "line",
    name,
    symbol: "circle",
    symbolSize: 6,
    showSymbol: x.length === 1,
    silent: true,
    itemStyle: { color: style.colour },
    dimensions: ["x", "y"],
  };
  const main = { ...line, lineStyle: { color: style.colour, width: style.width } };
  if (style.smoothingRadius === 0) return [{ ...main, data: points(x, measured) }];
  return [
    { ...line, lineStyle: { color: style.colour, width: 1, opacity: 0.25 }, data: points(x, measured) },
    { ...main, data: points(x, smoothCurve(measured, style.smoothingRadius)) },
  ];
}

/** x and y in turn, in one flat array, which ECharts reads without copying. */
function points(x: ArrayLike<number>, y: readonly (number | null)[]): Float64Array {
  const flat = new Float64Array(2 * y.length);
  y.forEach((value, at) => {
    flat[2 * at] = x[at]!;
    flat[2 * at + 1] = value ?? Number.NaN;
  });
  return flat;
}

/** Steps and epochs that are few: between them there is nothing to label. */
function hasFewWholeX({ x }: MetricCurve): boolean {
  return x.length <= fewSteps && Array.from(x).every(Number.isInteger);
}

const fewSteps = 30;

/** Writes the ticks of an axis with as many digits as tell one from the next. */
function tickFormatter(values: readonly ArrayLike<number>[]): (value: number) => string {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const own of values) {
    for (let at = 0; at < own.length; at++) {
      const value = own[at]!;
      if (!Number.isFinite(value)) continue;
      if (value < least) least = value;
      if (value > most) most = value;
    }
  }
  const exponent = (size: number) => Math.floor(Math.log10(size));
  const [largest, interval] = [Math.max(Math.abs(least), Math.abs(most)), (most - least) / (2 * intervals)];
  const digits = interval > 0 ? exponent(largest) - exponent(interval) + 1 : 0;
  return (value) => formatTick(value, Math.max(4, Math.min(12, digits)));
}

const scales = [
  [1e9, "G"],
  [1e6, "M"],
  [1e4, "k"],
] as const;

function formatTick(value: number, digits: number): string {
  const size = Math.abs(value);
  if (size >= 1e12 || (size > 0 && size < 1e-3)) {
    return value
      .toExponential(digits - 1)
      .replace(/\.?0*e/, "e")
      .replace("e+", "e");
  }
  const [from, letter] = scales.find(([scale]) => size >= scale) ?? [1, ""];
  const unit = letter === "k" ? 1e3 : from;
  return `${Number((value / unit).toPrecision(digits))}${letter}`;
}

function legendRows(curves: readonly MetricCurve[], width: number): number {
  const names = [...new Set(curves.map(({ name }) => name))];
  const length = names.reduce(
    (sum, name) => sum + Math.min(maxLegendText, textWidth(name, { size: fontSize.label })) + 34,
    0,
  );
  return Math.max(1, Math.ceil(length / (width - 60)));
}
