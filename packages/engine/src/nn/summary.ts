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
 * shapes and parameter counts, then totals. Branched models get a column "Connected to"; cells break at
 * spaces, and a column widens only for a single long word.
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
  const widths = columns.map(({ width }, i) =>
    Math.max(width, ...rows.flatMap((row) => row[i]!.split(" ").map((word) => word.length + 2))),
  );
  const rule = (left: string, fill: string, middle: string, right: string): string =>
    `${left}${widths.map((width) => fill.repeat(width)).join(middle)}${right}\n`;
  const cells = (texts: readonly string[], border: string): string => {
    const wrapped = texts.map((text, i) => wrap(text, widths[i]! - 2));
    const height = Math.max(...wrapped.map((lines) => lines.length));
    return Array.from({ length: height }, (_, line) => {
      const padded = wrapped.map((lines, i) => {
        const text = lines[line] ?? "";
        return columns[i]!.alignRight ? text.padStart(widths[i]! - 2) : text.padEnd(widths[i]! - 2);
      });
      return `${border} ${padded.join(` ${border} `)} ${border}\n`;
    }).join("");
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

/** Lines of at most `width` characters, broken at spaces. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
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
