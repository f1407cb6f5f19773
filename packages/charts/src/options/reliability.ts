/** A reliability diagram: how often answers given with some confidence are right. Source: Guo et al. 2017, fig. 1. */
import { formatCount, formatPercent } from "../text/format.ts";
import { type Frame, fontSize, seriesColour, type Theme, type ThemeName, themes } from "../theme.ts";
import type { ChartOption } from "./chart-option.ts";
import { baseOption, emptyOption, exactGrid, tooltipHtml, valueAxis } from "./chart-style.ts";

/** The answers whose confidence lies in [lower, upper): how many, their mean confidence, the share that is right. */
export interface ReliabilityBin {
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
  readonly confidence: number;
  readonly accuracy: number;
}

export interface Reliability {
  readonly bins: readonly ReliabilityBin[];
  /** Mean distance between confidence and accuracy, weighted by count, in [0, 1]. */
  readonly expectedCalibrationError: number;
}

const left = 52;
const right = 20;

/** A size at which the upper panel is square. */
export function reliabilityFrame(theme: ThemeName = "light"): Frame {
  return { width: 420, height: 536, theme };
}

/** Accuracy against confidence with the diagonal of perfect calibration, and below it how many answers each bin holds. */
export function reliabilityOption(
  { bins, expectedCalibrationError }: Reliability,
  frame: Frame,
): ChartOption {
  const filled = bins.filter(({ count }) => count > 0);
  if (filled.length === 0) return emptyOption("No answers to calibrate", frame);
  const theme = themes[frame.theme];
  const share = { min: 0, max: 1, interval: 0.2 };
  const panel = { ...exactGrid, left, right };
  return {
    ...baseOption(theme),
    grid: [
      { ...panel, top: 36, bottom: 152 },
      { ...panel, height: 72, bottom: 46 },
    ],
    title: {
      text: `expected calibration error ${formatPercent(expectedCalibrationError)}`,
      right,
      top: 6,
      textStyle: { color: theme.muted, fontSize: fontSize.label, fontWeight: "normal" },
    },
    xAxis: [
      { ...valueAxis(theme, ""), ...share, gridIndex: 0, axisLabel: { show: false } },
      {
        ...valueAxis(theme, "confidence"),
        ...share,
        gridIndex: 1,
        nameLocation: "middle",
        nameGap: 28,
        splitLine: { show: false },
      },
    ],
    yAxis: [
      { ...valueAxis(theme, "accuracy"), ...share, gridIndex: 0, nameTextStyle: nameStyle(theme) },
      {
        ...valueAxis(theme, "answers"),
        gridIndex: 1,
        splitNumber: 2,
        minInterval: 1,
        nameTextStyle: nameStyle(theme),
      },
    ],
    series: [
      barSeries(filled, { panel: 0, fill: theme.correct[4]!, value: (bin) => bin.accuracy }),
      diagonal(theme),
      means(filled, theme),
      barSeries(filled, { panel: 1, fill: theme.rule, value: (bin) => bin.count }),
    ],
  };
}

function nameStyle(theme: Theme): object {
  return {
    color: theme.ink,
    fontSize: fontSize.label,
    fontWeight: "bold",
    align: "left",
    padding: [0, 0, 0, -40],
  };
}

/** Bars that start and end where their bins do. */
function barSeries(
  bins: readonly ReliabilityBin[],
  { panel, fill, value }: { panel: number; fill: string; value: (bin: ReliabilityBin) => number },
): object {
  return {
    type: "custom",
    xAxisIndex: panel,
    yAxisIndex: panel,
    data: bins.map((bin) => [bin.lower, bin.upper, value(bin)]),
    encode: { x: [0, 1], y: 2 },
    renderItem: (_: unknown, api: { value(at: number): number; coord(at: readonly number[]): number[] }) => {
      const [x, y] = api.coord([api.value(0), api.value(2)]) as [number, number];
      const [endX, endY] = api.coord([api.value(1), 0]) as [number, number];
      return {
        type: "rect",
        shape: { x: x + 0.5, y, width: endX - x - 1, height: endY - y },
        style: { fill },
      };
    },
    tooltip: { formatter: ({ dataIndex }: { dataIndex: number }) => binTooltip(bins[dataIndex]!) },
  };
}

function diagonal(theme: Theme): object {
  return {
    type: "line",
    symbol: "none",
    silent: true,
    lineStyle: { color: theme.ink, width: 1, type: [4, 4] },
    data: [
      [0, 0],
      [1, 1],
    ],
  };
}

function means(bins: readonly ReliabilityBin[], theme: Theme): object {
  const colour = seriesColour(theme, 0);
  return {
    type: "scatter",
    symbolSize: 8,
    itemStyle: { color: colour, opacity: 1 },
    data: bins.map(({ confidence, accuracy }) => [confidence, accuracy]),
    tooltip: { formatter: ({ dataIndex }: { dataIndex: number }) => binTooltip(bins[dataIndex]!) },
  };
}

function binTooltip(bin: ReliabilityBin): string {
  return tooltipHtml([
    `${formatCount(bin.count)} answers with ${formatPercent(bin.lower)} to ${formatPercent(bin.upper)}`,
    `mean confidence ${formatPercent(bin.confidence)}, accuracy ${formatPercent(bin.accuracy)}`,
  ]);
}
