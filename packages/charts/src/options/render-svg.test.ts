import { expect, test } from "vitest";
import { themes } from "../theme.ts";
import { perClassFrame, perClassOption } from "./per-class.ts";
import { renderSvg } from "./render-svg.ts";

const classes = [{ name: "Shirt", precision: 0.8, recall: 0.9, f1: 0.85, support: 10 }];

test("the same option is the same text, however often something was drawn before", () => {
  const frame = perClassFrame(classes);
  const first = renderSvg(perClassOption(classes, frame), frame);
  renderSvg(perClassOption([], frame), frame);
  expect(renderSvg(perClassOption(classes, frame), frame)).toBe(first);
  expect(first).not.toMatch(/zr\d|<style/);
});

test.each(["light", "dark"] as const)(
  "a %s picture has the size of its frame and its theme's ground",
  (theme) => {
    const frame = { width: 321, height: 123, theme };
    const svg = renderSvg(perClassOption(classes, frame), frame);
    expect(svg).toContain('<svg width="321" height="123"');
    expect(svg).toContain(`<rect width="321" height="123" x="0" y="0" fill="${themes[theme].surface}"`);
  },
);
