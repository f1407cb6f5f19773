import { expect, test } from "vitest";
import { expectPicture, textsOf } from "../../test/picture-checks.ts";
import { type Reliability, reliabilityFrame, reliabilityOption } from "./reliability.ts";
import { renderSvg } from "./render-svg.ts";

function draw(reliability: Reliability): string {
  const frame = reliabilityFrame();
  return renderSvg(reliabilityOption(reliability, frame), frame);
}

test("the calibration error is named and empty bins are left out", () => {
  const bins = [
    { lower: 0, upper: 0.5, count: 0, confidence: Number.NaN, accuracy: Number.NaN },
    { lower: 0.5, upper: 1, count: 10, confidence: 0.9, accuracy: 0.8 },
  ];
  const svg = draw({ bins, expectedCalibrationError: 0.1 });
  expectPicture(svg);
  expect(textsOf(svg)).toEqual(
    expect.arrayContaining(["expected calibration error 10%", "accuracy", "confidence", "answers"]),
  );
});

test("no answers are said in words", () => {
  expect(textsOf(draw({ bins: [], expectedCalibrationError: Number.NaN }))).toEqual([
    "No answers to calibrate",
  ]);
});
