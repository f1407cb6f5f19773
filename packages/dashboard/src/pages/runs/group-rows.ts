import { type Json, toJsonText } from "@atelier/tracker/model";
import type { RunRow } from "./use-runs.ts";

/** A line of the table: a run, or the heading of a group of runs. */
export type TableItem =
  | { readonly kind: "run"; readonly key: string; readonly row: RunRow }
  | {
      readonly kind: "group";
      readonly key: string;
      readonly value: Json;
      readonly count: number;
      readonly isOpen: boolean;
    };

/**
 * The rows in their order, gathered below headings when `column` is one of their cells: groups come in the order of
 * their first rows, and those whose key is in `closed` show their heading only.
 */
export function groupRows(
  rows: readonly RunRow[],
  column: number,
  closed: ReadonlySet<string>,
): readonly TableItem[] {
  if (column < 0) return rows.map((row) => ({ kind: "run", key: row.id, row }));
  const groups = Map.groupBy(rows, ({ cells }) => `group ${toJsonText(cells[column] ?? null)}`);
  return [...groups].flatMap(([key, members]) => {
    const isOpen = !closed.has(key);
    const heading = {
      kind: "group",
      key,
      value: members[0]!.cells[column] ?? null,
      count: members.length,
      isOpen,
    } as const;
    return [heading, ...(isOpen ? members.map((row) => ({ kind: "run" as const, key: row.id, row })) : [])];
  });
}
