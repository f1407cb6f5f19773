import { type Json, type JsonObject, toJsonText } from "@atelier/tracker/model";
import { configLeaves } from "../../parts/config-leaves.ts";

/** A place in the configs of several runs, and what each has there. */
export interface Setting {
  readonly path: string;
  /** One a run; undefined where a run has no such place. */
  readonly values: readonly (Json | undefined)[];
  readonly isEqual: boolean;
  /** What it belongs to, a dropout for `layers.2.rate`, where the runs agree on that. */
  readonly owner: string | undefined;
}

/** Everything that any of the configs says, in the order in which it first comes. */
export function settingsOf(configs: readonly JsonObject[]): readonly Setting[] {
  const leaves = configs.map((config) => new Map(configLeaves(config)));
  const paths = [...new Set(leaves.flatMap((own) => [...own.keys()]))];
  return paths.map((path) => {
    const values = leaves.map((own) => own.get(path));
    const texts = new Set(values.map((value) => (value === undefined ? "" : toJsonText(value))));
    return { path, values, isEqual: texts.size === 1, owner: ownerOf(path, leaves) };
  });
}

/** The `type` of the entry of a list that a place is in. */
function ownerOf(path: string, leaves: readonly ReadonlyMap<string, Json>[]): string | undefined {
  const entry = /^(.*\.\d+)\.(?!type$)[^.]+$/.exec(path)?.[1];
  const types = new Set(leaves.map((own) => own.get(`${entry}.type`)));
  const [type] = types;
  return types.size === 1 && typeof type === "string" ? type : undefined;
}
