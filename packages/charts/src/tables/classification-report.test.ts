import { expect, test } from "vitest";
import { expectPicture, nastyName, textsOf } from "../../test/picture-checks.ts";
import { classificationReportFigure } from "./classification-report.ts";

const average = { precision: 0.9, recall: 0.8, f1: 0.85, support: 2000 };

test("classes come first, then accuracy and both averages, as in scikit-learn", () => {
  const svg = classificationReportFigure({
    classes: [
      { name: "Shirt", precision: 0.8, recall: 0.7, f1: 0.746667, support: 1000 },
      { name: nastyName, precision: 1, recall: 0.9, f1: 0.947368, support: 1000 },
    ],
    accuracy: 0.8,
    macroAverage: average,
    weightedAverage: average,
  });
  expectPicture(svg);
  const texts = textsOf(svg);
  expect(texts.slice(0, 10)).toEqual(
    "class precision recall f1-score support Shirt 0.8000 0.7000 0.7467 1,000".split(" "),
  );
  expect(texts.slice(-13)).toEqual([
    ..."accuracy|0.8000|2,000".split("|"),
    ..."macro avg|0.9000|0.8000|0.8500|2,000".split("|"),
    ..."weighted avg|0.9000|0.8000|0.8500|2,000".split("|"),
  ]);
});

test("no class is said in words", () => {
  const svg = classificationReportFigure({
    classes: [],
    accuracy: Number.NaN,
    macroAverage: average,
    weightedAverage: average,
  });
  expect(textsOf(svg)).toEqual(["No classes were evaluated"]);
});
