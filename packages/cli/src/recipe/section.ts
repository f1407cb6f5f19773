/** One key of a recipe: how it is read, and what the JSON schema says of it. */
import { type Field, type Fields, readRecord } from "@atelier/engine";
import { fieldSchema, type JsonSchema, recordSchema } from "./json-schema.ts";

export interface Section<T> {
  /** Throws bad-argument; `where` names the recipe in the message. */
  readonly parse: (value: unknown, where: string) => T;
  readonly schema: JsonSchema;
  /** What an absent key stands for. Without it an absent key stays absent, unless it is `required`. */
  readonly fallback?: T;
  readonly required?: true;
}

/** A single value. A field without a default that is not optional is required. */
export function single<T>(key: string, field: Field<T>, about: string): Section<T> {
  const { fallback } = field;
  return {
    parse: (value, where) => {
      const fields = { [key]: field } as unknown as Fields<{ readonly [key: string]: T }>;
      return readRecord({ [key]: value }, where, fields)[key]!;
    },
    schema: { ...fieldSchema(field), description: `${about} Expected: ${field.expected}.` },
    ...(fallback !== undefined ? { fallback } : !field.optional && { required: true as const }),
  };
}

/** A mapping that a table of fields describes; `more` are the schemas of mappings inside it. */
export function mapping<T extends object>(
  key: string,
  fields: Fields<T>,
  about: string,
  more: { readonly [key: string]: JsonSchema } = {},
): Section<T> {
  const schema = recordSchema(fields as { readonly [key: string]: Field<unknown> }, more);
  return parsed(key, (value, where) => readRecord(value, where, fields), { ...schema, description: about });
}

/** A value with a reader of its own. */
export function parsed<T>(
  key: string,
  read: (value: unknown, where: string) => T,
  schema: JsonSchema,
): Section<T> {
  return { parse: (value, where) => read(value, `${where}: ${key}`), schema };
}
