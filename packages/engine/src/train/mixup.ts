/** The weight of mixup's first image. */
import { streams, wordOf } from "../random/philox.ts";

/** max(λ, 1 − λ) with λ ~ Beta(alpha, alpha) for this step, from two gamma variates. */
export function mixupWeight(alpha: number, seed: number, step: number): number {
  let element = 0;
  const draw = () => (wordOf(seed, streams.mixup, step, element++) + 0.5) / 2 ** 32;
  const [a, b] = [gamma(alpha, draw), gamma(alpha, draw)];
  const weight = a + b === 0 ? 1 : a / (a + b);
  return Math.max(weight, 1 - weight);
}

/** A Gamma(shape, 1) variate (Marsaglia & Tsang 2000; for shape < 1 their boost by u^(1/shape)). */
function gamma(shape: number, draw: () => number): number {
  if (shape < 1) return gamma(shape + 1, draw) * draw() ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const normal = Math.sqrt(-2 * Math.log(draw())) * Math.cos(2 * Math.PI * draw());
    const v = (1 + c * normal) ** 3;
    if (v > 0 && Math.log(draw()) < 0.5 * normal ** 2 + d - d * v + d * Math.log(v)) return d * v;
  }
}
