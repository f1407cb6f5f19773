import { expect, test } from "vitest";
import { expectPicture, nastyName, textsOf } from "../../test/picture-checks.ts";
import { comparisonTableFigure, type ModelResult } from "./comparison-table.ts";

const small: ModelResult = {
  name: "mlp",
  parameters: 814090,
  seconds: 10,
  imagesPerSecond: 81000,
  validationLoss: 0.3,
  validationAccuracy: 0.9,
  testLoss: null,
  testAccuracy: null,
};
const large: ModelResult = {
  ...small,
  name: nastyName,
  seconds: 60,
  validationLoss: 0.2,
  validationAccuracy: null,
};

test("the best of each column is bold, unmeasured values are dashes, unmeasured columns absent", () => {
  const svg = comparisonTableFigure([small, large]);
  expectPicture(svg);
  const bold = [...svg.matchAll(/font-weight="bold"[^>]*>([^<]*)/g)].map(([, text]) => text);
  expect(bold).toEqual(["10.0", "81,000", "81,000", "0.20000"].sort(byFirstSeen(svg)));
  expect(textsOf(svg)).toContain("–");
  expect(textsOf(svg)).not.toContain("test loss");
});

test("a single model is not the best of anything", () => {
  expect(comparisonTableFigure([small])).not.toContain("bold");
});

test("no model is said in words", () => {
  expect(textsOf(comparisonTableFigure([]))).toEqual(["No models to compare"]);
});

function byFirstSeen(svg: string): (a: string, b: string) => number {
  return (a, b) => svg.indexOf(`>${a}<`) - svg.indexOf(`>${b}<`);
}
