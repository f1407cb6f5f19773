/**
 * Writes recipes/recipe.schema.json anew, after a change to layers, optimisers or the keys of recipes:
 * npm run schema -w @atelier/cli
 */
import { writeFileSync } from "node:fs";
import { recipeSchema } from "./recipe.ts";

writeFileSync(
  new URL("../../../../recipes/recipe.schema.json", import.meta.url),
  `${JSON.stringify(recipeSchema, null, 2)}\n`,
);
