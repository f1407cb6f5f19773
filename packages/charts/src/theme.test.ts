import { expect, test } from "vitest";
import { inkOnRamp, rampStep, rampSteps, themes } from "./theme.ts";

test.each(["light", "dark"] as const)("no two roles of the %s theme share a colour", (name) => {
  const colours = Object.values(themes[name]).flat();
  expect(new Set(colours).size).toBe(colours.length);
});

test.each(["light", "dark"] as const)("text reads on every step of the %s scales", (name) => {
  const theme = themes[name];
  for (const scale of [theme.correct, theme.wrong]) {
    expect(scale).toHaveLength(rampSteps);
    scale.forEach((colour, step) => {
      expect(contrast(colour, inkOnRamp(theme, step))).toBeGreaterThan(4);
    });
  }
});

test.each(["light", "dark"] as const)("lines and text stand out from the %s surface", (name) => {
  const theme = themes[name];
  for (const colour of theme.series) expect(contrast(colour, theme.surface)).toBeGreaterThan(3);
  for (const colour of [theme.ink, theme.muted]) expect(contrast(colour, theme.surface)).toBeGreaterThan(4.5);
});

test("shares outside of [0, 1] take the ends of a scale", () => {
  expect([-1, 0, 1, 2].map(rampStep)).toEqual([0, 0, rampSteps - 1, rampSteps - 1]);
});

/** Contrast ratio of two colours, from WCAG 2.2. */
function contrast(a: string, b: string): number {
  const [lighter, darker] = [luminance(a), luminance(b)].sort((p, q) => q - p);
  return (lighter! + 0.05) / (darker! + 0.05);
}

function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return channel <= 0.03928 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}
