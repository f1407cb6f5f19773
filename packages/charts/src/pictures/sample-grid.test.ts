import { expect, test } from "vitest";
import { countElements, expectPicture, nastyName, sampleImage, textsOf } from "../../test/picture-checks.ts";
import { sampleGrid } from "./sample-grid.ts";

test("every sample is drawn above its label", () => {
  const samples = Array.from({ length: 23 }, (_, at) => ({ image: sampleImage(at), label: `class ${at}` }));
  const svg = sampleGrid(samples, "dark");
  expectPicture(svg);
  expect(countElements(svg, "image")).toBe(23);
  expect(textsOf(svg)).toEqual(samples.map(({ label }) => label));
  expect(sampleGrid(samples, "dark")).toBe(svg);
});

test("labels are escaped and long ones cut, colour images welcome", () => {
  const image = sampleImage(1, { height: 200, width: 100, channels: 3 });
  const svg = sampleGrid([{ image, label: nastyName }]);
  expectPicture(svg);
  expect(textsOf(svg)[0]).toMatch(/^<script>.*…$/);
  expect(svg.length).toBeLessThan(40_000);
});

test("no sample is said in words", () => {
  expect(textsOf(sampleGrid([]))).toEqual(["No samples to show"]);
});
