/**
 * Loss and accuracy over epochs. One run: training against validation, the best epoch marked by a line. Several
 * runs: one colour a run, training dashed and validation solid, the best epoch of each marked by a dot.
 */
import { textWidth } from "../text/measure.ts";
import { type Frame, fontSize, type Theme, type ThemeName, themes } from "../theme.ts";
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
import { distinctNames, longestHistory, type TrainingRun } from "./training-run.ts";
import { runSeries, trainingPanels } from "./training-series.ts";

/** How the curves are drawn. */
export interface TrainingCurvesOptions {
  /** How many epochs to either side are averaged; the curve as measured stays visible, faint. Default 0. */
  readonly smoothingRadius?: number;
}

const stackedBelowWidth = 560;

/** A size that suits training curves of so many runs. */
export function trainingCurvesFrame(runs: readonly TrainingRun[], theme: ThemeName = "light"): Frame {
  return { width: 900, height: 324 + legendLine * legendRows(runs, 900), theme };
}

/** Loss beside accuracy, or above it in a narrow frame. A curve that is missing is left out. */
export function trainingCurvesOption(
  runs: readonly TrainingRun[],
  frame: Frame,
  { smoothingRadius = 0 }: TrainingCurvesOptions = {},
): ChartOption {
  const theme = themes[frame.theme];
  const epochs = longestHistory(runs);
  if (epochs === 0) return emptyOption("No epoch has been recorded yet", frame);
  const named = distinctNames(runs);
  return {
    ...baseOption(theme),
    legend: { ...topLegend(theme, 48), icon: "roundRect", itemHeight: 4, width: frame.width - 68 },
    title: lineKey(named, theme),
    ...panelAxes({ frame, theme, epochs, top: 36 + legendLine * legendRows(runs, frame.width) }),
    series: trainingPanels.flatMap((panel) =>
      named.flatMap((run, index) =>
        runSeries(run, panel, { theme, smoothingRadius, index, isAlone: runs.length === 1 }),
      ),
    ),
  };
}

function legendRows(runs: readonly TrainingRun[], width: number): number {
  const length = runs.reduce(
    (sum, { name }) => sum + Math.min(maxLegendText, textWidth(name, { size: fontSize.label })) + 34,
    0,
  );
  return runs.length === 1 ? 1 : Math.max(1, Math.ceil(length / (width - 110)));
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

interface PanelSpace {
  readonly frame: Frame;
  readonly theme: Theme;
  readonly epochs: number;
  /** Where the panels begin, in CSS pixels. */
  readonly top: number;
}

function panelAxes({ frame, theme, epochs, top }: PanelSpace) {
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
  const epochAxis = valueAxis(theme, "epoch");
  const onlyOne = {
    min: 0,
    max: 2,
    interval: 1,
    axisLabel: { ...epochAxis.axisLabel, showMinLabel: false, showMaxLabel: false },
  };
  const range = epochs === 1 ? onlyOne : { min: 1, max: epochs, minInterval: 1 };
  return {
    grid: grids.map((grid) => ({ ...exactGrid, ...grid })),
    xAxis: trainingPanels.map(({ index }) => ({
      ...epochAxis,
      gridIndex: index,
      nameLocation: "middle",
      nameGap: 26,
      ...range,
      axisLine: { show: true, lineStyle: { color: theme.rule } },
      splitLine: { show: false },
    })),
    yAxis: trainingPanels.map(({ index, title }) => ({
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
