import { expect, test } from "vitest";
import { countElements, expectPicture, sampleImage, textsOf } from "../../test/picture-checks.ts";
import { classOverview } from "./class-overview.ts";

const images = (count: number) => Array.from({ length: count }, (_, at) => sampleImage(at));

test("each class has its name and three rows of images", () => {
  const svg = classOverview([
    { name: "Shirt", images: images(12) },
    { name: "Bag", images: images(5) },
    { name: "Coat", images: [] },
  ]);
  expectPicture(svg);
  expect(textsOf(svg)).toEqual(["Shirt", "Bag", "Coat"]);
  expect(countElements(svg, "image")).toBe(17);
  const rows = new Set([...svg.matchAll(/<image x="[\d.]+" y="([\d.]+)"/g)].map(([, y]) => y));
  expect(rows.size).toBe(5); // three of Shirt, two of Bag
});

test("what does not fit into three rows of 24 is left out", () => {
  expect(countElements(classOverview([{ name: "Shirt", images: images(100) }]), "image")).toBe(72);
});

test("no image is said in words", () => {
  expect(textsOf(classOverview([{ name: "Shirt", images: [] }]))).toEqual(["No images to show"]);
});
