import type { ClassScores } from "../tables/classification-report.ts";
import { formatCount, formatDecimal } from "../text/format.ts";
import { widestText } from "../text/measure.ts";
import { type Frame, fontSize, seriesColour, type Theme, type ThemeName, themes } from "../theme.ts";
import type { ChartOption } from "./chart-option.ts";
import {
  baseOption,
  categoryAxis,
  emptyOption,
  exactGrid,
  tooltipHtml,
  topLegend,
  valueAxis,
} from "./chart-style.ts";

const maxNameWidth = 150;
const dotsTop = 40;
const axisHeight = 46;

const measures = [
  { key: "precision", symbol: "circle", size: 8, colourIndex: 0, isHollow: true },
  { key: "recall", symbol: "diamond", size: 10, colourIndex: 1, isHollow: true },
  { key: "f1", symbol: "circle", size: 8, colourIndex: 2, isHollow: false },
] as const;

/** A size with a line for every class. */
export function perClassFrame(classes: readonly ClassScores[], theme: ThemeName = "light"): Frame {
  return { width: 560, height: dotsTop + axisHeight + 26 * Math.max(4, classes.length), theme };
}

/** Precision, recall and F1 of each class as dots on one line, the best F1 at the top. */
export function perClassOption(classes: readonly ClassScores[], frame: Frame): ChartOption {
  if (classes.length === 0) return emptyOption("No class was evaluated", frame);
  const theme = themes[frame.theme];
  const sorted = [...classes].sort((a, b) => finite(b.f1) - finite(a.f1));
  const names = sorted.map(({ name }) => name);
  const left = Math.min(maxNameWidth, widestText(names, { size: fontSize.tick })) + 20;
  return {
    ...baseOption(theme),
    legend: { ...topLegend(theme, left), data: measures.map(({ key }) => key) },
    grid: { ...exactGrid, left, right: 24, top: dotsTop, bottom: axisHeight },
    xAxis: { ...valueAxis(theme, "score"), nameLocation: "middle", nameGap: 28, ...scoreRange(sorted) },
    yAxis: { ...categoryAxis(theme, names, maxNameWidth), inverse: true },
    series: [
      rangeSeries(sorted, theme),
      ...measures.map(({ key, symbol, size, colourIndex, isHollow }) => ({
        type: "scatter",
        name: key,
        symbol,
        symbolSize: size,
        itemStyle: {
          color: isHollow ? theme.surface : seriesColour(theme, colourIndex),
          borderColor: seriesColour(theme, colourIndex),
          borderWidth: 2,
          opacity: 1,
        },
        data: sorted.map((scores, index) => [scores[key], index]),
        tooltip: { formatter: ({ dataIndex }: { dataIndex: number }) => scoresTooltip(sorted[dataIndex]!) },
      })),
    ],
  };
}

/** A thin line from the lowest to the highest score of each class. */
function rangeSeries(classes: readonly ClassScores[], theme: Theme): object {
  return {
    type: "custom",
    silent: true,
    data: classes.map(({ precision, recall }, index) => [
      Math.min(precision, recall),
      index,
      Math.max(precision, recall),
    ]),
    encode: { x: [0, 2], y: 1 },
    renderItem: (_: unknown, api: { value(at: number): number; coord(at: readonly number[]): number[] }) => {
      const [x1, y1] = api.coord([api.value(0), api.value(1)]);
      const [x2, y2] = api.coord([api.value(2), api.value(1)]);
      return { type: "line", shape: { x1, y1, x2, y2 }, style: { stroke: theme.rule, lineWidth: 2 } };
    },
  };
}

function scoresTooltip({ name, precision, recall, f1, support }: ClassScores): string {
  return tooltipHtml([
    `${name}, ${formatCount(support)} images`,
    `precision ${formatDecimal(precision, 4)}, recall ${formatDecimal(recall, 4)}, f1 ${formatDecimal(f1, 4)}`,
  ]);
}

/** From a round number below the lowest score up to 1, in steps that end there. */
function scoreRange(classes: readonly ClassScores[]): { min: number; max: 1; interval: number } {
  const lowest = Math.min(...classes.flatMap(({ precision, recall }) => [finite(precision), finite(recall)]));
  const interval = lowest >= 0.75 ? 0.05 : lowest >= 0.5 ? 0.1 : 0.2;
  return { min: 1 - interval * Math.ceil((1 - lowest) / interval), max: 1, interval };
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}
