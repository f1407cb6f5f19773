/** A tiny seeded generator for choosing images; nothing inside a training step draws from it. */

/** Whole numbers in [0, n) from mulberry32 (Ettinger 2017), seeded with a whole number. */
export function seededBelow(seed: number): (n: number) => number {
  let state = (seed ^ Math.floor(seed / 2 ** 32)) >>> 0;
  return (n) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) * n) / 2 ** 32);
  };
}

/** Shuffles in place, Fisher and Yates. */
export function shuffle(values: Uint32Array, below: (n: number) => number): void {
  for (let last = values.length - 1; last > 0; last--) {
    const other = below(last + 1);
    const kept = values[last]!;
    values[last] = values[other]!;
    values[other] = kept;
  }
}
