import { expect, test } from "vitest";
import { formatCount, formatDecimal, formatPercent } from "./format.ts";

test("numbers are written as in the tables", () => {
  expect(formatCount(5821258)).toBe("5,821,258");
  expect(formatDecimal(0.9361, 5)).toBe("0.93610");
  expect([0, 0.004, 0.0996, 0.61, 0.99996, 1].map(formatPercent)).toEqual([
    "0%",
    "0.4%",
    "10%",
    "61%",
    "99.9%",
    "100%",
  ]);
});

test("what is no number is a dash", () => {
  expect([formatCount(null), formatDecimal(Number.NaN, 2), formatPercent(Number.POSITIVE_INFINITY)]).toEqual([
    "–",
    "–",
    "–",
  ]);
});
