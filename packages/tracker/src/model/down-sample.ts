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
  const buckets = Math.max(1, Math.floor(points / keptOfBucket));
  const kept = new Uint32Array(count);
  let keptCount = 0;
  const keep = (index: number) => {
    kept[keptCount++] = index;
  };
  // Points at x = ±Infinity stand before and after all buckets.
  let first = 0;
  while (first < count && !Number.isFinite(x[first]!)) keep(first++);
  let end = count;
  while (end > first && !Number.isFinite(x[end - 1]!)) end--;
  const low = x[first]!;
  const scale = first < end ? buckets / (x[end - 1]! - low || 1) : 0;
  const bucketOf = (index: number) => Math.min(buckets - 1, Math.floor((x[index]! - low) * scale));
  for (let start = first; start < end; ) {
    const bucket = bucketOf(start);
    let stop = start + 1;
    while (stop < end && bucketOf(stop) === bucket) stop++;
    keptCount = keepOfBucket(y, start, stop, kept, keptCount);
    start = stop;
  }
  for (let index = end; index < count; index++) keep(index);
  return keptCount === count ? undefined : kept.slice(0, keptCount);
}

/** Writes the indices kept of y[start..stop) to `kept` from `at` on, ascending; returns where they end. */
function keepOfBucket(y: ArrayLike<number>, start: number, stop: number, kept: Uint32Array, at: number) {
  let firstFinite = -1;
  let lastFinite = -1;
  let lowest = -1;
  let highest = -1;
  let nan = -1;
  let positive = -1;
  let negative = -1;
  for (let i = start; i < stop; i++) {
    const value = y[i]!;
    if (value - value !== 0) {
      if (value > 0) positive = positive < 0 ? i : positive;
      else if (value < 0) negative = negative < 0 ? i : negative;
      else nan = nan < 0 ? i : nan;
      continue;
    }
    if (firstFinite < 0) {
      firstFinite = i;
      lowest = i;
      highest = i;
    }
    if (value < y[lowest]!) lowest = i;
    if (value > y[highest]!) highest = i;
    lastFinite = i;
  }
  const chosen = [firstFinite, lowest, highest, lastFinite, nan, positive, negative].sort((a, b) => a - b);
  let end = at;
  for (const index of chosen) {
    if (index >= 0 && (end === at || kept[end - 1] !== index)) kept[end++] = index;
  }
  return end;
}
