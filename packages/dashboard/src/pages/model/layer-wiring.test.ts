import { expect, test } from "vitest";
import { wiringOf } from "./layer-wiring.ts";

const layer = (name: string, ...from: string[]) => ({ name, from });

test("a chain needs no lanes", () => {
  const wiring = wiringOf([layer("a", "input"), layer("b", "a"), layer("c", "b")]);
  expect(wiring).toEqual({ readsPrevious: [true, true, true], bypasses: [], laneCount: 0 });
});

test("what passes layers by gets a lane, the inner one where it is free", () => {
  const wiring = wiringOf([
    layer("shortcut", "input"),
    layer("left", "input"),
    layer("right", "left"),
    layer("sum", "shortcut", "right"),
    layer("next", "sum"),
    layer("last", "sum", "next", "input"),
  ]);
  expect(wiring.readsPrevious).toEqual([true, false, true, true, true, true]);
  expect(wiring.bypasses).toEqual([
    { from: -1, to: 1, lane: 0 },
    { from: 3, to: 5, lane: 0 },
    { from: 0, to: 3, lane: 1 },
    { from: -1, to: 5, lane: 2 },
  ]);
  expect(wiring.laneCount).toBe(3);
});
