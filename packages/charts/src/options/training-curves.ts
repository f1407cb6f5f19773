/**
 * Loss and accuracy over epochs. One run: training against validation, the best epoch marked by a line. Several
 * runs: one colour a run, training dashed and validation solid, the best epoch of each marked by a dot.
 */
import { formatDecimal } from "../text/format.ts";
import { textWidth } from "../text/measure.ts";
import { type Frame, fontSize, seriesColour, type Theme, type ThemeName, themes } from "../theme.ts";
import type { ChartOption } from "./chart-option.ts";
import {
  baseOption,
  emptyOption,
  exactGrid,
  legendLine,
  tooltipHtml,
  topLegend,
  valueAxis,
} from "./chart-style.ts";
import { smoothCurve } from "./smooth-curve.ts";

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

export interface TrainingCurvesOptions {
  /** How many epochs to either side are averaged; the curve as measured stays visible, faint. Default 0. */
  readonly smoothingRadius?: number;
}

interface Panel {
  readonly index: number;
  readonly title: string;
  readonly trainKey: "loss" | "accuracy";
  readonly validationKey: "val_loss" | "val_accuracy";
}

const panels: readonly Panel[] = [
  { index: 0, title: "loss", trainKey: "loss", validationKey: "val_loss" },
  { index: 1, title: "accuracy", trainKey: "accuracy", validationKey: "val_accuracy" },
];
const stackedBelowWidth = 560;

/** A size that suits training curves of so many runs. */
export function trainingCurvesFrame(runs: readonly TrainingRun[], theme: ThemeName = "light"): Frame {
  return { width: 900, height: 324 + legendLine * legendRows(runs, 900), theme };
}

export function trainingCurvesOption(
  runs: readonly TrainingRun[],
  frame: Frame,
  { smoothingRadius = 0 }: TrainingCurvesOptions = {},
): ChartOption {
  const theme = themes[frame.theme];
  const epochs = Math.max(0, ...runs.map(({ history }) => history.loss.length));
  if (epochs === 0) return emptyOption("No epoch has been recorded yet", frame);
  const named = distinctNames(runs);
  return {
    ...baseOption(theme),
    legend: { ...topLegend(theme, 48), icon: "roundRect", itemHeight: 4, width: frame.width - 68 },
    title: lineKey(named, theme),
    ...panelAxes({ frame, theme, epochs, top: 36 + legendLine * legendRows(runs, frame.width) }),
    series: panels.flatMap((panel) =>
      named.flatMap((run, index) =>
        runSeries(run, panel, { theme, smoothingRadius, index, isAlone: runs.length === 1 }),
      ),
    ),
  };
}

function legendRows(runs: readonly TrainingRun[], width: number): number {
  const length = runs.reduce((sum, { name }) => sum + textWidth(name, { size: fontSize.label }) + 34, 0);
  return runs.length === 1 ? 1 : Math.max(1, Math.ceil(length / (width - 110)));
}

/** ECharts takes series of one name for one thing: a name that comes twice gets a number. */
function distinctNames(runs: readonly TrainingRun[]): TrainingRun[] {
  const seen = new Map<string, number>();
  return runs.map((run) => {
    const count = (seen.get(run.name) ?? 0) + 1;
    seen.set(run.name, count);
    return count === 1 ? run : { ...run, name: `${run.name} (${count})` };
  });
}

function lineKey(runs: readonly TrainingRun[], theme: Theme) {
  const parts = ["solid: validation", "dashed: training", "dot: best epoch"];
  if (runs.some(({ test }) => test)) parts.push("diamond: test");
  return {
    text: runs.length === 1 ? "" : parts.join("  ·  "),
    left: 8,
    bottom: 6,
    textStyle: { color: theme.muted, fontSize: fontSize.tick, fontWeight: "normal" },
  };
}

function panelAxes({
  frame,
  theme,
  epochs,
  top,
}: {
  frame: Frame;
  theme: Theme;
  epochs: number;
  top: number;
}) {
  const isStacked = frame.width < stackedBelowWidth;
  const bottom = 64;
  const half = (frame.height - top - bottom - 56) / 2;
  const grids = isStacked
    ? [
        { left: 48, right: 20, top, height: half },
        { left: 48, right: 20, bottom, height: half },
      ]
    : [
        { left: 48, right: frame.width / 2 + 20, top, bottom },
        { left: frame.width / 2 + 32, right: 20, top, bottom },
      ];
  return {
    grid: grids.map((grid) => ({ ...exactGrid, ...grid })),
    xAxis: panels.map(({ index }) => ({
      ...valueAxis(theme, "epoch"),
      gridIndex: index,
      nameLocation: "middle",
      nameGap: 26,
      min: epochs === 1 ? 0 : 1,
      max: epochs === 1 ? 2 : epochs,
      minInterval: 1,
      axisLine: { show: true, lineStyle: { color: theme.rule } },
      splitLine: { show: false },
    })),
    yAxis: panels.map(({ index, title }) => ({
      ...valueAxis(theme, title),
      gridIndex: index,
      nameTextStyle: {
        color: theme.ink,
        fontSize: fontSize.label,
        fontWeight: "bold",
        align: "left",
        padding: [0, 0, 0, -36],
      },
      scale: true,
      splitNumber: 5,
    })),
  };
}

interface RunStyle {
  readonly theme: Theme;
  readonly smoothingRadius: number;
  readonly index: number;
  readonly isAlone: boolean;
}

function runSeries(run: TrainingRun, panel: Panel, style: RunStyle): object[] {
  const { theme, isAlone } = style;
  const colour = seriesColour(theme, style.index);
  const best = bestEpoch(run);
  const validation = run.history[panel.validationKey];
  const train = { name: isAlone ? "training" : run.name, colour: isAlone ? seriesColour(theme, 1) : colour };
  const curves = [curveSeries(run.history[panel.trainKey], panel, { ...style, ...train, isDashed: true })];
  if (validation) {
    const name = isAlone ? "validation" : run.name;
    curves.push(curveSeries(validation, panel, { ...style, name, colour, isDashed: false, best }));
  }
  if (run.test) {
    const at = (best ?? run.history.loss.length - 1) + 1;
    const value = run.test[panel.trainKey];
    curves.push([
      testSeries(isAlone ? "test" : run.name, {
        at,
        value,
        panel,
        theme,
        colour: isAlone ? seriesColour(theme, 2) : colour,
      }),
    ]);
  }
  return curves.flat();
}

function bestEpoch({ bestEpochIndex, history }: TrainingRun): number | undefined {
  if (bestEpochIndex !== undefined) return bestEpochIndex;
  const losses = measured(history.val_loss ?? []).map((loss) => loss ?? Number.POSITIVE_INFINITY);
  const lowest = Math.min(...losses);
  return Number.isFinite(lowest) ? losses.indexOf(lowest) : undefined;
}

function measured(curve: Curve): (number | null)[] {
  return curve.map((value) => (value !== null && Number.isFinite(value) ? value : null));
}

interface CurveStyle extends RunStyle {
  readonly name: string;
  readonly colour: string;
  readonly isDashed: boolean;
  readonly best?: number | undefined;
}

function curveSeries(curve: Curve, panel: Panel, style: CurveStyle): object[] {
  const raw = measured(curve);
  const line = {
    type: "line",
    name: style.name,
    xAxisIndex: panel.index,
    yAxisIndex: panel.index,
    symbol: "none",
    itemStyle: { color: style.colour, borderColor: style.theme.surface },
    tooltip: { formatter: pointTooltip(panel) },
  };
  const lineStyle = {
    color: style.colour,
    width: style.isDashed ? 1.5 : 2,
    type: style.isDashed ? [5, 4] : "solid",
  };
  const shown = smoothCurve(raw, style.smoothingRadius);
  const main = { ...line, lineStyle, data: points(shown, style), ...(style.isAlone && bestEpochLine(style)) };
  if (style.smoothingRadius === 0) return [main];
  const faint = {
    ...line,
    lineStyle: { ...lineStyle, width: 1, opacity: 0.35 },
    data: raw.map((y, x) => [x + 1, y]),
  };
  return [{ ...faint, silent: true }, main];
}

/** Points of a line; a dot where it is the best epoch of several runs, or the only epoch there is. */
function points(curve: Curve, { best, isAlone }: CurveStyle): object[] {
  return curve.map((value, index) => {
    const hasDot = curve.length === 1 || (!isAlone && index === best);
    return { value: [index + 1, value], ...(hasDot && { symbol: "circle", symbolSize: 8 }) };
  });
}

function bestEpochLine({ best, theme }: CurveStyle): object {
  if (best === undefined) return {};
  return {
    markLine: {
      silent: true,
      symbol: "none",
      lineStyle: { color: theme.muted, width: 1, type: [2, 3] },
      label: {
        formatter: `best: epoch ${best + 1}`,
        color: theme.muted,
        fontSize: fontSize.tick,
        position: "end",
      },
      data: [{ xAxis: best + 1 }],
    },
  };
}

function testSeries(
  name: string,
  test: { at: number; value: number; panel: Panel; theme: Theme; colour: string },
): object {
  return {
    type: "scatter",
    name,
    xAxisIndex: test.panel.index,
    yAxisIndex: test.panel.index,
    symbol: "diamond",
    symbolSize: 11,
    z: 5,
    itemStyle: { color: test.colour, borderColor: test.theme.surface, borderWidth: 1, opacity: 1 },
    data: Number.isFinite(test.value) ? [[test.at, test.value]] : [],
    tooltip: { formatter: pointTooltip(test.panel) },
  };
}

function pointTooltip(panel: Panel) {
  return ({ seriesName, value }: { seriesName: string; value: readonly [number, number | null] }) =>
    tooltipHtml([seriesName, `epoch ${value[0]}: ${panel.title} ${formatDecimal(value[1], 4)}`]);
}
