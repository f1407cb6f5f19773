/** `--set path=value`: changes one place of a recipe before it is checked. */
import { AtelierError, nearestName } from "@atelier/engine";
import { parse as parseYaml } from "yaml";
import type { JsonSchema } from "./json-schema.ts";

export interface Setting {
  /** Keys and list indices, e.g. ["layers", "1", "rate"]. */
  readonly path: readonly string[];
  readonly value: unknown;
}

/** Reads "layers.1.rate=0.3"; the value is YAML, so lists and mappings work too. Throws bad-argument. */
export function parseSetting(text: string): Setting {
  const at = text.indexOf("=");
  const path = text.slice(0, at).trim().split(".");
  if (at < 1 || path.includes("")) {
    throw new AtelierError(
      "bad-argument",
      `--set ${text}: expected path=value, for example optimizer.learningRate=5e-4.`,
    );
  }
  try {
    return { path, value: parseYaml(text.slice(at + 1)) };
  } catch (cause) {
    const [reason] = (cause as Error).message.split("\n");
    throw new AtelierError(
      "bad-argument",
      `--set ${text}: the value is not YAML: ${reason}`.replace(/:?$/, "."),
      { cause },
    );
  }
}

/**
 * The recipe with the settings made, one after the other; the recipe itself stays as it is. A path that leads nowhere
 * is refused with the nearest name, unless the schema knows it as a key the recipe leaves out. Throws bad-argument.
 */
export function applySettings(recipe: unknown, settings: readonly Setting[], schema: JsonSchema): unknown {
  return settings.reduce(
    (changed, { path, value }) => setAt({ node: changed, schema, path, at: 0, value }),
    recipe,
  );
}

interface Place {
  readonly node: unknown;
  readonly schema: JsonSchema | undefined;
  readonly path: readonly string[];
  /** How many segments of the path lead here. */
  readonly at: number;
  readonly value: unknown;
}

function setAt({ node, schema, path, at, value }: Place): unknown {
  const segment = path[at];
  if (segment === undefined) return value;
  const isList = node === undefined && schema?.items !== undefined;
  if (Array.isArray(node) || isList) {
    const list = (node ?? []) as readonly unknown[];
    const index = listIndex(list.length, path, at);
    const changed = setAt({ node: list[index], schema: schema?.items, path, at: at + 1, value });
    return list.with(index, changed);
  }
  const record = recordAt(node, schema, path, at);
  const variant = variantFor(schema, record);
  const keys = [...new Set([...Object.keys(record), ...Object.keys(variant)])];
  if (!keys.includes(segment)) throw unknownPath(path, at, keys);
  return {
    ...record,
    [segment]: setAt({ node: record[segment], schema: variant[segment], path, at: at + 1, value }),
  };
}

function listIndex(length: number, path: readonly string[], at: number): number {
  const index = Number(path[at]);
  if (Number.isInteger(index) && index >= 0 && index < length) return index;
  const where = path.slice(0, at).join(".");
  const entries = length === 0 ? "has no entries" : `has the entries 0 to ${length - 1}`;
  throw new AtelierError("bad-argument", `--set ${path.join(".")}: ${where} ${entries}, got "${path[at]}".`);
}

/** The mapping a key is to be set in: a bare name such as `optimizer: adam` stands for { type: adam }. */
function recordAt(
  node: unknown,
  schema: JsonSchema | undefined,
  path: readonly string[],
  at: number,
): Readonly<Record<string, unknown>> {
  if (typeof node === "object" && node !== null) return node as Record<string, unknown>;
  const takesRecord = schema?.properties !== undefined || schema?.anyOf?.some(({ properties }) => properties);
  if (takesRecord && (node === undefined || node === null)) return {};
  if (takesRecord && typeof node === "string") return { type: node };
  const where = path.slice(0, at).join(".");
  throw new AtelierError(
    "bad-argument",
    `--set ${path.join(".")}: ${where} is ${JSON.stringify(node) ?? "a single value"}, which has no "${path[at]}" in it.`,
  );
}

/** The keys the schema knows for this mapping: of its `type` where there are several kinds. */
function variantFor(
  schema: JsonSchema | undefined,
  record: Readonly<Record<string, unknown>>,
): NonNullable<JsonSchema["properties"]> {
  const variants = schema?.anyOf?.filter(({ properties }) => properties) ?? [];
  const own = variants.find(({ properties }) => properties?.type?.const === record.type);
  return own?.properties ?? schema?.properties ?? Object.assign({}, ...variants.map((v) => v.properties));
}

function unknownPath(path: readonly string[], at: number, keys: readonly string[]): AtelierError {
  const nearest = nearestName(path[at]!, keys);
  const hint = nearest === undefined ? `Known are: ${keys.join(", ")}.` : `Did you mean "${nearest}"?`;
  const where = at === 0 ? "the recipe" : path.slice(0, at).join(".");
  return new AtelierError("bad-argument", `--set ${path.join(".")}: ${where} has no "${path[at]}". ${hint}`);
}
