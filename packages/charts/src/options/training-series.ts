/** The lines and marks of one run in one panel. */
import { formatDecimal } from "../text/format.ts";
import { fontSize, seriesColour, type Theme } from "../theme.ts";
import { tooltipHtml } from "./chart-style.ts";
import { smoothCurve } from "./smooth-curve.ts";
import { bestEpoch, type Curve, measured, type TrainingRun } from "./training-run.ts";

/** One measure over epochs; panels are told apart by the index of their grid and axes. */
export interface TrainingPanel {
  readonly index: number;
  readonly title: string;
  readonly trainKey: "loss" | "accuracy";
  readonly validationKey: "val_loss" | "val_accuracy";
}

export const trainingPanels: readonly TrainingPanel[] = [
  { index: 0, title: "loss", trainKey: "loss", validationKey: "val_loss" },
  { index: 1, title: "accuracy", trainKey: "accuracy", validationKey: "val_accuracy" },
];

/** `index` picks the colour; a run that is alone has one colour for each of its curves. */
export interface RunStyle {
  readonly theme: Theme;
  readonly smoothingRadius: number;
  readonly index: number;
  readonly isAlone: boolean;
}

/** The training curve, the validation curve and the test result of a run, as far as there are any. */
export function runSeries(run: TrainingRun, panel: TrainingPanel, style: RunStyle): object[] {
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
      testSeries(isAlone ? "test (diamond)" : run.name, {
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

interface CurveStyle extends RunStyle {
  readonly name: string;
  readonly colour: string;
  readonly isDashed: boolean;
  readonly best?: number | undefined;
}

function curveSeries(curve: Curve, panel: TrainingPanel, style: CurveStyle): object[] {
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
  const main = {
    ...line,
    lineStyle,
    data: points(shown, style),
    ...(style.isAlone && bestEpochLine(style, shown.length)),
  };
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

function bestEpochLine({ best, theme }: CurveStyle, epochs: number): object {
  if (best === undefined) return {};
  const place = epochs === 1 ? 0.5 : best / (epochs - 1);
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
        align: place < 0.1 ? "left" : place > 0.9 ? "right" : "center", // within its panel
      },
      data: [{ xAxis: best + 1 }],
    },
  };
}

function testSeries(
  name: string,
  test: { at: number; value: number; panel: TrainingPanel; theme: Theme; colour: string },
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

function pointTooltip(panel: TrainingPanel) {
  return ({ seriesName, value }: { seriesName: string; value: readonly [number, number | null] }) =>
    tooltipHtml([seriesName, `epoch ${value[0]}: ${panel.title} ${formatDecimal(value[1], 4)}`]);
}
