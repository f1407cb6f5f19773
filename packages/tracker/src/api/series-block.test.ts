import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeSeries, encodeSeries } from "./series-block.ts";

const number = fc.oneof(
  fc.double(),
  fc.float(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.constantFrom(-0, 2 ** 53 + 2),
);
const column = (length: number) =>
  fc
    .oneof(
      fc.array(number, { minLength: length, maxLength: length }),
      fc
        .tuple(fc.maxSafeInteger(), fc.array(fc.nat(), { minLength: length, maxLength: length }))
        .map(([base, values]) => values.map((value) => base + value)),
    )
    .map((values) => Float64Array.from(values));
const series = fc.nat(9).chain((length) =>
  fc.record({
    runId: fc.string({ unit: "binary" }),
    key: fc.string({ unit: "binary" }),
    x: column(length),
    y: column(length),
    time: column(length),
    total: fc.nat(),
    isDownSampled: fc.boolean(),
  }),
);

test("any series come back as they were, wherever the bytes lie", () => {
  fc.assert(
    fc.property(fc.array(series, { maxLength: 4 }), fc.nat(9), (all, shift) => {
      const bytes = encodeSeries(all);
      const elsewhere = new Uint8Array(bytes.length + shift);
      elsewhere.set(bytes, shift);
      expect(decodeSeries(elsewhere.subarray(shift))).toEqual(all);
    }),
    { seed: 4 },
  );
});

test("steps and times take four bytes each, and for drawing values do, too", () => {
  const x = Float64Array.from({ length: 1000 }, (_, i) => i);
  const time = x.map((step) => 1.7e12 + 250 * step);
  const one = { runId: "a", key: "loss", x, y: x.map(Math.sin), time, total: 1000, isDownSampled: false };
  expect(encodeSeries([one], "float32").length).toBeLessThan(12 * 1000 + 400);
  const [drawn] = decodeSeries(encodeSeries([one], "float32"));
  expect(drawn!.x).toEqual(x);
  expect(drawn!.time).toEqual(time);
  expect(drawn!.y).toEqual(one.y.map(Math.fround));
});

test("other bytes are refused", () => {
  expect(() => decodeSeries(new Uint8Array(20))).toThrow("expected a block of series");
  expect(() => decodeSeries(new Uint8Array(3))).toThrow("expected a block of series");
});
