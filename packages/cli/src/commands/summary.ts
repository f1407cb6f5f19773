/** `atelier summary`: the layers of a recipe or a model, their shapes and parameters. */
import { type Model, summaryData, summary as summaryTable } from "@atelier/engine";
import type { Command } from "commander";
import { dataOption, debugOption, jsonOption, setOption } from "../arguments.ts";
import { classesOf } from "../data/classes-of.ts";
import { type Effects, printResult } from "../effects.ts";
import { listRecipes, loadRecipe } from "../recipe/load-recipe.ts";
import { modelOf } from "../recipe/recipe-model.ts";
import type { Setting } from "../recipe/settings.ts";
import { openModel, openRunModel } from "../tracking/open-model.ts";

export interface SummaryOptions {
  /** A recipe's name or file, a model file, or a run. */
  readonly recipe: string;
  readonly set?: readonly Setting[];
  readonly data?: string;
  readonly json?: boolean;
}

export function declareSummary(program: Command, effects: Effects): void {
  program
    .command("summary")
    .summary("show the layers of a recipe or model")
    .description(
      "Shows the layers of a recipe, a model file or a run's model: output shapes, parameters, totals.",
    )
    .argument(
      "<recipe|file|run>",
      "a recipe by name, a .yaml file, a .safetensors file, or a run by id or name",
    )
    .addOption(setOption())
    .addOption(dataOption("data set whose number of classes counts (default: the recipe's)"))
    .addOption(jsonOption())
    .addOption(debugOption())
    .action((recipe: string, options: Omit<SummaryOptions, "recipe">) =>
      summary({ ...options, recipe }, effects),
    );
}

export async function summary(options: SummaryOptions, effects: Effects): Promise<void> {
  const model = await modelFor(options, effects);
  const { rows, counts } = summaryData(model);
  printResult(effects, options.json, { layers: rows, parameters: counts }, summaryTable(model));
}

async function modelFor({ recipe: name, set = [], data }: SummaryOptions, effects: Effects): Promise<Model> {
  if (name.endsWith(".safetensors")) return (await openModel(name, effects)).file.trained.model;
  const isRecipe = name.endsWith(".yaml") || (await listRecipes()).some((recipe) => recipe.name === name);
  const ofRun = isRecipe ? undefined : await openRunModel(name, effects);
  if (ofRun) return ofRun.file.trained.model;
  const settings = data === undefined ? set : [...set, { path: ["data"], value: data }];
  const recipe = await loadRecipe(name, settings, effects.folder);
  return modelOf(recipe, await classesOf(recipe.data, effects));
}
