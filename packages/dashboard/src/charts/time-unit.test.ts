import { expect, test } from "vitest";
import type { ChartSettings } from "./chart-settings.ts";
import { inTimeUnit } from "./time-unit.ts";

const settings: ChartSettings = {
  x: "time",
  xName: "minutes",
  xUnit: 1,
  smoothingRadius: 0,
  isLogX: false,
  isLogY: false,
  range: undefined,
  hidesOutliers: false,
};

test("time is counted in seconds, minutes or hours, as long as it is", () => {
  const shown = (minutes: number, range?: readonly [number, number]) => {
    const curve = { name: "a", colourIndex: 0, x: [0, minutes], y: [1, 2] };
    const { curves, settings: own } = inTimeUnit([curve], { ...settings, range });
    return [own.xName, curves[0]!.x[1], own.range];
  };
  expect(shown(0.5)).toEqual(["seconds", 30, undefined]);
  expect(shown(20)).toEqual(["minutes", 20, undefined]);
  expect(shown(600)).toEqual(["hours", 10, undefined]);
  expect(shown(600, [30, 90])).toEqual(["minutes", 600, [30, 90]]);
  expect(shown(600, [60, 60.5])).toEqual(["seconds", 36_000, [3600, 3630]]);
  expect(inTimeUnit([], settings).settings.xName).toBe("seconds");
});
