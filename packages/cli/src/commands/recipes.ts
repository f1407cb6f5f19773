/** `atelier recipes`: what can be trained by name. */
import type { Command } from "commander";
import { debugOption, jsonOption } from "../arguments.ts";
import { type Effects, printResult } from "../effects.ts";
import { listRecipes } from "../recipe/load-recipe.ts";

export interface RecipesOptions {
  readonly json?: boolean;
}

export function declareRecipes(program: Command, effects: Effects): void {
  program
    .command("recipes")
    .summary("list the recipes that come with Atelier")
    .description("Lists the recipes that come with Atelier, with a line on each.")
    .addOption(jsonOption())
    .addOption(debugOption())
    .action((options: RecipesOptions) => recipes(options, effects));
}

export async function recipes({ json }: RecipesOptions, effects: Effects): Promise<void> {
  const all = (await listRecipes()).map(({ name, description = "" }) => ({ name, description }));
  const width = Math.max(...all.map(({ name }) => name.length));
  const text = all.map(({ name, description }) => `${name.padEnd(width)}  ${description}`).join("\n");
  printResult(effects, json, { recipes: all }, text);
}
