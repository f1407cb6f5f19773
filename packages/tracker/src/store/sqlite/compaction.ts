/** Turns the rows that came one by one into chunks. */
import type { HistoryRow } from "../../model/history.ts";
import { columnsOf, encodeAxes, encodeColumn } from "./chunk.ts";
import type { Database } from "./database.ts";
import {
  type KeyTable,
  kindNumber,
  type RowPlace,
  readChunkRows,
  readChunks,
  readTail,
  type StoredChunk,
} from "./history.ts";

/** Rows of a full chunk: large enough for little overhead, small enough to be rewritten in milliseconds. */
export const chunkRows = 8192;

/**
 * Moves the next rows of a run's tail into chunks; false when there were none. One transaction of bounded work, so that
 * other writers never wait for long and a crash leaves either the rows or the chunk. Chunks whose rows come again, and
 * one that is not full, are written anew together with the tail's rows.
 */
export function compactNext(
  store: { readonly database: Database; readonly keys: KeyTable },
  place: RowPlace,
): boolean {
  const { database } = store;
  return database.write(() => {
    const tail = readTail(database, place, { limit: chunkRows });
    if (tail.length === 0) return false;
    const [first, last] = [tail[0]!.row, tail.at(-1)!.row];
    const old = readChunks(database, place, { after: first - 1 }).filter(({ firstRow }) => firstRow <= last);
    const before = lastChunkBefore(database, place, first);
    if (before && before.axes.rows.length + tail.length <= chunkRows) old.unshift(before);
    const rows = new Map<number, HistoryRow>();
    for (const chunk of old) for (const row of readChunkRows(database, chunk)) rows.set(row.row, row);
    for (const row of tail) rows.set(row.row, row);
    const sorted = [...rows.values()].sort((a, b) => a.row - b.row);
    const tailChange = database.number(
      "SELECT max(change) FROM tail_row WHERE run_no = ? AND stream = ? AND row BETWEEN ? AND ?",
      place.runNo,
      place.stream,
      first,
      last,
    );
    const change = Math.max(tailChange, ...old.map((chunk) => chunk.change));
    for (const { no } of old) database.statement("DELETE FROM chunk WHERE no = ?").run(no);
    for (let start = 0; start < sorted.length; start += chunkRows) {
      writeChunk(store, place, sorted.slice(start, start + chunkRows), change);
    }
    database
      .statement("DELETE FROM tail_row WHERE run_no = ? AND stream = ? AND row BETWEEN ? AND ?")
      .run(place.runNo, place.stream, first, last);
    return true;
  });
}

function lastChunkBefore(database: Database, place: RowPlace, row: number): StoredChunk | undefined {
  const last = database.number(
    "SELECT coalesce(max(last_row), -1) FROM chunk WHERE run_no = ? AND stream = ? AND last_row < ?",
    place.runNo,
    place.stream,
    row,
  );
  return last < 0 ? undefined : readChunks(database, place, { after: last - 1, limit: 1 })[0];
}

function writeChunk(
  { database, keys }: { readonly database: Database; readonly keys: KeyTable },
  place: RowPlace,
  rows: readonly HistoryRow[],
  change: number,
): void {
  const { axes, columns } = columnsOf(rows);
  const { lastInsertRowid: chunkNo } = database
    .statement(
      `INSERT INTO chunk (run_no, stream, first_row, last_row, row_count, change, axes) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(place.runNo, place.stream, rows[0]!.row, rows.at(-1)!.row, rows.length, change, encodeAxes(axes));
  const insert = database.statement("INSERT INTO chunk_column VALUES (?, ?, ?, ?)");
  for (const { key, column } of columns) {
    insert.run(chunkNo, keys.note(place, key, column.kind), kindNumber[column.kind], encodeColumn(column));
  }
}
