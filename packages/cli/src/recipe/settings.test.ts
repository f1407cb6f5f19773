import { describe, expect, test } from "vitest";
import { loadRecipe } from "./load-recipe.ts";
import { recipeSchema } from "./recipe.ts";
import { applySettings, parseSetting } from "./settings.ts";

const load = (...settings: string[]) => loadRecipe("mlp-1024", settings.map(parseSetting), ".");

describe("--set", () => {
  test("reaches keys, list entries, and keys that the recipe leaves out", async () => {
    const recipe = await load(
      "optimizer.learningRate=5e-4",
      "layers.1.rate=0.25",
      "epochs=3",
      "batchSize=64",
      "augmentation.shift.pixels=2",
      "earlyStopping.patience=4",
      "normalization={mean: [0.3], std: [0.3]}",
    );
    expect(recipe).toMatchObject({
      optimizer: { type: "adam", learningRate: 5e-4 },
      layers: [{}, { type: "dropout", rate: 0.25 }, {}],
      epochs: 3,
      batchSize: 64,
      augmentation: { shift: { pixels: 2 } },
      earlyStopping: { patience: 4 },
      normalization: { mean: [0.3], std: [0.3] },
    });
  });

  test("a bare name becomes the mapping it stands for", () => {
    const changed = applySettings({ optimizer: "adam" }, [parseSetting("optimizer.beta1=0.8")], recipeSchema);
    expect(changed).toEqual({ optimizer: { type: "adam", beta1: 0.8 } });
  });

  test("leaves the recipe it changes as it was", () => {
    const recipe = { layers: [{ type: "dropout", rate: 0.1 }] };
    applySettings(recipe, [parseSetting("layers.0.rate=0.5")], recipeSchema);
    expect(recipe).toEqual({ layers: [{ type: "dropout", rate: 0.1 }] });
  });

  test.each([
    ["epoch=3", /^--set epoch: the recipe has no "epoch"\. Did you mean "epochs"\?$/],
    [
      "optimizer.lerningRate=1",
      /^--set optimizer\.lerningRate: optimizer has no "lerningRate"\. Did you mean "learningRate"\?$/,
    ],
    ["layers.7.rate=0.1", /^--set layers\.7\.rate: layers has the entries 0 to 2, got "7"\.$/],
    ["layers.first.rate=0.1", /layers has the entries 0 to 2, got "first"/],
    ["layers.1.rat=0.1", /layers\.1 has no "rat"\. Did you mean "rate"\?/],
    ["epochs.x=1", /^--set epochs\.x: epochs is 25, which has no "x" in it\.$/],
    ["lists.filters.0=3", /^--set lists\.filters\.0: lists\.filters is a single value/],
    [
      "epochs=-1",
      /^recipes\/mlp-1024\.yaml --set epochs=-1: expected epochs to be a whole number ≥ 1, got -1\.$/,
    ],
  ])("%s is refused", async (setting, message) => {
    await expect(load(setting)).rejects.toThrow(message);
  });

  test.each(["epochs", "=3", "a..b=1", "epochs=[1, 2"])("%s is no setting", (text) => {
    expect(() => parseSetting(text)).toThrow(/^--set .*(expected path=value|is not YAML)/);
  });
});
