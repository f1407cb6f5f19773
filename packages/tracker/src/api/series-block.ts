/**
 * Series as bytes, little-endian: uint32 magic "ATSE", version, length of the header in bytes; the header, JSON padded with
 * spaces; then the columns x, time and y of each series, each from a multiple of 8. A column is written as narrow as keeps it
 * exact: whole numbers within 2³² of each other as uint32 above a base, others as float32 or float64.
 */
import type { Series } from "../model/history.ts";
import { TrackerError } from "../model/tracker-error.ts";

export const seriesContentType = "application/vnd.atelier.series";

const magic = 0x45535441;
const prefixBytes = 12;

type Width = "uint32" | "float32" | "float64";
interface ColumnHead {
  readonly width: Width;
  /** Added to every value of a uint32 column. */
  readonly base: number;
}
interface SeriesHead extends Omit<Series, "x" | "y" | "time"> {
  readonly count: number;
  readonly columns: readonly [x: ColumnHead, time: ColumnHead, y: ColumnHead];
}

const arrays = { uint32: Uint32Array, float32: Float32Array, float64: Float64Array } as const;

/** The bytes of series; with float32 precision y is rounded to it. */
export function encodeSeries(
  series: readonly Series[],
  precision: "float32" | "float64" = "float64",
): Uint8Array<ArrayBuffer> {
  const heads = series.map((one): SeriesHead => {
    const { runId, key, total, isDownSampled, x, y, time } = one;
    const yHead = precision === "float32" ? ({ width: "float32", base: 0 } as const) : headOf(y);
    return { runId, key, total, isDownSampled, count: x.length, columns: [headOf(x), headOf(time), yHead] };
  });
  const text = new TextEncoder().encode(JSON.stringify(heads));
  const headBytes = aligned(prefixBytes + text.length) - prefixBytes;
  const sizes = heads.map(({ count, columns }) => columns.map(({ width }) => columnBytes(width, count)));
  const bytes = new Uint8Array(prefixBytes + headBytes + sizes.flat().reduce((sum, size) => sum + size, 0));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic, true);
  view.setUint32(4, 1, true);
  view.setUint32(8, headBytes, true);
  bytes.fill(0x20, prefixBytes, prefixBytes + headBytes).set(text, prefixBytes);
  let at = prefixBytes + headBytes;
  series.forEach(({ x, time, y }, i) => {
    [x, time, y].forEach((values, column) => {
      const { width, base } = heads[i]!.columns[column]!;
      const target = new arrays[width](bytes.buffer, at, values.length);
      if (base === 0) target.set(values);
      else for (let j = 0; j < values.length; j++) target[j] = values[j]! - base;
      at += sizes[i]![column]!;
    });
  });
  return bytes;
}

/** Throws bad-argument for bytes that encodeSeries did not write. */
export function decodeSeries(bytes: Uint8Array<ArrayBuffer>): readonly Series[] {
  // Views need an alignment that a slice of a larger buffer may lack.
  const { buffer, byteOffset, byteLength } = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  const view = new DataView(buffer, byteOffset, byteLength);
  if (byteLength < prefixBytes || view.getUint32(0, true) !== magic || view.getUint32(4, true) !== 1) {
    throw new TrackerError("bad-argument", "series: expected a block of series, got other bytes.");
  }
  const headBytes = view.getUint32(8, true);
  const text = new TextDecoder().decode(new Uint8Array(buffer, byteOffset + prefixBytes, headBytes));
  let at = byteOffset + prefixBytes + headBytes;
  return (JSON.parse(text) as readonly SeriesHead[]).map(({ count, columns, ...about }) => {
    const [x, time, y] = columns.map(({ width, base }) => {
      const values = Float64Array.from(new arrays[width](buffer, at, count));
      if (base !== 0) for (let i = 0; i < count; i++) values[i] = values[i]! + base;
      at += columnBytes(width, count);
      return values;
    }) as [Float64Array, Float64Array, Float64Array];
    return { ...about, x, y, time };
  });
}

/** The narrowest exact form of a column. */
function headOf(values: Float64Array): ColumnHead {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  let isWhole = true;
  let isSingle = true;
  for (let i = 0; i < values.length && (isWhole || isSingle); i++) {
    const value = values[i]!;
    if (isWhole && !(Number.isSafeInteger(value) && !Object.is(value, -0))) isWhole = false;
    if (isSingle && !Object.is(Math.fround(value), value)) isSingle = false;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (isWhole && values.length > 0 && high - low < 2 ** 32) return { width: "uint32", base: low };
  return { width: isSingle ? "float32" : "float64", base: 0 };
}

function columnBytes(width: Width, count: number): number {
  return aligned(count * arrays[width].BYTES_PER_ELEMENT);
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}
