import { expect, test } from "vitest";
import { steadyClock } from "./clock.ts";

test("a clock set back does not take time back; set forward it follows", () => {
  const times = [10, 20, 5, 6, 100, 90, 91];
  const clock = steadyClock(() => times.shift()!);
  expect(Array.from({ length: 7 }, clock)).toEqual([10, 20, 20, 21, 115, 115, 116]);
});
