import { type Json, type JsonObject, toJsonText } from "@atelier/tracker/model";
import { configLeaves } from "../../parts/config-leaves.ts";

/** A place in the configs of several runs, and what each has there. */
export interface Setting {
  readonly path: string;
  /** One a run; undefined where a run has no such place. */
  readonly values: readonly (Json | undefined)[];
  readonly isEqual: boolean;
}

/** Everything that any of the configs says, in the order in which it first comes. */
export function settingsOf(configs: readonly JsonObject[]): readonly Setting[] {
  const leaves = configs.map((config) => new Map(configLeaves(config)));
  const paths = [...new Set(leaves.flatMap((own) => [...own.keys()]))];
  return paths.map((path) => {
    const values = leaves.map((own) => own.get(path));
    const texts = new Set(values.map((value) => (value === undefined ? "" : toJsonText(value))));
    return { path, values, isEqual: texts.size === 1 };
  });
}
