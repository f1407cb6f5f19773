export { listRecipes, loadRecipe } from "./recipe/load-recipe.ts";
export type { Recipe } from "./recipe/recipe.ts";
export { fitRulesOf, modelOf } from "./recipe/recipe-model.ts";
export { parseSetting, type Setting } from "./recipe/settings.ts";
