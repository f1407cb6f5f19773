import { expect, test } from "vitest";
import { countElements, expectPicture, nastyName, sampleImage, textsOf } from "../../test/picture-checks.ts";
import { type ConfusedPair, mistakesFigure } from "./mistakes-figure.ts";

function pair(trueName: string, predictedName: string, mistakes: number): ConfusedPair {
  return {
    trueName,
    predictedName,
    count: mistakes,
    mistakes: Array.from({ length: mistakes }, (_, at) => ({ image: sampleImage(at), probability: 0.61 })),
    examples: [1, 2, 3, 4, 5].map((seed) => sampleImage(seed)),
  };
}

test("four mistakes with both names and the probability above four examples", () => {
  const svg = mistakesFigure([pair("Shirt", "Pullover", 6)]);
  expectPicture(svg);
  const texts = textsOf(svg);
  const count = (caption: string) => texts.filter((text) => text === caption).length;
  expect(texts.slice(0, 2)).toEqual(["Shirt → Pullover", "6 mistakes"]);
  expect(["True: Shirt", "Predicted: Pullover", "with 61%", "Label: Pullover"].map(count)).toEqual([
    4, 4, 4, 4,
  ]);
  expect(countElements(svg, "image")).toBe(8);
});

test("pairs keep their order, those without images are left out, names are escaped", () => {
  const svg = mistakesFigure(
    [pair("Coat", nastyName, 1), pair("Bag", "Shirt", 0), pair("Shirt", "Coat", 2)],
    "dark",
  );
  expectPicture(svg);
  const headings = textsOf(svg).filter((text) => text.includes("→"));
  expect(headings).toHaveLength(2);
  expect(headings[0]).toMatch(/^Coat → <script>/);
  expect(textsOf(svg)).toContain("1 mistake");
});

test("no mistake is said in words", () => {
  expect(textsOf(mistakesFigure([]))).toEqual(["No mistakes: every image was recognised"]);
});
