import { expect, test } from "vitest";
import { expectPicture, nastyName, textsOf } from "../../test/picture-checks.ts";
import type { ClassScores } from "../tables/classification-report.ts";
import { perClassFrame, perClassOption } from "./per-class.ts";
import { renderSvg } from "./render-svg.ts";

function draw(classes: readonly ClassScores[]): string {
  const frame = perClassFrame(classes);
  return renderSvg(perClassOption(classes, frame), frame);
}

test("the best F1 comes first and the axis ends at 1", () => {
  const classes = [
    { name: "Shirt", precision: 0.8, recall: 0.81, f1: 0.805, support: 1000 },
    { name: "Trouser", precision: 0.99, recall: 0.98, f1: 0.985, support: 1000 },
    { name: nastyName, precision: 0, recall: 0, f1: Number.NaN, support: 0 },
  ];
  const svg = draw(classes);
  expectPicture(svg);
  const texts = textsOf(svg);
  expect(texts.indexOf("Trouser")).toBeLessThan(texts.indexOf("Shirt"));
  expect(texts).toEqual(expect.arrayContaining(["precision", "recall", "f1", "0", "1"]));
});

test("no class is said in words", () => {
  expect(textsOf(draw([]))).toEqual(["No class was evaluated"]);
});
