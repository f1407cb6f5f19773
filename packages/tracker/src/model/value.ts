/** What one cell of a history row can hold: numbers, and things to look at. */
import type { Json, JsonObject } from "./json.ts";

/** Counts between edges: edges has one more entry than counts. */
export interface Histogram {
  readonly type: "histogram";
  readonly edges: readonly number[];
  readonly counts: readonly number[];
}

/** A file kept as a blob: an image with a caption, or anything else. */
export interface FileReference {
  readonly type: "image" | "file";
  readonly sha256: string;
  readonly sizeBytes: number;
  /** MIME type, e.g. image/png. */
  readonly contentType: string;
  readonly caption?: string;
  readonly width?: number;
  readonly height?: number;
}

/** A gallery logged under one key. */
export interface ImageList {
  readonly type: "images";
  readonly images: readonly FileReference[];
}

/** A table whose rows are kept as a blob of JSON: `{"columns": […], "rows": [[…], …]}`. */
export interface TableReference {
  readonly type: "table";
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly columns: readonly string[];
  readonly rowCount: number;
}

/** NaN and ±Infinity are values. */
export type HistoryValue = number | string | Histogram | FileReference | ImageList | TableReference;

/** The kinds of logged objects. */
const objectTypes: ReadonlySet<unknown> = new Set<Exclude<HistoryValue, number | string>["type"]>([
  "histogram",
  "image",
  "file",
  "images",
  "table",
]);

export function isObjectType(type: unknown): boolean {
  return objectTypes.has(type);
}

/** A history value as JSON, which it already is. */
export function valueAsJson(value: HistoryValue): Json {
  return value as number | string | (HistoryValue & JsonObject);
}

/**
 * The histogram of finite `values` in `bins` equal bins between their minimum and maximum; others are not counted.
 * Of no finite values: one bin 0 to 1 of count 0. Of equal values: bins of width 1 in all.
 */
export function histogramOf(values: ArrayLike<number>, bins = 64): Histogram {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return { type: "histogram", edges: [0, 1], counts: [0] };
  if (low === high) [low, high] = [low - 0.5, high + 0.5];
  const counts = new Array<number>(bins).fill(0);
  const scale = bins / (high - low);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value)) continue;
    const bin = Math.min(bins - 1, Math.floor((value - low) * scale));
    counts[bin] = counts[bin]! + 1;
  }
  const edges = Array.from({ length: bins + 1 }, (_, i) => low + (i * (high - low)) / bins);
  return { type: "histogram", edges, counts };
}
