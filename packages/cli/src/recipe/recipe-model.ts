/** What the engine makes of a recipe. */
import { type FitRules, type Model, sequential } from "@atelier/engine";
import { cnnLayers } from "./cnn-lists.ts";
import { layersOf } from "./layers.ts";
import type { Recipe } from "./recipe.ts";

/** The recipe's model for data with `classes` classes. Throws shape-mismatch where layers do not fit. */
export function modelOf({ layers, lists, input, normalization }: Recipe, classes: number): Model {
  return sequential(lists === undefined ? layersOf(layers!, classes) : cnnLayers(lists, classes), {
    input,
    ...(normalization && { normalization }),
  });
}

/** The recipe's rules of training. */
export function fitRulesOf(recipe: Recipe): FitRules {
  const { name: _n, description: _d, input: _i, normalization: _m, layers: _l, lists: _s, ...rest } = recipe;
  const { validation: _v, data: _f, ...rules } = rest;
  return rules;
}
