import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { workshop } from "../../test/workshop.ts";
import { listRecipes, loadRecipe } from "./load-recipe.ts";
import { parseRecipe, recipeSchema } from "./recipe.ts";
import { modelOf } from "./recipe-model.ts";
import { parseSetting } from "./settings.ts";

const small = { name: "small", input: [28, 28, 1], layers: [{ type: "dense", units: "classes" }] };

describe("recipes that come along", () => {
  test("are as large as the report says", async () => {
    const counts = (await listRecipes()).map((recipe) => [recipe.name, modelOf(recipe, 10).counts]);
    expect(Object.fromEntries(counts)).toMatchObject({
      logistic: { total: 7_850 },
      "mlp-256": { total: 203_530 },
      "mlp-512-256": { total: 535_818 },
      "mlp-1024": { total: 814_090 },
      "cnn-3": { total: 11_018 },
      "cnn-tuned": { total: 5_821_258, trainable: 5_821_002, nonTrainable: 256 },
      "cnn-small": { trainable: 292_666 },
      "cnn-lists": { total: 250_954 },
    });
  });

  test("name themselves after their file, say what they are, and point editors to the schema", async () => {
    for (const { name, description } of await listRecipes()) {
      expect(description).toMatch(/./);
      const text = await readFile(new URL(`../../../../recipes/${name}.yaml`, import.meta.url), "utf8");
      expect(text).toMatch(/^# yaml-language-server: \$schema=\.\/recipe\.schema\.json\n# \S/);
    }
  });

  test("the lists of the report's best network give its layers", async () => {
    const settings = [
      "lists.filters=[512, 512, 128, 64]",
      "lists.kernelSize=[5, 3, 7, 5]",
      "lists.batchNorm=[false, false, true, false]",
      "lists.maxPool=[2, 0, 2, 0]",
      "lists.dropout=[0, 0, 0, 0.6]",
    ].map(parseSetting);
    const lists = await loadRecipe("cnn-lists", settings, ".");
    const tuned = await loadRecipe("cnn-tuned", [], ".");
    expect(modelOf(lists, 10)).toEqual(modelOf(tuned, 10));
  });
});

test("the schema file is current (npm run schema -w @atelier/cli)", async () => {
  const text = await readFile(new URL("../../../../recipes/recipe.schema.json", import.meta.url), "utf8");
  expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(recipeSchema)));
});

test("what a recipe leaves out is filled in", () => {
  expect(parseRecipe(small, "small.yaml")).toMatchObject({
    epochs: 10,
    batchSize: 128,
    optimizer: { type: "adam", learningRate: 0.001 },
    seed: 0,
    validation: { fraction: 0.1 },
    data: "fashion-mnist",
  });
});

describe("one sentence says what is wrong with a recipe", () => {
  test.each<[string, object, RegExp]>([
    ["an unknown key", { epoch: 3 }, /^small\.yaml: unknown key "epoch"\. Did you mean "epochs"\?$/],
    [
      "a value of another kind",
      { epochs: "ten" },
      /^small\.yaml: expected epochs to be a whole number ≥ 1, got "ten"\.$/,
    ],
    [
      "a missing key",
      { input: undefined },
      /^small\.yaml: "input" is missing\. .*\[height, width, channels\]/,
    ],
    [
      "an unknown layer",
      { layers: [{ type: "dens" }] },
      /^small\.yaml: layers\[0\]: unknown layer type "dens"\. Did you mean "dense"\?$/,
    ],
    [
      "an unknown option of a layer",
      { layers: [{ type: "dropout", rat: 0.3 }] },
      /layers\[0\].*unknown option "rat"\. Did you mean "rate"\?/,
    ],
    [
      "an unknown optimiser",
      { optimizer: "adan" },
      /^small\.yaml: optimizer: unknown optimizer type "adan"\. Did you mean "adam"\?$/,
    ],
    [
      "an unknown option inside",
      { earlyStopping: { patiance: 3 } },
      /^small\.yaml: earlyStopping: unknown option "patiance"\. Did you mean "patience"\?$/,
    ],
    [
      "neither layers nor lists",
      { layers: undefined },
      /^small\.yaml: expected either layers or lists, got neither\.$/,
    ],
    [
      "lists of several lengths",
      {
        layers: undefined,
        lists: {
          filters: [8, 8],
          kernelSize: [3],
          batchNorm: [true, true],
          maxPool: [0, 0],
          dropout: [0, 0],
        },
      },
      /^small\.yaml: lists: expected kernelSize to have one entry a layer \(2, as filters has\), got 1\.$/,
    ],
    ["a name that is no folder's", { name: "../up" }, /expected name to be a name of letters/],
  ])("%s", (_, change, message) => {
    expect(() => parseRecipe({ ...small, ...change }, "small.yaml")).toThrow(message);
  });

  test("a layer that does not fit names itself", () => {
    const recipe = parseRecipe(
      { ...small, layers: ["flatten", { type: "conv2d", filters: 4, kernelSize: 3 }] },
      "x",
    );
    expect(() => modelOf(recipe, 10)).toThrow(
      /^conv2d "conv2d": expected input \[N, H, W, C\], got \[N, 784\]/,
    );
  });

  test("broken YAML says where", async () => {
    const { folder } = await workshop();
    await writeFile(join(folder, "broken.yaml"), "name: x\nlayers: [1, 2\nepochs: 3\n");
    await expect(loadRecipe("broken.yaml", [], folder)).rejects.toThrow(
      /^broken\.yaml:3:1: is not YAML: .*\.$/,
    );
    await expect(loadRecipe("./none.yaml", [], folder)).rejects.toThrow(
      /^\.\/none\.yaml: cannot be read: there is no such file\.$/,
    );
    await expect(loadRecipe("cnn3", [], folder)).rejects.toThrow(
      /^unknown recipe "cnn3"\. Did you mean "cnn-3"\?/,
    );
  });
});
