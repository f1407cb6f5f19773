import { formatCount, formatPercent } from "../text/format.ts";
import { widestText } from "../text/measure.ts";
import { type Frame, fontSize, seriesColour, type ThemeName, themes } from "../theme.ts";
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

/** How often each class occurs: `counts[i]` images of `classNames[i]` in each split. */
export interface LabelFrequencies {
  readonly classNames: readonly string[];
  readonly splits: readonly { readonly name: string; readonly counts: ArrayLike<number> }[];
}

const maxNameWidth = 150;
const barsTop = 36;
const axisHeight = 46;

/** A size with room for every bar. */
export function labelFrequenciesFrame(
  { classNames, splits }: LabelFrequencies,
  theme: ThemeName = "light",
): Frame {
  const classHeight = Math.max(16, 10 * splits.length + 10);
  return { width: 640, height: barsTop + axisHeight + classHeight * Math.max(4, classNames.length), theme };
}

/** Images per class, a bar for each split, classes in the given order from the top. */
export function labelFrequenciesOption(frequencies: LabelFrequencies, frame: Frame): ChartOption {
  const { classNames, splits } = frequencies;
  if (classNames.length === 0 || splits.length === 0) return emptyOption("No labels to count", frame);
  const theme = themes[frame.theme];
  const left = Math.min(maxNameWidth, widestText(classNames, { size: fontSize.tick })) + 20;
  return {
    ...baseOption(theme),
    legend: { ...topLegend(theme, left), icon: "rect" },
    grid: { ...exactGrid, left, right: 24, top: barsTop, bottom: axisHeight },
    xAxis: { ...valueAxis(theme, "images"), nameLocation: "middle", nameGap: 28, minInterval: 1 },
    yAxis: { ...categoryAxis(theme, classNames, maxNameWidth), inverse: true },
    series: splits.map(({ name, counts }, index) => {
      const values = classNames.map((_, at) => counts[at] ?? 0);
      const total = values.reduce((sum, count) => sum + count, 0);
      return {
        type: "bar",
        name: `${name} (${formatCount(total)})`,
        itemStyle: { color: seriesColour(theme, index) },
        barGap: "10%",
        barCategoryGap: "30%",
        data: values,
        tooltip: {
          formatter: ({ dataIndex, value }: { dataIndex: number; value: number }) =>
            tooltipHtml([
              `${classNames[dataIndex]}, ${name}`,
              `${formatCount(value)} images, ${formatPercent(value / total)}`,
            ]),
        },
      };
    }),
  };
}
