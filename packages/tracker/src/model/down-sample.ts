/**
 * Fewer points for drawing, the same picture: the range of x is cut into equal buckets, about one a pixel column, and
 * of each bucket the first, the lowest, the highest and the last point stay, and one NaN, +Infinity and -Infinity if
 * there are any. A line drawn through them covers the pixels of the full line (M4; Jugel et al., VLDB 2014).
 * Deterministic: the same points give the same choice everywhere.
 */

/** A bucket keeps this many finite points at most. */
const keptOfBucket = 4;

/**
 * The indices to keep of points sorted by x, ascending, for a drawing `points` wide: undefined when all stay, which
 * they do when there are no more than `points`. At most `points` finite ones stay (at least 4). Points whose x is
 * not finite are all kept.
 */
export function downSample(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  points: number,
): Uint32Array | undefined {
  const count = x.length;
  if (count <= Math.max(points, keptOfBucket)) return undefined;
  // Points at x = ±Infinity stand before and after all buckets.
  let first = 0;
  while (first < count && !Number.isFinite(x[first]!)) first++;
  let end = count;
  while (end > first && !Number.isFinite(x[end - 1]!)) end--;

  const kept = new Uint32Array(count);
  let keptCount = 0;
  for (let i = 0; i < first; i++) kept[keptCount++] = i;
  const last = Math.max(1, Math.floor(points / keptOfBucket)) - 1;
  const low = x[first]!;
  const width = (x[end - 1]! - low) / (last + 1);
  for (let start = first, bucket = 0; start < end; ) {
    while (bucket < last && x[start]! >= low + (bucket + 1) * width) bucket++;
    const edge = bucket === last ? Number.POSITIVE_INFINITY : low + (bucket + 1) * width;
    let stop = start + 1;
    while (stop < end && x[stop]! < edge) stop++;
    keptCount = keepOfBucket(y, start, stop, kept, keptCount);
    start = stop;
  }
  for (let i = end; i < count; i++) kept[keptCount++] = i;
  return keptCount === count ? undefined : kept.slice(0, keptCount);
}

/** Writes the indices kept of y[start..stop) to `kept` from `at` on, ascending; returns where they end. */
function keepOfBucket(
  y: ArrayLike<number>,
  start: number,
  stop: number,
  kept: Uint32Array,
  at: number,
): number {
  let low = start;
  let high = start;
  let i = start;
  for (; i < stop; i++) {
    const value = y[i]!;
    if (value - value !== 0) break; // not finite
    if (value < y[low]!) low = i;
    else if (value > y[high]!) high = i;
  }
  const chosen =
    i === stop ? [start, Math.min(low, high), Math.max(low, high), stop - 1] : oddBucket(y, start, stop);
  let end = at;
  for (const index of chosen) if (end === at || kept[end - 1] !== index) kept[end++] = index;
  return end;
}

/** What is kept of a bucket in which some values are not finite. */
function oddBucket(y: ArrayLike<number>, start: number, stop: number): readonly number[] {
  const chosen = new Map<"first" | "low" | "high" | "last" | "NaN" | "Infinity" | "-Infinity", number>();
  for (let i = start; i < stop; i++) {
    const value = y[i]!;
    if (!Number.isFinite(value)) {
      const name = String(value) as "NaN" | "Infinity" | "-Infinity";
      if (!chosen.has(name)) chosen.set(name, i);
      continue;
    }
    if (!chosen.has("first")) for (const name of ["first", "low", "high"] as const) chosen.set(name, i);
    if (value < y[chosen.get("low")!]!) chosen.set("low", i);
    if (value > y[chosen.get("high")!]!) chosen.set("high", i);
    chosen.set("last", i);
  }
  return [...chosen.values()].sort((a, b) => a - b);
}
