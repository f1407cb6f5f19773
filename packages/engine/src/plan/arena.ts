/** Packs values with known lifetimes into one block of memory. */

/** A piece of memory needed from call `start` to call `end`, both inclusive. */
export interface Lifetime {
  readonly floats: number;
  readonly start: number;
  readonly end: number;
}

/** 64 bytes: a cache line, and the widest vector. */
const alignFloats = 16;

/** Rounds a number of floats up to whole cache lines. */
export function aligned(floats: number): number {
  return Math.ceil(floats / alignFloats) * alignFloats;
}

/**
 * An offset for each lifetime so that none that overlap in time overlap in space. Largest first, lowest gap
 * that fits ("greedy by size", Pisarchyk & Lee 2020, §4).
 */
export function packArena(lifetimes: readonly Lifetime[]): {
  readonly offsets: readonly number[];
  readonly floats: number;
} {
  const order = lifetimes
    .map((_, i) => i)
    .sort((a, b) => lifetimes[b]!.floats - lifetimes[a]!.floats || a - b);
  const offsets = new Array<number>(lifetimes.length).fill(0);
  const placed: number[] = [];
  let total = 0;
  for (const index of order) {
    const { floats, start, end } = lifetimes[index]!;
    const neighbours = placed
      .filter((other) => lifetimes[other]!.start <= end && start <= lifetimes[other]!.end)
      .sort((a, b) => offsets[a]! - offsets[b]!);
    let offset = 0;
    for (const other of neighbours) {
      if (offset + aligned(floats) <= offsets[other]!) break;
      offset = Math.max(offset, offsets[other]! + aligned(lifetimes[other]!.floats));
    }
    offsets[index] = offset;
    total = Math.max(total, offset + aligned(floats));
    placed.push(index);
  }
  return { offsets, floats: total };
}
