/** Rows of runs: written one by one, found again as rows. series.ts reads them as columns. */
import type { HistoryRow, MetricKey, RowStream } from "../../model/history.ts";
import { fromJsonText, type JsonObject, toJsonText } from "../../model/json.ts";
import type { HistoryValue } from "../../model/value.ts";
import type { RowPage, RowQuery } from "../store.ts";
import { type Axes, type Column, type ColumnKind, decodeAxes, decodeColumn, rowsOf } from "./chunk.ts";
import type { Database } from "./database.ts";

/** How streams and kinds are numbered in tables. */
export const streamNumber: { readonly [S in RowStream]: number } = { history: 0, system: 1 };
export const kindNumber: { readonly [K in ColumnKind]: number } = { numbers: 0, objects: 1 };
const kindOfNumber: readonly ColumnKind[] = ["numbers", "objects"];

/** Which rows of which run. */
export interface RowPlace {
  readonly runNo: number;
  readonly stream: number;
}

/** Keys by number and back, and which keys each run is known to have; a view of what is committed. */
export class KeyTable {
  readonly #database: Database;
  readonly #numbers = new Map<string, number>();
  readonly #known = new Set<string>();
  constructor(database: Database) {
    this.#database = database;
  }

  /** Undefined for what nobody has logged. */
  find(name: string): number | undefined {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    const row = this.#database.statement("SELECT no FROM key WHERE name = ?").get(name);
    if (row === undefined) return undefined;
    this.#numbers.set(name, Number(row.no));
    return Number(row.no);
  }

  /** The number of a key of a run, new ones made. Inside a transaction. */
  note({ runNo, stream }: RowPlace, name: string, kind: ColumnKind): number {
    const mark = `${runNo} ${stream} ${kind} ${name}`;
    if (this.#known.has(mark)) return this.#numbers.get(name)!;
    this.#database.statement("INSERT INTO key (name) VALUES (?) ON CONFLICT DO NOTHING").run(name);
    const no = this.find(name)!;
    this.#database
      .statement("INSERT INTO run_key VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING")
      .run(runNo, stream, no, kindNumber[kind]);
    this.#known.add(mark);
    return no;
  }

  /** After a transaction that did not happen. */
  forget(): void {
    this.#numbers.clear();
    this.#known.clear();
  }
}

/** Writes rows as they come. Inside a transaction. */
export function writeRows(
  { database, keys }: { readonly database: Database; readonly keys: KeyTable },
  place: RowPlace,
  rows: readonly HistoryRow[],
  change: number,
): void {
  const insert = database.statement("INSERT OR REPLACE INTO tail_row VALUES (?, ?, ?, ?, ?, ?, ?)");
  for (const { row, step, time, values } of rows) {
    for (const key in values) keys.note(place, key, typeof values[key] === "number" ? "numbers" : "objects");
    insert.run(place.runNo, place.stream, row, step, time, change, toJsonText(values as JsonObject));
  }
}

export function listKeys(database: Database, { runNo, stream }: RowPlace): readonly MetricKey[] {
  const found = new Map<string, { hasNumbers: boolean; hasObjects: boolean }>();
  const rows = database
    .statement(
      `SELECT key.name AS name, run_key.kind AS kind FROM run_key JOIN key ON key.no = run_key.key_no
       WHERE run_no = ? AND stream = ? ORDER BY key.name`,
    )
    .all(runNo, stream);
  for (const { name, kind } of rows) {
    const entry = found.get(String(name)) ?? { hasNumbers: false, hasObjects: false };
    entry[kind === kindNumber.numbers ? "hasNumbers" : "hasObjects"] = true;
    found.set(String(name), entry);
  }
  return [...found].map(([key, has]) => ({ key, ...has }));
}

/** A chunk without its columns. */
export interface StoredChunk {
  readonly no: number;
  readonly firstRow: number;
  readonly lastRow: number;
  /** The last change in it. */
  readonly change: number;
  readonly axes: Axes;
}

/** The chunks of a run from a row on, in order of rows; they never overlap. */
export function readChunks(
  database: Database,
  { runNo, stream }: RowPlace,
  { after = -1, changedAfter = -1, limit = -1 } = {},
): StoredChunk[] {
  return database
    .statement(
      `SELECT * FROM chunk WHERE run_no = ? AND stream = ? AND last_row > ? AND change > ? ORDER BY first_row LIMIT ?`,
    )
    .all(runNo, stream, after, changedAfter, limit)
    .map((row) => ({
      no: Number(row.no),
      firstRow: Number(row.first_row),
      lastRow: Number(row.last_row),
      change: Number(row.change),
      axes: decodeAxes(row.axes as Uint8Array, Number(row.row_count)),
    }));
}

function hasChunk(
  database: Database,
  { runNo, stream }: RowPlace,
  after: number,
  changedAfter: number,
): boolean {
  const sql = "SELECT 1 FROM chunk WHERE run_no = ? AND stream = ? AND last_row > ? AND change > ? LIMIT 1";
  return database.statement(sql).get(runNo, stream, after, changedAfter) !== undefined;
}

/** The rows of a chunk. */
export function readChunkRows(database: Database, { no, axes }: StoredChunk): HistoryRow[] {
  const columns: { readonly key: string; readonly column: Column }[] = database
    .statement(
      `SELECT key.name AS name, kind, content FROM chunk_column JOIN key ON key.no = key_no WHERE chunk_no = ?`,
    )
    .all(no)
    .map(({ name, kind, content }) => ({
      key: String(name),
      column: decodeColumn(content as Uint8Array, kindOfNumber[Number(kind)]!),
    }));
  return rowsOf(axes, columns);
}

/** Rows that are in no chunk yet, in order. */
export function readTail(
  database: Database,
  { runNo, stream }: RowPlace,
  { after = -1, changedAfter = -1, limit = -1 } = {},
): HistoryRow[] {
  return database
    .statement(
      `SELECT row, step, time, content FROM tail_row
       WHERE run_no = ? AND stream = ? AND row > ? AND change > ? ORDER BY row LIMIT ?`,
    )
    .all(runNo, stream, after, changedAfter, limit)
    .map(({ row, step, time, content }) => ({
      row: Number(row),
      step: Number(step),
      time: Number(time),
      values: fromJsonText(String(content)) as Readonly<Record<string, HistoryValue>>,
    }));
}

/** One page of full rows; the caller's transaction makes it one state of the store. */
export function readRowPage(database: Database, place: RowPlace, query: RowQuery): RowPage {
  const { after = -1, changedAfter = -1, limit = 1000, keys } = query;
  const rows = new Map<number, HistoryRow>();
  // A chunk has thousands of rows: as many chunks are read as make the page full, and whether there is another is asked.
  let reached = after;
  while (rows.size < limit) {
    const [chunk] = readChunks(database, place, { after: reached, changedAfter, limit: 1 });
    if (chunk === undefined) break;
    for (const row of readChunkRows(database, chunk)) if (row.row > after) rows.set(row.row, row);
    reached = chunk.lastRow;
  }
  // The tail replaces rows of chunks, whenever it was written.
  const since = rows.size > 0 ? { after } : { after, changedAfter };
  for (const row of readTail(database, place, { ...since, limit: limit + 1 })) rows.set(row.row, row);
  const sorted = [...rows.values()].sort((a, b) => a.row - b.row);
  const page = sorted.slice(0, limit);
  const isMore = sorted.length > limit || hasChunk(database, place, reached, changedAfter);
  const next = isMore ? page.at(-1)?.row : undefined;
  return { rows: keys === undefined ? page : page.map(withKeys(keys)).filter(hasValues), next };
}

function withKeys(keys: readonly string[]): (row: HistoryRow) => HistoryRow {
  return (row) => ({
    ...row,
    values: Object.fromEntries(Object.entries(row.values).filter(([key]) => keys.includes(key))),
  });
}

function hasValues({ values }: HistoryRow): boolean {
  return Object.keys(values).length > 0;
}
