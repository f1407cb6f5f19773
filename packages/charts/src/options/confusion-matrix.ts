/**
 * A confusion matrix: rows are true classes, columns predicted ones. Shading is the share of the row; the diagonal
 * has its own colour and scale, so that mistakes stay visible beside many right answers.
 */
import { formatCount, formatPercent } from "../text/format.ts";
import { textWidth } from "../text/measure.ts";
import { type Frame, fontFamily, fontSize, inkOnRamp, rampStep, type Theme, themes } from "../theme.ts";
import type { ChartOption } from "./chart-option.ts";
import { baseOption, categoryAxis, emptyOption, exactGrid, tooltipHtml } from "./chart-style.ts";
import {
  type ConfusionLayout,
  keyHeight,
  layOutConfusion,
  maxNameWidth,
  minTextSize,
} from "./confusion-layout.ts";

/** `counts[i][j]` images of class i were called class j; names in the same order. */
export interface ConfusionMatrix {
  readonly classNames: readonly string[];
  readonly counts: readonly ArrayLike<number>[];
}

/** Width of one colour scale with its words, in CSS pixels. */
const keyWidth = 146;
/** The scale of mistakes reaches at least this share of a row, so that a nearly perfect model looks like one. */
const minWorstShare = 0.05;

/** The matrix as large as the frame allows; cells that are too small for their counts stay without text. */
export function confusionMatrixOption(matrix: ConfusionMatrix, frame: Frame): ChartOption {
  if (matrix.classNames.length === 0) return emptyOption("No class was evaluated", frame);
  const theme = themes[frame.theme];
  const layout = layOutConfusion(matrix.classNames, frame);
  const cells = cellsOf(matrix);
  const worstShare = Math.max(minWorstShare, ...cells.filter(isMistake).map(({ share }) => share));
  const textSize = cellTextSize(cells, layout.cellSide);
  const drawn = cells.filter(({ count }) => count > 0);
  const { classNames } = matrix;
  const names = categoryAxis(theme, classNames, maxNameWidth);
  const everyName = layout.cellSide >= layout.nameSize ? { interval: 0, hideOverlap: false } : {};
  const axisLabel = { ...names.axisLabel, ...everyName, fontSize: layout.nameSize };
  const nameAxis = { ...names, axisLine: { show: false }, nameLocation: "middle", axisLabel };
  const title = { color: theme.muted, fontSize: fontSize.label };
  return {
    ...baseOption(theme),
    grid: { ...exactGrid, left: layout.left, top: keyHeight, width: layout.side, height: layout.side },
    xAxis: {
      ...nameAxis,
      name: "predicted class",
      nameGap: layout.titleGap.x,
      nameTextStyle: title,
      axisLabel: layout.isTurned
        ? { ...axisLabel, rotate: 90 }
        : { ...axisLabel, width: layout.cellSide - 4 },
    },
    yAxis: {
      ...nameAxis,
      name: "true class",
      nameGap: layout.titleGap.y,
      nameTextStyle: title,
      inverse: true,
    },
    graphic: [outline(theme, layout), ...shadingKey(theme, worstShare, keyPlace(layout, frame))],
    series: [
      {
        type: "custom",
        data: drawn.map(({ column, row, count }) => [column, row, count]),
        encode: { x: 0, y: 1 },
        renderItem: ({ dataIndex }: { dataIndex: number }, api: CoordinateApi) =>
          cellShape(drawn[dataIndex]!, api, { theme, worstShare, textSize }),
        tooltip: {
          formatter: ({ dataIndex }: { dataIndex: number }) => cellTooltip(drawn[dataIndex]!, classNames),
        },
      },
    ],
  };
}

interface Cell {
  readonly row: number;
  readonly column: number;
  readonly count: number;
  /** Of the images of the row's class. */
  readonly share: number;
}

function cellsOf({ classNames, counts }: ConfusionMatrix): Cell[] {
  return classNames.flatMap((_, row) => {
    const values = classNames.map((__, column) => counts[row]?.[column] ?? 0);
    const total = values.reduce((sum, count) => sum + count, 0);
    return values.map((count, column) => ({ row, column, count, share: total > 0 ? count / total : 0 }));
  });
}

function isMistake({ row, column }: Cell): boolean {
  return row !== column;
}

/** The font size at which every count fits its cell, 0 where none does and the cells stay without text. */
function cellTextSize(cells: readonly Cell[], cellSide: number): number {
  const widest = cells.reduce(
    (width, { count }) => Math.max(width, textWidth(formatCount(count), { size: 1, weight: "bold" })),
    0,
  );
  const size = Math.min(fontSize.label, Math.floor((cellSide - 5) / Math.max(widest, 1.4)));
  return size >= minTextSize ? size : 0;
}

/** The part of ECharts's drawing interface that says where a cell lies. */
interface CoordinateApi {
  coord(cell: readonly [number, number]): number[];
  size(cells: readonly [number, number]): number[];
}

function cellShape(
  cell: Cell,
  api: CoordinateApi,
  style: { theme: Theme; worstShare: number; textSize: number },
): object {
  const { theme, worstShare, textSize } = style;
  const [x, y] = api.coord([cell.column, cell.row]) as [number, number];
  const [width, height] = api.size([1, 1]) as [number, number];
  const step = rampStep(isMistake(cell) ? cell.share / worstShare : cell.share);
  const fill = (isMistake(cell) ? theme.wrong : theme.correct)[step]!;
  const gap = textSize > 0 ? 1 : 0;
  const shape = { x: x - width / 2, y: y - height / 2, width: width - gap, height: height - gap };
  const ground = { type: "rect", shape, style: { fill } };
  if (textSize === 0) return ground;
  const text = {
    text: formatCount(cell.count),
    x: x - gap / 2,
    y: y - gap / 2,
    align: "center",
    verticalAlign: "middle",
    fill: inkOnRamp(theme, step),
    fontSize: textSize,
    fontFamily,
    fontWeight: isMistake(cell) ? "normal" : "bold",
  };
  return { type: "group", children: [ground, { type: "text", style: text }] };
}

function cellTooltip({ row, column, count, share }: Cell, names: readonly string[]): string {
  return tooltipHtml([
    `True: ${names[row]}`,
    `Predicted: ${names[column]}`,
    `${formatCount(count)} images, ${formatPercent(share)} of the class`,
  ]);
}

/** The edge of the matrix, so that empty cells at its border still belong to it. */
function outline(theme: Theme, { left, side }: ConfusionLayout): object {
  const shape = { x: left - 1, y: keyHeight - 1, width: side + 1, height: side + 1 };
  return { type: "rect", silent: true, z: -1, shape, style: { fill: "none", stroke: theme.grid } };
}

/** Where the two scales begin: above the matrix and its middle, or further left where that is too narrow. */
function keyPlace({ left, side }: ConfusionLayout, frame: Frame): readonly [number, number] {
  const first = Math.max(8, Math.min(left, frame.width - 2 * keyWidth - 8));
  return [first, first + Math.max(keyWidth, side / 2)];
}

/** Two small scales above the matrix that say what its colours mean. */
function shadingKey(theme: Theme, worstShare: number, place: readonly [number, number]): object[] {
  const scales = [
    { colours: theme.correct, text: "right: 0 to 100% of row", x: place[0] },
    {
      colours: theme.wrong,
      text: `mistakes: 0 to ${formatPercent(worstShare)} of row`,
      x: place[1],
    },
  ];
  return scales.flatMap(({ colours, text, x }) => [
    ...colours.map((fill, step) => ({
      type: "rect",
      silent: true,
      shape: { x: x + step * 8, y: 24, width: 8, height: 8 },
      style: { fill },
    })),
    { type: "text", silent: true, style: { text, x, y: 8, fill: theme.muted, fontSize: fontSize.tick } },
  ]);
}
