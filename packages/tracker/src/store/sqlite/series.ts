/** Rows read as columns: the numbers of a key over steps or over another key. */
import { downSample } from "../../model/down-sample.ts";
import type { HistoryRow, Series } from "../../model/history.ts";
import type { SeriesQuery } from "../store.ts";
import { decodeColumn } from "./chunk.ts";
import type { Database } from "./database.ts";
import {
  type KeyTable,
  kindNumber,
  type RowPlace,
  readChunks,
  readTail,
  type StoredChunk,
} from "./history.ts";

/** The points of a key before they are sorted, in order of rows. */
interface Points {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly time: Float64Array;
}

/** Every series of one run that the query asks for and that has points; inside a transaction. */
export function readRunSeries(
  { database, keys }: { readonly database: Database; readonly keys: KeyTable },
  place: RowPlace,
  runId: string,
  query: SeriesQuery,
): Series[] {
  const chunks = readChunks(database, place);
  const tail = readTail(database, place);
  const rewritten = new Set(tail.map(({ row }) => row));
  const reader: RunReader = { database, keys, chunks, tail, rewritten, xKey: query.xKey };
  const series: Series[] = [];
  for (const key of new Set(query.keys)) {
    const points = inOrder(pointsOf(reader, key), query.xKey === undefined);
    const found = select(points, query);
    if (found.total > 0) series.push({ runId, key, ...found });
  }
  return series;
}

interface RunReader {
  readonly database: Database;
  readonly keys: KeyTable;
  readonly chunks: readonly StoredChunk[];
  readonly tail: readonly HistoryRow[];
  /** Rows of the tail, which replace those of chunks. */
  readonly rewritten: ReadonlySet<number>;
  readonly xKey: string | undefined;
}

function pointsOf(reader: RunReader, key: string): Points {
  const pieces = reader.chunks
    .map((chunk) => chunkPoints(reader, chunk, key))
    .filter((piece) => piece !== undefined);
  const tail = tailPoints(reader, key);
  if (tail.x.length > 0) pieces.push(tail);
  if (pieces.length === 1) return pieces[0]!;
  return {
    x: joined(pieces.map(({ x }) => x)),
    y: joined(pieces.map(({ y }) => y)),
    time: joined(pieces.map(({ time }) => time)),
  };
}

function chunkPoints(reader: RunReader, chunk: StoredChunk, key: string): Points | undefined {
  const column = numbersOf(reader, chunk, key);
  if (column === undefined) return undefined;
  const { rows, steps, times } = chunk.axes;
  const x = reader.xKey === undefined ? steps : valuesByPlace(reader, chunk, reader.xKey);
  if (x === undefined) return undefined;
  const isRewritten = reader.tail.length > 0 && reader.tail[0]!.row <= chunk.lastRow;
  if (column.places === undefined && reader.xKey === undefined && !isRewritten) {
    return { x, y: column.values, time: times };
  }
  const count = column.values.length;
  const points = { x: new Float64Array(count), y: new Float64Array(count), time: new Float64Array(count) };
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const place = column.places === undefined ? i : column.places[i]!;
    if (Number.isNaN(x[place]!) || (isRewritten && reader.rewritten.has(rows[place]!))) continue;
    points.x[kept] = x[place]!;
    points.y[kept] = column.values[i]!;
    points.time[kept++] = times[place]!;
  }
  return firstOf(points, kept);
}

function numbersOf({ database, keys }: RunReader, { no }: StoredChunk, key: string) {
  const keyNo = keys.find(key);
  if (keyNo === undefined) return undefined;
  const row = database
    .statement("SELECT content FROM chunk_column WHERE chunk_no = ? AND key_no = ? AND kind = ?")
    .get(no, keyNo, kindNumber.numbers);
  if (row === undefined) return undefined;
  const column = decodeColumn(row.content as Uint8Array, "numbers");
  return column.kind === "numbers" ? column : undefined;
}

/** The values of a key at all places of a chunk, NaN where it has none. */
function valuesByPlace(reader: RunReader, chunk: StoredChunk, key: string): Float64Array | undefined {
  const column = numbersOf(reader, chunk, key);
  if (column?.places === undefined) return column?.values;
  const values = new Float64Array(chunk.axes.rows.length).fill(Number.NaN);
  column.places.forEach((place, i) => {
    values[place] = column.values[i]!;
  });
  return values;
}

function tailPoints({ tail, xKey }: RunReader, key: string): Points {
  const points = {
    x: new Float64Array(tail.length),
    y: new Float64Array(tail.length),
    time: new Float64Array(tail.length),
  };
  let kept = 0;
  for (const { values, step, time } of tail) {
    const y = Object.hasOwn(values, key) ? values[key] : undefined;
    const x = xKey === undefined ? step : Object.hasOwn(values, xKey) ? values[xKey] : undefined;
    if (typeof y !== "number" || typeof x !== "number" || Number.isNaN(x)) continue;
    points.x[kept] = x;
    points.y[kept] = y;
    points.time[kept++] = time;
  }
  return firstOf(points, kept);
}

function firstOf({ x, y, time }: Points, count: number): Points {
  return { x: x.subarray(0, count), y: y.subarray(0, count), time: time.subarray(0, count) };
}

function joined(pieces: readonly Float64Array[]): Float64Array {
  const whole = new Float64Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Sorted by x; where `lastCounts`, only the last of equal x stays. Points come in order of rows, mostly sorted. */
function inOrder(points: Points, lastCounts: boolean): Points {
  const { x } = points;
  let isAscending = true;
  for (let i = 1; i < x.length && isAscending; i++)
    isAscending = lastCounts ? x[i - 1]! < x[i]! : x[i - 1]! <= x[i]!;
  if (isAscending) return points;
  const order = Uint32Array.from(x, (_, i) => i).sort((a, b) => x[a]! - x[b]! || a - b);
  return pick(points, lastCounts ? order.filter((index, i) => x[index] !== x[order[i + 1]!]) : order);
}

function pick(points: Points, indices: Uint32Array): Points {
  const { length } = indices;
  const picked = { x: new Float64Array(length), y: new Float64Array(length), time: new Float64Array(length) };
  for (let i = 0; i < length; i++) {
    const index = indices[i]!;
    picked.x[i] = points.x[index]!;
    picked.y[i] = points.y[index]!;
    picked.time[i] = points.time[index]!;
  }
  return picked;
}

function select(points: Points, { from, to, points: wanted }: SeriesQuery): Omit<Series, "runId" | "key"> {
  const start = from === undefined ? 0 : firstIndex(points.x, (x) => x >= from);
  const end = to === undefined ? points.x.length : firstIndex(points.x, (x) => x > to);
  const inRange = {
    x: points.x.subarray(start, end),
    y: points.y.subarray(start, end),
    time: points.time.subarray(start, end),
  };
  const kept = wanted === undefined ? undefined : downSample(inRange.x, inRange.y, wanted);
  const total = inRange.x.length;
  return {
    ...(kept === undefined ? inRange : pick(inRange, kept)),
    total,
    isDownSampled: kept !== undefined,
  };
}

/** The first index of ascending `values` for which `holds`, which then holds for all that follow. */
function firstIndex(values: Float64Array, holds: (value: number) => boolean): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(values[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}
