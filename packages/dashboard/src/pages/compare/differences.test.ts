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

test("a setting of a layer says which kind of layer it is of, where the runs agree", () => {
  const config = (rate: number, type: string) => ({
    layers: [
      { type: "dense", units: 8 },
      { type, rate },
    ],
  });
  const ownerOf = (...configs: Parameters<typeof settingsOf>[0]) =>
    settingsOf(configs).find(({ path }) => path === "layers.1.rate")!.owner;
  expect(ownerOf(config(0.1, "dropout"), config(0, "dropout"))).toBe("dropout");
  expect(ownerOf(config(0.1, "dropout"), config(0, "noise"))).toBeUndefined();
  expect(settingsOf([{ optimizer: { type: "adam", learningRate: 1 } }])[1]!.owner).toBeUndefined();
});
