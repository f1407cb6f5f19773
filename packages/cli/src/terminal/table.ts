/** Text in columns: the first column to the left, numbers to the right, a rule below the head. */

/** A cell is text as it stands. */
export type Row = readonly string[];

export interface TableOptions {
  /** Per column; default "left" for the first, "right" for the others. */
  readonly align?: readonly ("left" | "right")[];
}

/** The table as lines; empty `head` cells are fine. */
export function formatTable(head: Row, rows: readonly Row[], { align = [] }: TableOptions = {}): string {
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((row) => [...(row[column] ?? "")].length)),
  );
  const line = (row: Row) =>
    head
      .map((_, column) => {
        const cell = row[column] ?? "";
        const blank = " ".repeat(widths[column]! - [...cell].length);
        const side = align[column] ?? (column === 0 ? "left" : "right");
        return side === "left" ? cell + blank : blank + cell;
      })
      .join("  ")
      .trimEnd();
  const rule = widths.map((width) => "─".repeat(width)).join("──");
  return [line(head), rule, ...rows.map(line)].join("\n");
}
