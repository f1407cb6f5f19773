import { expect, test } from "vitest";
import { bestValue, goalOfName, metricRank } from "./metric-sense.ts";

test("the best value is known where the name tells which way is better and values differ", () => {
  expect(bestValue([0.3, 0.2, Number.NaN, null, "x"], goalOfName("val_loss"))).toBe(0.2);
  expect(bestValue([0.3, 0.9], goalOfName("accuracy"))).toBe(0.9);
  expect(bestValue([0.3, 0.9], goalOfName("epochs"))).toBeUndefined();
  expect(bestValue([0.5, 0.5], goalOfName("accuracy"))).toBeUndefined();
  expect(bestValue([], goalOfName("accuracy"))).toBeUndefined();
});

test("results on held-out data come first", () => {
  const keys = ["seconds", "loss", "val_loss", "test_loss"];
  expect(keys.toSorted((a, b) => metricRank(a) - metricRank(b))).toEqual(keys.toReversed());
});
