/** Finds recipes by name or file and reads them. */
import { readdir, readFile } from "node:fs/promises";
import { basename, extname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { AtelierError, nearestName } from "@atelier/engine";
import { parseDocument } from "yaml";
import { parseRecipe, type Recipe, recipeSchema } from "./recipe.ts";
import { applySettings, type Setting } from "./settings.ts";

const recipesFolder = fileURLToPath(new URL("../../../../recipes/", import.meta.url));

/** The recipes that come with Atelier, by name. */
export async function listRecipes(): Promise<Recipe[]> {
  const names = await recipeNames();
  return Promise.all(names.map((name) => loadRecipe(name, [], recipesFolder)));
}

/**
 * The recipe of that name, or in that YAML file (relative to `folder`), with the settings made. Throws bad-argument for
 * an unknown name, a setting without a place or a value that does not fit; bad-file for a file that is no YAML.
 */
export async function loadRecipe(
  nameOrFile: string,
  settings: readonly Setting[],
  folder: string,
): Promise<Recipe> {
  const isFile = /\.ya?ml$/i.test(nameOrFile) || /[\\/]/.test(nameOrFile);
  const path = isFile ? resolve(folder, nameOrFile) : await pathOf(nameOrFile);
  const where = isFile ? nameOrFile : `recipes/${nameOrFile}.yaml`;
  const written = readYaml(await readText(path, where), where);
  return settle({ name: basename(path, extname(path)), ...written }, settings, where);
}

/** The recipe after `--set`: what was written and what was changed are checked together. */
export function settle(written: object, settings: readonly Setting[], where: string): Recipe {
  const texts = settings.map(({ path, value }) => ` --set ${path.join(".")}=${JSON.stringify(value)}`);
  return parseRecipe(applySettings(written, settings, recipeSchema), `${where}${texts.join("")}`);
}

async function recipeNames(): Promise<string[]> {
  const files = await readdir(recipesFolder);
  return files.filter((file) => extname(file) === ".yaml").map((file) => basename(file, ".yaml"));
}

async function pathOf(name: string): Promise<string> {
  const names = await recipeNames();
  if (names.includes(name)) return resolve(recipesFolder, `${name}.yaml`);
  const nearest = nearestName(name, names);
  const hint = nearest === undefined ? `Known are: ${names.join(", ")}.` : `Did you mean "${nearest}"?`;
  throw new AtelierError(
    "bad-argument",
    `unknown recipe "${name}". ${hint} A file of your own is given by its path, for example ./${name}.yaml.`,
  );
}

function readText(path: string, where: string): Promise<string> {
  return readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === "ENOENT" ? "there is no such file" : cause.message;
    throw new AtelierError("bad-file", `${where}: cannot be read: ${reason}.`, { cause });
  });
}

function readYaml(text: string, where: string): object {
  const document = parseDocument(text, { prettyErrors: true });
  const [error] = document.errors;
  if (error !== undefined) {
    const place = error.linePos === undefined ? "" : `:${error.linePos[0].line}:${error.linePos[0].col}`;
    const reason = error.message.split(/ at line \d+/)[0];
    throw new AtelierError("bad-file", `${where}${place}: is not YAML: ${reason}.`, { cause: error });
  }
  const value: unknown = document.toJS();
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new AtelierError(
    "bad-argument",
    `${where}: expected a recipe, a mapping of keys such as layers and epochs.`,
  );
}
