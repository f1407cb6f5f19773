/** Where a training puts its files: always a folder that holds no result yet. */
import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { AtelierError, makeFolder } from "@atelier/engine";

/** What a training writes. */
export const resultFiles = {
  /** The finished model. */
  model: "model.safetensors",
  /** All that is needed to go on; gone when the training is done. */
  checkpoint: "checkpoint.safetensors",
  /** Results, and what every epoch measured. */
  history: "history.json",
  /** The recipe with every `--set` in it. */
  recipe: "recipe.yaml",
} as const;

/**
 * Makes `out`, which must not hold a result, or by default `out/<name>-<n>` with the first n that is free; both below
 * `folder`. Throws cannot-write.
 */
export async function createResultFolder(
  out: string | undefined,
  name: string,
  folder: string,
): Promise<string> {
  if (out !== undefined) return createEmpty(resolve(folder, out), out);
  for (let n = 1; ; n++) {
    const path = join(folder, "out", `${name}-${n}`);
    if (await makeFolder(path)) return path;
  }
}

async function createEmpty(path: string, given: string): Promise<string> {
  await makeFolder(path);
  const entries = await readdir(path);
  const earlier = Object.values(resultFiles).find((file) => entries.includes(file));
  if (earlier === undefined) return path;
  throw new AtelierError(
    "cannot-write",
    `${given} holds an earlier result (${earlier}), which is left as it is; choose another --out, or go on with --resume.`,
  );
}
