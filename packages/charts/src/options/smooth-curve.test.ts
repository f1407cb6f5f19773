import fc from "fast-check";
import { expect, test } from "vitest";
import { smoothCurve } from "./smooth-curve.ts";

test("radius 0 changes nothing", () => {
  expect(smoothCurve([3, 1, null, 2], 0)).toEqual([3, 1, null, 2]);
});

test("a peak stays where it is and becomes lower", () => {
  const smooth = smoothCurve([0, 0, 0, 9, 0, 0, 0], 2);
  expect(smooth.indexOf(Math.max(...smooth.map((value) => value ?? 0)))).toBe(3);
  expect(smooth).toEqual([...smooth].reverse());
  expect(smooth[3]).toBeLessThan(9);
});

test("a straight line is not shifted, at its ends neither", () => {
  const input = fc.record({
    length: fc.integer({ min: 1, max: 30 }),
    slope: fc.integer({ min: -9, max: 9 }),
    radius: fc.integer({ min: 0, max: 12 }),
    gap: fc.integer({ min: -1, max: 29 }),
  });
  fc.assert(
    fc.property(input, ({ length, slope, radius, gap }) => {
      const line = Array.from({ length }, (_, at) => (at === gap ? null : slope * at));
      smoothCurve(line, radius).forEach((value, at) => {
        if (at === gap) expect(value).toBeNull();
        else expect(value).toBeCloseTo(slope * at, 9);
      });
    }),
    { seed: 7 },
  );
});
