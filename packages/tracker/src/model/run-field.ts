/**
 * What runs are filtered and sorted by, and what a column of a table of runs shows: a field of the run itself, a metric
 * of its summary, or a place in its config.
 */
import type { Json } from "./json.ts";
import { durationMs, type Run } from "./run.ts";
import { TrackerError } from "./tracker-error.ts";

/** The fields of a run that are no place in config or summary. */
export const ownFields = [
  "id",
  "name",
  "entity",
  "project",
  "group",
  "jobType",
  "tags",
  "notes",
  "state",
  "createdAt",
  "heartbeatAt",
  "finishedAt",
  "duration",
] as const;
export type OwnField = (typeof ownFields)[number];

/**
 * An own field; `summary.KEY`, where KEY is the whole rest; or `config.PATH`, where PATH is a key of config as it stands
 * or, if there is none, keys of nested objects and indices of lists joined by dots.
 */
export type RunField = OwnField | `summary.${string}` | `config.${string}`;

/** Throws bad-argument for what is no field; a bare name that is none of a run's own is a summary key. */
export function parseRunField(text: string): RunField {
  if (text === "") throw new TrackerError("bad-argument", "expected the name of a field, got nothing.");
  if (text.startsWith("config.") || text.startsWith("summary.")) return text as RunField;
  return isOwnField(text) ? text : `summary.${text}`;
}

export function isOwnField(text: string): text is OwnField {
  return (ownFields as readonly string[]).includes(text);
}

/** The value of a field, undefined where the run has none. */
export function fieldValue(run: Run, field: RunField): Json | undefined {
  if (field.startsWith("summary.")) return own(run.summary, field.slice("summary.".length));
  if (field.startsWith("config.")) return placeIn(run.config, field.slice("config.".length));
  return field === "duration" ? durationMs(run) : run[field as Exclude<OwnField, "duration">];
}

function placeIn(config: Json, path: string): Json | undefined {
  const whole = own(config, path);
  return whole !== undefined ? whole : path.split(".").reduce<Json | undefined>(own, config);
}

function own(value: Json | undefined, key: string): Json | undefined {
  if (value === null || typeof value !== "object" || !Object.hasOwn(value, key)) return undefined;
  if (Array.isArray(value) && !/^\d+$/.test(key)) return undefined;
  return (value as Readonly<Record<string, Json>>)[key];
}

/**
 * The order of values in a column, ascending: numbers from -Infinity to Infinity (true is 1, false 0), NaN, texts by
 * code point, everything else; what is missing (or null) comes last in both directions.
 */
export function compareFieldValues(
  a: Json | undefined,
  b: Json | undefined,
  direction: "asc" | "desc",
): number {
  const [rankA, valueA] = orderOf(a);
  const [rankB, valueB] = orderOf(b);
  const sign = direction === "asc" ? 1 : -1;
  if (rankA === missingRank || rankB === missingRank) return rankA - rankB;
  if (rankA !== rankB) return sign * (rankA - rankB);
  return sign * compare(valueA, valueB);
}

const missingRank = 4;

/** Where a value stands: rank first, then the value within the rank. */
export function orderOf(value: Json | undefined): readonly [rank: number, value: number | string] {
  if (value === undefined || value === null) return [missingRank, 0];
  if (typeof value === "boolean") return [0, Number(value)];
  if (typeof value === "number") return Number.isNaN(value) ? [1, 0] : [0, value];
  if (typeof value === "string") return [2, value];
  return [3, 0];
}

function compare<T extends number | string>(a: T, b: T): number {
  if (typeof a === "string") return compareCodePoints(a, b as string);
  return a < b ? -1 : a > b ? 1 : 0;
}

/** As databases compare UTF-8; `<` on strings compares UTF-16 units. */
function compareCodePoints(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  for (let i = 0; i < left.length && i < right.length; i++) {
    const difference = left[i]!.codePointAt(0)! - right[i]!.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
