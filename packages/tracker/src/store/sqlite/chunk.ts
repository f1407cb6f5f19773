/**
 * Chunks: some thousand rows of a run turned into columns, so that a series is read without touching other keys and a
 * number takes about the bytes it needs. The row numbers, steps and times are kept once for all keys.
 */
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { HistoryRow } from "../../model/history.ts";
import { fromJsonText, type Json, toJsonText } from "../../model/json.ts";
import { type HistoryValue, valueAsJson } from "../../model/value.ts";
import { decodeBlock, encodeBlock } from "./block.ts";

/** Numbers and everything else are separate columns of a key; one row has one or the other. */
export type ColumnKind = "numbers" | "objects";

/** Where the rows of a chunk stand, ascending by row. */
export interface Axes {
  readonly rows: Float64Array;
  readonly steps: Float64Array;
  readonly times: Float64Array;
}

/** The values of a key. */
export type Column = {
  /** The places in the axes that have one; undefined: all. */
  readonly places: Float64Array | undefined;
} & (
  | { readonly kind: "numbers"; readonly values: Float64Array }
  | { readonly kind: "objects"; readonly values: readonly Json[] }
);

/** The columns that rows have, and the axes; rows ascend. */
export function columnsOf(rows: readonly HistoryRow[]): {
  readonly axes: Axes;
  readonly columns: readonly { readonly key: string; readonly column: Column }[];
} {
  const axes = {
    rows: Float64Array.from(rows, ({ row }) => row),
    steps: Float64Array.from(rows, ({ step }) => step),
    times: Float64Array.from(rows, ({ time }) => time),
  };
  const numbers = new Map<string, { places: number[]; values: number[] }>();
  const objects = new Map<string, { places: number[]; values: Json[] }>();
  rows.forEach(({ values }, place) => {
    for (const [key, value] of Object.entries(values)) {
      if (typeof value === "number") addTo(numbers, key, place, value);
      else addTo(objects, key, place, valueAsJson(value));
    }
  });
  const placesOf = (places: readonly number[]) =>
    places.length === rows.length ? undefined : Float64Array.from(places);
  return {
    axes,
    columns: [
      ...[...numbers].map(([key, { places, values }]) => ({
        key,
        column: { kind: "numbers", places: placesOf(places), values: Float64Array.from(values) } as const,
      })),
      ...[...objects].map(([key, { places, values }]) => ({
        key,
        column: { kind: "objects", places: placesOf(places), values } as const,
      })),
    ],
  };
}

function addTo<T>(
  columns: Map<string, { places: number[]; values: T[] }>,
  key: string,
  place: number,
  value: T,
) {
  let column = columns.get(key);
  if (column === undefined) {
    column = { places: [], values: [] };
    columns.set(key, column);
  }
  column.places.push(place);
  column.values.push(value);
}

/** The rows that axes and columns stand for. */
export function rowsOf(
  { rows, steps, times }: Axes,
  columns: readonly { readonly key: string; readonly column: Column }[],
): HistoryRow[] {
  const values: Record<string, HistoryValue>[] = Array.from(rows, () => ({}));
  for (const { key, column } of columns) {
    for (let i = 0; i < column.values.length; i++) {
      const place = column.places === undefined ? i : column.places[i]!;
      // defineProperty, because "__proto__" is a key like any other.
      setOwn(values[place]!, key, column.values[i] as HistoryValue);
    }
  }
  return values.map((ofRow, i) => ({ row: rows[i]!, step: steps[i]!, time: times[i]!, values: ofRow }));
}

function setOwn(target: Record<string, HistoryValue>, key: string, value: HistoryValue): void {
  if (key !== "__proto__") target[key] = value;
  else Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

export function encodeAxes({ rows, steps, times }: Axes): Uint8Array {
  return joinParts([rows, steps, times].map(encodeBlock));
}

export function decodeAxes(bytes: Uint8Array, count: number): Axes {
  const [rows, steps, times] = splitParts(bytes).map((part) => decodeBlock(part, count));
  return { rows: rows!, steps: steps!, times: times! };
}

export function encodeColumn({ places, ...rest }: Column): Uint8Array {
  const content =
    rest.kind === "numbers"
      ? encodeBlock(rest.values)
      : zstdCompressSync(Buffer.from(toJsonText(rest.values)));
  return joinParts([
    countPart(rest.values.length),
    places ? encodeBlock(places) : new Uint8Array(0),
    content,
  ]);
}

export function decodeColumn(bytes: Uint8Array, kind: ColumnKind): Column {
  const [countBytes, placeBytes, content] = splitParts(bytes) as [Uint8Array, Uint8Array, Uint8Array];
  const count = decodeBlock(countBytes, 1)[0]!;
  const places = placeBytes.length === 0 ? undefined : decodeBlock(placeBytes, count);
  return kind === "numbers"
    ? { kind, places, values: decodeBlock(content, count) }
    : { kind, places, values: fromJsonText(zstdDecompressSync(content).toString()) as readonly Json[] };
}

function countPart(count: number): Uint8Array {
  return encodeBlock(Float64Array.of(count));
}

/** Parts one after another, each but the last with its length before it (uint32, little-endian). */
function joinParts(parts: readonly Uint8Array[]): Uint8Array {
  const last = parts.length - 1;
  const bytes = Buffer.alloc(parts.reduce((sum, part) => sum + 4 + part.length, -4));
  let at = 0;
  parts.forEach((part, i) => {
    if (i < last) at = bytes.writeUInt32LE(part.length, at);
    bytes.set(part, at);
    at += part.length;
  });
  return bytes;
}

/** The three parts of what joinParts made. */
function splitParts(bytes: Uint8Array): Uint8Array[] {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Uint8Array[] = [];
  let at = 0;
  for (let i = 0; i < 2; i++) {
    const length = view.readUInt32LE(at);
    parts.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return [...parts, bytes.subarray(at)];
}
