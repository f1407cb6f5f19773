import { expect, test } from "vitest";
import { settingsOf } from "./differences.ts";

test("settings of several configs are aligned by their places; those that differ are told", () => {
  const settings = settingsOf([
    { optimizer: { type: "adam", rate: 0.001 }, filters: [32, 64], seed: Number.NaN },
    { optimizer: { type: "sgd", rate: 0.001 }, filters: [32, 128], seed: Number.NaN, extra: null },
  ]);
  expect(settings.filter(({ isEqual }) => !isEqual).map(({ path, values }) => [path, values])).toEqual([
    ["optimizer.type", ["adam", "sgd"]],
    [
      "filters",
      [
        [32, 64],
        [32, 128],
      ],
    ],
    ["extra", [undefined, null]],
  ]);
  expect(settings.filter(({ isEqual }) => isEqual).map(({ path }) => path)).toEqual([
    "optimizer.rate",
    "seed",
  ]);
});
