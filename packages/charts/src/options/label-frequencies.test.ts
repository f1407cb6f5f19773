import { expect, test } from "vitest";
import { expectPicture, nastyName, textsOf } from "../../test/picture-checks.ts";
import { type LabelFrequencies, labelFrequenciesFrame, labelFrequenciesOption } from "./label-frequencies.ts";
import { renderSvg } from "./render-svg.ts";

function draw(frequencies: LabelFrequencies): string {
  const frame = labelFrequenciesFrame(frequencies);
  return renderSvg(labelFrequenciesOption(frequencies, frame), frame);
}

test("classes keep their order and splits are named with their totals", () => {
  const splits = [
    { name: "train", counts: [5400, 600] },
    { name: nastyName, counts: Uint32Array.of(1, 2) },
  ];
  const svg = draw({ classNames: ["Shirt", "Bag"], splits });
  expectPicture(svg);
  const texts = textsOf(svg);
  expect(texts).toContain("train (6,000)");
  expect(texts.indexOf("Shirt")).toBeLessThan(texts.indexOf("Bag"));
});

test("nothing to count is said in words", () => {
  expect(textsOf(draw({ classNames: [], splits: [] }))).toEqual(["No labels to count"]);
});
