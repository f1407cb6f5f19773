/** Which runs are meant: conditions on fields, as data; parse-run-filter.ts reads them from text. */
import { decodeScalar, type Json } from "./json.ts";
import type { Run } from "./run.ts";
import { compareFieldValues, fieldValue, orderOf, type RunField } from "./run-field.ts";

export type Comparison = "=" | "!=" | "<" | "<=" | ">" | ">=";

/**
 * A comparison holds only between values of one kind (numbers with numbers, texts with texts), so a run without the
 * field matches no comparison but `!=`. NaN equals NaN and compares with nothing else. `contains` looks for a piece of
 * a text, without regard to case of ASCII letters, or for an entry of a list (tags).
 */
export type RunFilter =
  | { readonly and: readonly RunFilter[] }
  | { readonly or: readonly RunFilter[] }
  | { readonly not: RunFilter }
  | { readonly field: RunField; readonly is: Comparison; readonly value: number | string | boolean }
  | { readonly field: RunField; readonly contains: string }
  | { readonly field: RunField; readonly exists: boolean };

/** Whether a run is meant by a filter. */
export function matchesFilter(run: Run, filter: RunFilter): boolean {
  if ("and" in filter) return filter.and.every((part) => matchesFilter(run, part));
  if ("or" in filter) return filter.or.some((part) => matchesFilter(run, part));
  if ("not" in filter) return !matchesFilter(run, filter.not);
  const value = fieldValue(run, filter.field);
  if ("exists" in filter) return (value !== undefined && value !== null) === filter.exists;
  if ("contains" in filter) return containsText(value, filter.contains);
  return compares(value, filter.is, filter.value);
}

function containsText(value: Json | undefined, text: string): boolean {
  if (Array.isArray(value)) return value.includes(text);
  return typeof value === "string" && lowerAscii(value).includes(lowerAscii(text));
}

function lowerAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function compares(value: Json | undefined, is: Comparison, against: Json): boolean {
  const other = decodeScalar(against);
  const isSameKind = orderOf(value)[0] === orderOf(other)[0];
  const order = compareFieldValues(value, other, "asc");
  if (is === "=" || is === "!=") return (isSameKind && order === 0) === (is === "=");
  if (!isSameKind || Number.isNaN(other)) return false;
  return { "<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0 }[is];
}
