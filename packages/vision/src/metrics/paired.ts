/**
 * Two models on the same images. What both get right or wrong says nothing about which is better: only the images on
 * which they differ do (McNemar 1947).
 */
import { badArgument } from "./predictions.ts";

/** How model B does beside model A, over the same N images. */
export interface PairedComparison {
  readonly count: number;
  readonly bothRight: number;
  readonly bothWrong: number;
  /** Indices of the images that A got wrong and B gets right. */
  readonly fixed: readonly number[];
  /** Indices of the images that A got right and B gets wrong. */
  readonly broken: readonly number[];
  /** Accuracy of B minus accuracy of A, in [-1, 1]. */
  readonly difference: number;
  /** 95 % interval of the difference, for pairs (Agresti & Min 2005: one half is added to each cell). */
  readonly differenceInterval: readonly [low: number, high: number];
  /** Two-sided, exact: how likely so uneven a split of the differing images is between equally good models. */
  readonly pValue: number;
}

/** Quantile of the normal distribution for 95 % two-sided. */
const z95 = 1.959963984540054;

/** Compares predicted classes with the labels, image by image. Throws "bad-argument" unless all have one length above 0. */
export function comparePaired(
  labels: ArrayLike<number>,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
): PairedComparison {
  const count = labels.length;
  if (count === 0 || a.length !== count || b.length !== count) {
    throw badArgument(
      `expected predictions of both models for the same images, got ${a.length} and ${b.length} for ${count}`,
    );
  }
  const fixed: number[] = [];
  const broken: number[] = [];
  let bothRight = 0;
  for (let i = 0; i < count; i++) {
    const isRightA = a[i] === labels[i];
    const isRightB = b[i] === labels[i];
    if (isRightA && isRightB) bothRight++;
    else if (isRightB) fixed.push(i);
    else if (isRightA) broken.push(i);
  }
  return {
    count,
    bothRight,
    bothWrong: count - bothRight - fixed.length - broken.length,
    fixed,
    broken,
    difference: (fixed.length - broken.length) / count,
    differenceInterval: intervalOf(fixed.length, broken.length, count),
    pValue: mcNemar(fixed.length, broken.length),
  };
}

function intervalOf(fixed: number, broken: number, count: number): readonly [number, number] {
  const n = count + 2;
  const centre = (fixed - broken) / n;
  const half = (z95 * Math.sqrt(fixed + broken + 1 - (fixed - broken) ** 2 / n)) / n;
  return [Math.max(-1, centre - half), Math.min(1, centre + half)];
}

/** 2 · P(X ≤ min(b, c)) for X binomial over b + c tosses of a fair coin, at most 1; terms are summed as logarithms. */
function mcNemar(b: number, c: number): number {
  const tosses = b + c;
  let logTerm = -tosses * Math.LN2;
  let tail = 0;
  for (let k = 0; k <= Math.min(b, c); k++) {
    tail += Math.exp(logTerm);
    logTerm += Math.log(tosses - k) - Math.log(k + 1);
  }
  return Math.min(1, 2 * tail);
}
