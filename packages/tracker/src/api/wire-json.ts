/**
 * JSON between server and client. Numbers that JSON does not know travel as texts, as json.ts writes them, and only in
 * places where a run may have any value become numbers again: a run called "NaN" keeps its name. A property that is
 * `undefined` travels as null.
 */
import { fromJsonText, type Json, toJsonText } from "../model/json.ts";

/** No body is larger; what is, goes in parts. */
export const largestBodyBytes = 64 * 2 ** 20;

/** Properties below which any value may stand. */
const freeProperties: ReadonlySet<string> = new Set([
  "config",
  "summary",
  "values",
  "cells",
  "metadata",
  "metrics",
  "confusion",
  "value",
]);

/** The text of a body or an answer. */
export function toWireText(value: unknown): string {
  return toJsonText(value as Json);
}

/** The text of a body in which an undefined property means something: null. */
export function toWireBody(value: unknown): string {
  return JSON.stringify(value, (_, part) => {
    if (part === undefined) return null;
    return typeof part === "number" && !Number.isFinite(part) ? String(part) : part;
  });
}

/** The value of a text. Throws SyntaxError for what is no JSON. */
export function fromWireText(text: string): unknown {
  const value: Json = JSON.parse(text);
  const mayHaveNumberTexts = text.includes('"NaN"') || text.includes('Infinity"');
  return mayHaveNumberTexts ? revived(value) : value;
}

function revived(value: Json): Json {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(revived);
  const entries = Object.entries(value).map(([name, part]) => [
    name,
    freeProperties.has(name) ? fromJsonText(JSON.stringify(part)) : revived(part),
  ]);
  return Object.fromEntries(entries);
}
