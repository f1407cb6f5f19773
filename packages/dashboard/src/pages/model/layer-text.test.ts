import { expect, test } from "vitest";
import { layerKind, layerText } from "./layer-text.ts";

test("a layer is said by what makes it special", () => {
  const conv = {
    filters: 32,
    kernelSize: [3, 5],
    strides: [1, 1],
    padding: "same",
    activation: "relu",
    groups: 1,
  };
  expect(layerText(conv)).toBe("32 filters, 3 × 5, same, relu");
  expect(layerText({ ...conv, strides: [2, 2], padding: "valid", useBias: false })).toBe(
    "32 filters, 3 × 5, stride 2 × 2, relu, no bias",
  );
  expect(
    layerText({ units: 10, activation: { type: "leakyRelu", slope: 0.1 }, kernelRegularizer: { l2: 1e-4 } }),
  ).toBe("10 units, leakyRelu, regularised (l2)");
  expect(layerText({})).toBe("");
});

test("a layer's kind comes from its type", () => {
  const types = ["Conv2D", "Dense", "BatchNormalization", "MaxPooling2D", "Add", "Flatten"];
  expect(types.map(layerKind)).toEqual(["weights", "weights", "norm", "pool", "join", "other"]);
});
