/**
 * Philox 4×32-10, the counter-based generator of Salmon et al. 2011 ("Parallel random numbers: as easy as
 * 1, 2, 3"). Every random number of a run is a pure function of (seed, stream, step, element), hence the same
 * on every executor, at any thread count and after a resume. packages/kernels mirrors this file in C++.
 */

/** Streams with a fixed meaning; dropout layers count up from `firstDropout`. */
export const streams = {
  shuffle: 1,
  initial: 2,
  augment: 3,
  flipSide: 4,
  mixup: 5,
  split: 6,
  firstDropout: 1024,
} as const;

/** The four words of block `counter` = (c0, c1, c2, c3) under `seed` (a whole number below 2⁵³). */
export function philox(
  seed: number,
  c0: number,
  c1: number,
  c2: number,
  c3: number,
): [number, number, number, number] {
  let k0 = seed >>> 0;
  let k1 = Math.floor(seed / 2 ** 32) >>> 0;
  let [x0, x1, x2, x3] = [c0 >>> 0, c1 >>> 0, c2 >>> 0, c3 >>> 0];
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, x0);
    const low0 = Math.imul(0xd2511f53, x0) >>> 0;
    const high1 = multiplyHigh(0xcd9e8d57, x2);
    const low1 = Math.imul(0xcd9e8d57, x2) >>> 0;
    [x0, x1, x2, x3] = [(high1 ^ x1 ^ k0) >>> 0, low1, (high0 ^ x3 ^ k1) >>> 0, low0];
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  return [x0, x1, x2, x3];
}

/** The upper 32 bits of a 32 × 32-bit product. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(carry / 65536)) >>> 0;
}

/**
 * The word that belongs to `element` of a tensor: elements go in blocks of 32, eight counters side by side, so
 * that eight vector lanes hold eight counters: counter = ⌊e/32⌋·8 + e mod 8, word = ⌊e/8⌋ mod 4.
 * Counter words are (counter, step, stream, 0).
 */
export function wordOf(seed: number, stream: number, step: number, element: number): number {
  const counter = Math.floor(element / 32) * 8 + (element % 8);
  return philox(seed, counter, step, stream, 0)[Math.floor(element / 8) % 4]!;
}

/**
 * The half-word that decides about `element` in dropout, which needs no more than 16 bits: elements go in blocks of
 * 64, eight counters side by side: counter = ⌊e/64⌋·8 + e mod 8, whose words' halves, the lower before the upper, go
 * to the elements 8 apart: half-word ⌊e/8⌋ mod 8.
 */
export function halfWordOf(seed: number, stream: number, step: number, element: number): number {
  const counter = Math.floor(element / 64) * 8 + (element % 8);
  const half = Math.floor(element / 8) % 8;
  return halfOf(philox(seed, counter, step, stream, 0), half);
}

/**
 * The least half-word that dropout keeps, of the float32 that kernels know the rate as: the share of half-words below
 * is `rate` to within 2⁻¹⁷, and some are kept at any rate below 1.
 */
export function leastKept(rate: number): number {
  return Math.min(Math.round(Math.fround(rate) * 2 ** 16), 2 ** 16 - 1);
}

/** A word as a float32 in [0, 1), in steps of 2⁻²⁴. */
export function uniform(word: number): number {
  return (word >>> 8) * 2 ** -24;
}

/** A word as a whole number in [0, n), n ≤ 2²¹: ⌊word · n / 2³²⌋. */
export function below(word: number, n: number): number {
  return Math.floor((word * n) / 2 ** 32);
}

/** `count` words of a stream, element by element; cheaper than wordOf one at a time. */
export function words(seed: number, stream: number, step: number, count: number): Uint32Array {
  const result = new Uint32Array(Math.ceil(count / 32) * 32);
  for (let block = 0; block * 32 < count; block++) {
    for (let lane = 0; lane < 8; lane++) {
      const four = philox(seed, block * 8 + lane, step, stream, 0);
      for (let w = 0; w < 4; w++) result[block * 32 + w * 8 + lane] = four[w]!;
    }
  }
  return result.subarray(0, count);
}

/** `count` half-words of a stream, element by element; cheaper than halfWordOf one at a time. */
export function halfWords(seed: number, stream: number, step: number, count: number): Uint16Array {
  const result = new Uint16Array(Math.ceil(count / 64) * 64);
  for (let block = 0; block * 64 < count; block++) {
    for (let lane = 0; lane < 8; lane++) {
      const four = philox(seed, block * 8 + lane, step, stream, 0);
      for (let half = 0; half < 8; half++) result[block * 64 + half * 8 + lane] = halfOf(four, half);
    }
  }
  return result.subarray(0, count);
}

function halfOf(words: readonly number[], half: number): number {
  return (words[half >>> 1]! >>> ((half % 2) * 16)) & 0xffff;
}
