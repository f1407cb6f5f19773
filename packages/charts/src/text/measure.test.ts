import { expect, test } from "vitest";
import { fitText, textWidth, widestText } from "./measure.ts";

const font = { size: 10 };

test("width grows with the font and its weight", () => {
  expect(textWidth("Hi", font)).toBeCloseTo(9.3);
  expect(textWidth("Hi", { size: 20 })).toBeCloseTo(18.6);
  expect(textWidth("Hi", { size: 10, weight: "bold" })).toBeGreaterThan(9.3);
  expect(textWidth("字👗", font)).toBe(20);
});

test("a text that fits stays, a longer one ends in an ellipsis and fits", () => {
  expect(fitText("Shirt", 100, font)).toBe("Shirt");
  const cut = fitText("an endless name for a class", 60, font);
  expect(cut).toMatch(/^an endless.*…$/);
  expect(textWidth(cut, font)).toBeLessThanOrEqual(60);
  expect(fitText("two\nlines", 100, font)).toBe("two lines");
});

test("the widest of none is 0", () => {
  expect(widestText([], font)).toBe(0);
});
