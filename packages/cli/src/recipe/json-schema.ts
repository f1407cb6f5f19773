/**
 * JSON schema from the engine's tables of fields: the same tables that read recipes, so an editor offers what the
 * command line takes. A field knows its values by a function and describes them in words, hence the descriptions.
 */
import type { Field, TypeTable } from "@atelier/engine";

/** As much of JSON schema as recipes need. */
export interface JsonSchema {
  readonly $schema?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: "object" | "array" | "string" | "number";
  readonly properties?: { readonly [key: string]: JsonSchema };
  readonly required?: readonly string[];
  readonly additionalProperties?: false;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
}

/** One value. Its type is left open: the description says what fits, and the command line checks it. */
export function fieldSchema({ expected, names, fallback }: Field<unknown>): JsonSchema {
  const common = { description: expected, ...(fallback !== undefined && { default: fallback }) };
  if (names === undefined) return common;
  const isNameOnly = expected === `one of ${names.join(", ")}`;
  return isNameOnly
    ? { ...common, enum: names }
    : { ...common, anyOf: [{ enum: names }, { type: "object" }, { type: "array" }] };
}

/** A record of fields; a field without a default that is not optional is required. */
export function recordSchema(
  fields: { readonly [key: string]: Field<unknown> },
  more: { readonly [key: string]: JsonSchema } = {},
): JsonSchema {
  const required = Object.entries(fields)
    .filter(([, { optional, fallback }]) => !optional && fallback === undefined)
    .map(([key]) => key);
  const properties = Object.fromEntries(
    Object.entries(fields).map(([key, field]) => [key, more[key] ?? fieldSchema(field)]),
  );
  return {
    type: "object",
    properties,
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
}

/** Several kinds of record told apart by `type`; a kind that needs no options may be its bare name. */
export function taggedSchema(
  table: TypeTable,
  more: { readonly [type: string]: { readonly [key: string]: JsonSchema } } = {},
): JsonSchema {
  const variants = Object.entries(table).map(([type, { fields }]): JsonSchema => {
    const record = recordSchema(fields as { [key: string]: Field<unknown> }, more[type]);
    return {
      ...record,
      title: type,
      properties: { type: { const: type }, ...record.properties },
      required: ["type", ...(record.required ?? [])],
    };
  });
  const bare = variants.filter(({ required }) => required?.length === 1).map(({ title }) => title);
  return { anyOf: [...(bare.length > 0 ? [{ enum: bare }] : []), ...variants] };
}
