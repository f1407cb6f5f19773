/** Axes, legends, tooltips and empty states as all charts wear them. */
import { escapeText } from "../text/escape.ts";
import { fitText } from "../text/measure.ts";
import { type Frame, fontFamily, fontSize, type Theme, themes } from "../theme.ts";
import type { ChartOption } from "./chart-option.ts";

/** What every option starts from: no animation, no background, our font, a quiet tooltip. */
export function baseOption(theme: Theme) {
  return {
    animation: false,
    color: [...theme.series],
    textStyle: { fontFamily, fontSize: fontSize.label, color: theme.ink },
    tooltip: {
      confine: true,
      backgroundColor: theme.surface,
      borderColor: theme.rule,
      textStyle: { color: theme.ink, fontSize: fontSize.label, fontFamily },
    },
  };
}

/** A numeric axis with its name at its end and faint grid lines. */
export function valueAxis(theme: Theme, name: string) {
  return {
    type: "value" as const,
    name,
    nameTextStyle: { color: theme.muted, fontSize: fontSize.label },
    axisLine: { show: false },
    axisTick: { show: false },
    axisLabel: { color: theme.muted, fontSize: fontSize.tick },
    splitLine: { lineStyle: { color: theme.grid } },
  };
}

/** An axis of names; a name longer than `maxLabelWidth` CSS pixels is cut, and whole in the tooltip. */
export function categoryAxis(theme: Theme, names: readonly string[], maxLabelWidth: number) {
  return {
    type: "category" as const,
    data: names.map((name) => ({ value: name })),
    axisLine: { lineStyle: { color: theme.rule } },
    axisTick: { show: false },
    axisLabel: {
      color: theme.ink,
      fontSize: fontSize.tick,
      width: maxLabelWidth,
      overflow: "truncate" as const,
      ellipsis: "…",
      hideOverlap: true,
    },
  };
}

/** Every grid lies exactly where it says: margins are computed here, not by ECharts. */
export const exactGrid = { outerBoundsMode: "none" } as const;

/** Height of one line of a legend, in CSS pixels. */
export const legendLine = 26;
/** Longer names are cut in legends, in CSS pixels. */
export const maxLegendText = 230;

/** A legend above the chart, starting at `left`; its keys are the symbols of the series. */
export function topLegend(theme: Theme, left: number) {
  return {
    top: 8,
    left,
    itemWidth: 14,
    itemHeight: 10,
    itemGap: legendLine - fontSize.label,
    padding: 0,
    inactiveColor: theme.rule,
    textStyle: { color: theme.ink, fontSize: fontSize.label },
    formatter: (name: string) => fitText(name, maxLegendText, { size: fontSize.label }),
  };
}

/** A chart that has nothing to show says so in its middle. */
export function emptyOption(message: string, frame: Frame): ChartOption {
  const theme = themes[frame.theme];
  return {
    ...baseOption(theme),
    title: {
      text: message,
      left: "center",
      top: "middle",
      textStyle: { color: theme.muted, fontSize: fontSize.label, fontWeight: "normal", fontFamily },
    },
  };
}

/** Lines of a tooltip, escaped: ECharts shows tooltips as HTML. */
export function tooltipHtml(lines: readonly string[]): string {
  return lines.map(escapeText).join("<br>");
}
