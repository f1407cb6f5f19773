import type { Json, JsonObject } from "@atelier/tracker/model";

/** The leaves of a config with their places, in its order: keys joined by dots; lists of plain values are leaves. */
export function configLeaves(config: JsonObject): readonly (readonly [path: string, value: Json])[] {
  return Object.entries(config).flatMap(([key, value]) => leavesOf(key, value));
}

function leavesOf(path: string, value: Json): readonly (readonly [string, Json])[] {
  if (value === null || typeof value !== "object") return [[path, value]];
  if (Array.isArray(value) && value.every((part) => part === null || typeof part !== "object"))
    return [[path, value]];
  const parts = Object.entries(value);
  return parts.length === 0
    ? [[path, value]]
    : parts.flatMap(([key, part]) => leavesOf(`${path}.${key}`, part));
}
