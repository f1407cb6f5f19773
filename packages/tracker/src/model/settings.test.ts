import { expect, test } from "vitest";
import { compareSettings, varyingEntrySettings } from "./settings.ts";

test("settings of several configs are aligned by their places; those that differ are told", () => {
  const settings = compareSettings([
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
  const ownerOf = (...configs: Parameters<typeof compareSettings>[0]) =>
    compareSettings(configs).find(({ path }) => path === "layers.1.rate")!.owner;
  expect(ownerOf(config(0.1, "dropout"), config(0, "dropout"))).toBe("dropout");
  expect(ownerOf(config(0.1, "dropout"), config(0, "noise"))).toBeUndefined();
  expect(compareSettings([{ optimizer: { type: "adam", learningRate: 1 } }])[1]!.owner).toBeUndefined();
});

test("of the settings of layers those tell runs apart that layers of one type do not share", () => {
  const net = (rate: number, more: object = {}) => ({
    layers: [
      { type: "conv2d", filters: 8, kernelSize: [3, 3] },
      { type: "dropout", rate },
      { type: "dense", ...more },
    ],
  });
  const varying = (...configs: Parameters<typeof compareSettings>[0]) =>
    varyingEntrySettings(configs).map(({ path, count, owner }) => `${path} ${count} ${owner}`);
  expect(varying(net(0.1), net(0.1), { layers: "none" })).toEqual([]);
  expect(varying(net(0.1), net(0.2))).toEqual(["layers.1.rate 2 dropout"]);
  expect(varying(net(0.1), net(0.1, { useBias: false }))).toEqual(["layers.2.useBias 1 dense"]);
  // Other nets have other layers: only that they are others is told.
  expect(varying(net(0.1), { layers: [{ type: "dense", units: 8 }] })).toEqual(["layers.0.type 2 undefined"]);
  expect(
    varying({ branches: [{ layers: [{ units: 1 }] }] }, { branches: [{ layers: [{ units: 2 }] }] }),
  ).toEqual(["branches.0.layers.0.units 2 undefined"]);
});
