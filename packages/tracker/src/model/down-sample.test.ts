import fc from "fast-check";
import { expect, test } from "vitest";
import { downSample } from "./down-sample.ts";

const value = fc.oneof(
  fc.double(),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
);
const sorted = fc
  .array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 300 })
  .map((x) => x.sort((a, b) => a - b));
const series = sorted.chain((x) =>
  fc.tuple(fc.constant(x), fc.array(value, { minLength: x.length, maxLength: x.length })),
);

test("keeps first, last, minimum, maximum and what is not finite, in order", () => {
  fc.assert(
    fc.property(series, fc.integer({ min: 1, max: 120 }), ([x, y], points) => {
      const kept = downSample(x, y, points);
      if (kept === undefined) return;
      for (let i = 1; i < kept.length; i++) expect(kept[i]!).toBeGreaterThan(kept[i - 1]!);
      const finite = y.filter(Number.isFinite);
      const stays = Array.from(kept, (index) => y[index]!);
      if (finite.length > 0) {
        expect(Math.min(...stays.filter(Number.isFinite))).toBe(Math.min(...finite));
        expect(Math.max(...stays.filter(Number.isFinite))).toBe(Math.max(...finite));
      }
      for (const odd of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        expect(stays.includes(odd)).toBe(y.includes(odd));
      }
      const drawn = Array.from(kept).filter((i) => Number.isFinite(x[i]!) && Number.isFinite(y[i]!));
      expect(drawn.length).toBeLessThanOrEqual(Math.max(4, points));
    }),
    { seed: 4 },
  );
});

test("leaves short series alone and thin stretches of long ones", () => {
  const x = Float64Array.from({ length: 1000 }, (_, i) => (i < 990 ? i / 1000 : i - 980));
  const y = x.map(Math.sin);
  expect(downSample(x, y, 1000)).toBeUndefined();
  const kept = downSample(x, y, 400)!;
  expect(kept.length).toBeLessThan(40); // nearly all points are in a few buckets …
  expect(Array.from(kept.slice(-10))).toEqual([990, 991, 992, 993, 994, 995, 996, 997, 998, 999]); // … and ten are not
});
