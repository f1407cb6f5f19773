import { expect, test } from "vitest";
import { expectPicture, nastyName, textsOf } from "../../test/picture-checks.ts";
import { modelTableFigure } from "./model-table.ts";

test("layers with their shapes, and the totals below", () => {
  const svg = modelTableFigure({
    layers: [
      { name: "conv2d", type: "Conv2D", outputShape: [28, 28, 512], parameters: 13312 },
      { name: nastyName, type: "Flatten", outputShape: [3136], parameters: 0 },
    ],
    parameters: 5821258,
    trainableParameters: 5821002,
  });
  expectPicture(svg);
  const texts = textsOf(svg);
  expect(texts).toEqual(
    expect.arrayContaining(["conv2d (Conv2D)", "(None, 28, 28, 512)", "13,312", "(None, 3136)"]),
  );
  expect(texts.slice(-3)).toEqual([
    "Total params: 5,821,258",
    "Trainable params: 5,821,002",
    "Non-trainable params: 256",
  ]);
});

test("no layer is said in words", () => {
  expect(textsOf(modelTableFigure({ layers: [], parameters: 0, trainableParameters: 0 }))).toEqual([
    "This model has no layers",
  ]);
});
