/** Lays out a table of text as SVG in the manner of a paper: rules above and below, numbers set to the right. */

import { fitText, type TextFont, textWidth } from "../text/measure.ts";
import { fontSize, type Theme, type ThemeName, themes } from "../theme.ts";
import { type Box, svgPage, svgRect, svgRule, svgText } from "./elements.ts";

/** A column's header, and where its cells stand. */
export interface TableColumn {
  readonly title: string;
  readonly align: "left" | "right";
}

/** One cell; an empty text leaves it blank. */
export interface TableCell {
  readonly text: string;
  /** Set in bold on a tinted ground: the best of its column. */
  readonly emphasised?: boolean;
}

/** Cells in the order of the columns. */
export interface TableRow {
  readonly cells: readonly TableCell[];
  /** Draws a rule above the row: totals, averages. */
  readonly startsGroup?: boolean;
}

/** What `svgTable` draws. */
export interface SvgTable {
  readonly columns: readonly TableColumn[];
  readonly rows: readonly TableRow[];
  /** Read by screen readers. */
  readonly label: string;
  /** Lines of muted text below the table. */
  readonly notes?: readonly string[];
}

const margin = 14;
const rowHeight = 24;
const groupGap = 6;
const columnGap = 28;
const noteHeight = 18;
const maxColumnWidth = 280;
const font: TextFont = { size: fontSize.label };
const boldFont: TextFont = { ...font, weight: "bold" };

interface PlacedColumn extends TableColumn {
  readonly x: number;
  readonly width: number;
}

/** The table as a picture of its own, as wide as its texts; columns wider than 280 pixels are cut. */
export function svgTable(table: SvgTable, theme: ThemeName): string {
  const colours = themes[theme];
  const columns = placeColumns(table);
  const width = columns.reduce((end, column) => Math.max(end, column.x + column.width), margin);
  const body: string[] = [];
  let y = margin + rowHeight;
  for (const row of table.rows) {
    if (row.startsGroup) {
      y += groupGap;
      body.push(svgRule({ x: margin, y: y - groupGap / 2, width: width - margin }, colours.grid));
    }
    body.push(...drawRow(row, columns, { y, colours }));
    y += rowHeight;
  }
  const line = { x: margin, width: width - margin };
  const notes = (table.notes ?? []).map((note, index) =>
    svgText(note, {
      ...font,
      x: margin,
      y: y + 20 + index * noteHeight,
      colour: colours.muted,
      maxWidth: width - margin,
    }),
  );
  const height = y + (notes.length > 0 ? 8 + notes.length * noteHeight : 0) + margin;
  return svgPage({ width: width + margin, height, theme, label: table.label }, [
    ...drawRow({ cells: columns.map(({ title }) => ({ text: title })) }, columns, {
      y: margin,
      colours,
      isHeader: true,
    }),
    svgRule({ ...line, y: margin + rowHeight - 1 }, colours.rule),
    ...body,
    svgRule({ ...line, y }, colours.rule),
    ...notes,
  ]);
}

function placeColumns({ columns, rows }: SvgTable): PlacedColumn[] {
  let x = margin;
  return columns.map((column, index) => {
    const texts = rows.map((row) => row.cells[index]?.text ?? "");
    const widths = [column.title, ...texts].map((text) => textWidth(text, boldFont));
    const placed = { ...column, x, width: Math.min(maxColumnWidth, Math.max(...widths)) };
    x += placed.width + columnGap;
    return placed;
  });
}

interface RowPlace {
  readonly y: number;
  readonly colours: Theme;
  readonly isHeader?: boolean;
}

function drawRow(row: TableRow, columns: readonly PlacedColumn[], place: RowPlace): string[] {
  return columns.flatMap((column, index) => {
    const cell = row.cells[index];
    if (cell === undefined || cell.text === "") return [];
    const text = svgText(cell.text, {
      ...(cell.emphasised ? boldFont : font),
      x: column.align === "left" ? column.x : column.x + column.width,
      y: place.y + 16,
      anchor: column.align === "left" ? "start" : "end",
      colour: place.isHeader ? place.colours.muted : place.colours.ink,
      maxWidth: column.width + 1, // the widest cell defines the column and must not be cut by rounding
    });
    return cell.emphasised
      ? [svgRect(groundOf(cell, column, place.y), place.colours.highlight), text]
      : [text];
  });
}

function groundOf(cell: TableCell, column: PlacedColumn, y: number): Box {
  const padding = 6;
  const width = textWidth(fitText(cell.text, column.width, boldFont), boldFont);
  const x = column.align === "left" ? column.x : column.x + column.width - width;
  return { x: x - padding, y: y + 2, width: width + 2 * padding, height: rowHeight - 4 };
}
