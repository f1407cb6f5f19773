import type { MetricCurve } from "@atelier/charts";
import type { ChartSettings } from "./chart-settings.ts";

/** Units of a time axis, each in minutes, which addresses and the pointer count in, and up to how many minutes it serves. */
const units = [
  { xName: "seconds", xUnit: 1 / 60, upTo: 3 },
  { xName: "minutes", xUnit: 1, upTo: 180 },
  { xName: "hours", xUnit: 60, upTo: Number.POSITIVE_INFINITY },
] as const;

/** Curves over minutes, and their settings, in the unit that suits the time that is shown. */
export function inTimeUnit(
  curves: readonly MetricCurve[],
  settings: ChartSettings,
): { readonly curves: readonly MetricCurve[]; readonly settings: ChartSettings } {
  const { range } = settings;
  const span = range ? range[1] - range[0] : Math.max(0, ...curves.map(({ x }) => x[x.length - 1] ?? 0));
  const { xName, xUnit } = units.find(({ upTo }) => span <= upTo)!;
  return {
    curves: curves.map((curve) => ({ ...curve, x: Array.from(curve.x, (minutes) => minutes / xUnit) })),
    settings: { ...settings, xName, xUnit, range: range && [range[0] / xUnit, range[1] / xUnit] },
  };
}
