/**
 * JSON that keeps NaN and the infinities: a number that JSON cannot write becomes one of the texts "NaN", "Infinity",
 * "-Infinity", and exactly these three texts become numbers again. A text that reads so is therefore that number; -0 is 0.
 */

/** What JSON can hold, numbers that are not finite included. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

const nonFinite: ReadonlyMap<Json, number> = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
]);

/** The JSON text of a value; numbers that are not finite as texts. */
export function toJsonText(value: Json): string {
  return JSON.stringify(value, (_, part) =>
    typeof part === "number" && !Number.isFinite(part) ? String(part) : part,
  );
}

/** The value of a JSON text written by toJsonText. Throws SyntaxError for what is no JSON. */
export function fromJsonText(text: string): Json {
  // A reviver visits every value of the text and is slow: most texts have nothing for it.
  if (!text.includes('"NaN"') && !text.includes('Infinity"')) return JSON.parse(text);
  return JSON.parse(text, (_, part) => nonFinite.get(part) ?? part);
}

/**
 * A copy of what a program says, as a store keeps it: what JSON leaves out (functions, undefined) is left out. Throws
 * TypeError for what it cannot write: numbers of type bigint, objects that contain themselves.
 */
export function asStored(value: JsonObject): JsonObject {
  return fromJsonText(toJsonText(value)) as JsonObject;
}

/** A value as plain JSON can carry it: numbers that are not finite as texts. */
export function encodeJson(value: Json): Json {
  return JSON.parse(toJsonText(value));
}

/** The number that a text stands for, or the value itself. */
export function decodeScalar(value: Json): Json {
  return nonFinite.get(value) ?? value;
}
