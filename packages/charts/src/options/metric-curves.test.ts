import { expect, test } from "vitest";
import { expectPicture, nastyName, textsOf } from "../../test/picture-checks.ts";
import { themes } from "../theme.ts";
import { type MetricCurve, type MetricCurvesOptions, metricCurvesOption } from "./metric-curves.ts";
import { renderSvg } from "./render-svg.ts";

const frame = { width: 480, height: 300, theme: "light" } as const;

function draw(curves: readonly MetricCurve[], options: Partial<MetricCurvesOptions> = {}): string {
  return renderSvg(metricCurvesOption(curves, frame, { xName: "step", ...options }), frame);
}

function curve(name: string, y: readonly number[], colourIndex = 0): MetricCurve {
  return { name, colourIndex, x: Float64Array.from(y, (_, at) => at), y: Float64Array.from(y) };
}

test("each run has a line of its colour, and a title brings a legend", () => {
  const curves = [curve("one", [3, 2, 1]), curve(nastyName, [4, 3, 2.5], 1)];
  const svg = draw(curves, { title: "val_loss" });
  expectPicture(svg);
  expect(svg).toContain(`stroke="${themes.light.series[0]}"`);
  expect(svg).toContain(`stroke="${themes.light.series[1]}"`);
  expect(textsOf(svg)).toEqual(expect.arrayContaining(["val_loss", "one", "step"]));
  expect(textsOf(draw(curves))).not.toContain("one");
});

test("smoothing adds the measured line, faint", () => {
  const lines = (svg: string) => svg.split(`stroke="${themes.light.series[0]}"`).length - 1;
  const curves = [curve("one", [3, 1, 2, 1, 2])];
  expect(lines(draw(curves, { smoothingRadius: 2 }))).toBe(lines(draw(curves)) + 1);
});

test("what is not finite, or not above zero on a logarithmic axis, is a gap", () => {
  const odd = curve("odd", [1, Number.NaN, 2, Number.POSITIVE_INFINITY, 3, -1, 4]);
  expectPicture(draw([odd]));
  expectPicture(draw([odd], { isLogY: true, isLogX: true }));
});

test("nothing logged is said", () => {
  expect(textsOf(draw([curve("one", [])]))).toEqual(["No values have been logged yet"]);
});

test("outliers are left out of the y axis only when that is wanted", () => {
  const y = Array.from({ length: 100 }, (_, at) => 1 + at / 100);
  const curve = { name: "a", colourIndex: 0, x: y.map((_, at) => at), y: [...y.slice(0, 99), 1e17] };
  const axisOf = (options: object) =>
    metricCurvesOption([curve], frame, { xName: "step", ...options }).yAxis as { min?: number; max?: number };
  expect(axisOf({}).max).toBeUndefined();
  expect(axisOf({ hidesOutliers: true })).toMatchObject({ min: 1, max: 2.5, interval: 0.5 });
  expect(axisOf({ hidesOutliers: true, isLogY: true }).max).toBeLessThan(4);
});

test("ticks can be told apart, and are whole between few whole steps", () => {
  const labels = (y: readonly number[]) => textsOf(draw([curve("one", y)])).filter((text) => /\d/.test(text));
  for (const y of [
    [72.45371, 72.45402, 72.45449],
    [420_812_040, 420_823_040, 420_844_000],
    [1e-7, 1.00002e-7],
    [-3.00001, -3.00002],
  ]) {
    const shown = labels(y);
    expect([y, shown]).toEqual([y, [...new Set(shown)]]);
    expect(shown.length).toBeGreaterThan(4);
  }
  expect(labels([420_812_040, 420_823_040]).some((text) => /^420\.8\d+M$/.test(text))).toBe(true);
  const steps = textsOf(draw([curve("one", [10.1, 10.2, 10.3])])).filter((text) => /^\d(\.\d)?$/.test(text));
  expect(steps).toEqual(expect.arrayContaining(["0", "1", "2"]));
  expect(steps).not.toContain("0.5");
});
