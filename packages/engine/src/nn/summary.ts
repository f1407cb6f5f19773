/** A model at a glance: the table that Keras 3 prints, and the same as data. */

import { layerRules } from "./layers.ts";
import type { Model, ParameterCounts } from "./model.ts";

/** One line of the table, for output as JSON. */
export interface SummaryRow {
  readonly name: string;
  /** Keras' class name, e.g. "Conv2D". */
  readonly type: string;
  /** Without the batch axis. */
  readonly outputShape: readonly number[];
  readonly parameters: number;
  readonly from: readonly string[];
}

export interface Summary {
  /** Whether every layer reads just the one before. */
  readonly isChain: boolean;
  readonly rows: readonly SummaryRow[];
  readonly counts: ParameterCounts;
  /** Of the parameters as float32. */
  readonly sizeBytes: number;
}

/** What `summary` prints, as data. */
export function summaryData(model: Model): Summary {
  const rows = model.layers.map(({ name, type, outputShape, parameterCount, from }) => ({
    name,
    type: layerRules[type].kerasName,
    outputShape,
    parameters: parameterCount,
    from,
  }));
  const isChain = rows.every(
    ({ from }, i) => from.length === 1 && from[0] === (i === 0 ? "input" : rows[i - 1]!.name),
  );
  return { isChain, rows, counts: model.counts, sizeBytes: bytesOf(model.counts.total) };
}

/**
 * The model as Keras 3 prints it on a terminal of 80 columns, ending in a line break: layers with their output
 * shapes and parameter counts, then totals. Branched models get a column "Connected to"; columns widen rather
 * than break long names.
 */
export function summary(model: Model): string {
  const { isChain, rows, counts } = summaryData(model);
  const cells = rows.map((row) => [
    `${row.name} (${row.type})`,
    `(${["None", ...row.outputShape].join(", ")})`,
    row.parameters.toLocaleString("en-US"),
    ...(isChain ? [] : [row.from.join(", ")]),
  ]);
  const columns = isChain ? chainColumns : branchedColumns;
  const line = (label: string, count: number): string =>
    ` ${label} params: ${count.toLocaleString("en-US")} (${readableSize(bytesOf(count))})\n`;
  return [
    `Model: "${isChain ? "sequential" : "functional"}"\n`,
    table(columns, cells),
    line("Total", counts.total),
    line("Trainable", counts.trainable),
    line("Non-trainable", counts.nonTrainable),
  ].join("");
}

interface Column {
  readonly title: string;
  /** Characters between the borders at least. */
  readonly width: number;
  readonly alignRight?: true;
}

const chainColumns: readonly Column[] = [
  { title: "Layer (type)", width: 33 },
  { title: "Output Shape", width: 24 },
  { title: "Param #", width: 15, alignRight: true },
];

const branchedColumns: readonly Column[] = [
  { title: "Layer (type)", width: 21 },
  { title: "Output Shape", width: 19 },
  { title: "Param #", width: 12, alignRight: true },
  { title: "Connected to", width: 19 },
];

function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map(({ width, title }, i) =>
    Math.max(width, title.length + 2, ...rows.map((row) => row[i]!.length + 2)),
  );
  const rule = (left: string, fill: string, middle: string, right: string): string =>
    `${left}${widths.map((width) => fill.repeat(width)).join(middle)}${right}\n`;
  const cells = (texts: readonly string[], border: string): string => {
    const padded = texts.map((text, i) => {
      const width = widths[i]! - 2;
      return ` ${columns[i]!.alignRight ? text.padStart(width) : text.padEnd(width)} `;
    });
    return `${border}${padded.join(border)}${border}\n`;
  };
  return [
    rule("┏", "━", "┳", "┓"),
    cells(
      columns.map(({ title }) => title),
      "┃",
    ),
    rule("┡", "━", "╇", "┩"),
    rows.map((row) => cells(row, "│")).join(rule("├", "─", "┼", "┤")),
    rule("└", "─", "┴", "┘"),
  ].join("");
}

function bytesOf(count: number): number {
  return count * Float32Array.BYTES_PER_ELEMENT;
}

/** Keras' way of writing a size: 1024-based, two decimals. */
function readableSize(bytes: number): string {
  const units = ["B", "KB", "MB", "GB"];
  const power = bytes === 0 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(2)} ${units[power]}`;
}
