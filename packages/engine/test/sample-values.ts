/** Values for the operands of an op sample, deterministic, away from kinks. */
import { sizeOf } from "../src/graph/shape.ts";
import { uniform, wordOf } from "../src/random/philox.ts";
import type { OpSample } from "./op-samples.ts";

/** One array an operand: in (−2, 2), or (0.5, 2.5) where positive, or probability rows where targets. */
export function sampleValues(sample: OpSample, seed: number): Record<string, Float64Array> {
  return Object.fromEntries(
    Object.entries(sample.operands).map(([name, shape], stream) => {
      const draw = (i: number) => uniform(wordOf(seed, 9000 + stream, 0, i));
      const values = Float64Array.from({ length: sizeOf(shape) }, (_, i) => Math.fround(draw(i) * 4 - 2));
      if (sample.positive?.includes(name))
        values.forEach((v, i) => {
          values[i] = Math.fround(Math.abs(v) + 0.5);
        });
      if (sample.targets?.includes(name)) {
        const C = shape[1]!;
        values.forEach((_, i) => {
          values[i] = i % C === Math.floor(draw(Math.floor(i / C)) * C) ? 1 : 0;
        });
      }
      return [name, values];
    }),
  );
}
