/**
 * Checks of plain data from options, YAML and JSON. A record is described by one table of fields; the factories
 * (`dense(10)`) and the parsers (`parseLayers`) read through the same table, so both reject the same things in
 * the same words. Every failure is a bad-argument that says where, what was expected and what came.
 */
import { AtelierError, nearestName } from "../error.ts";

/** How one value of a record is read. */
export interface Field<T> {
  /** Completes "expected units to be …". */
  readonly expected: string;
  /** The value in its normal form, or undefined when it does not fit. Nested records throw by themselves, at `where`. */
  readonly read: (value: unknown, where?: string) => T | undefined;
  /** What the record gets when the value is absent. Without it, absence is an error unless `optional`. */
  readonly fallback?: T;
  readonly optional?: true;
  /** The names that fit, for "did you mean". */
  readonly names?: readonly string[];
}

/** A field for every key of T. */
export type Fields<T> = { readonly [K in keyof T]-?: Field<Exclude<T[K], undefined>> };

/** The same field with a value for when it is absent. */
export function withDefault<T>(field: Field<T>, fallback: T): Field<T> {
  return { ...field, fallback };
}

/** The same field, which may be absent. */
export function optional<T>(field: Field<T>): Field<T> {
  return { ...field, optional: true };
}

/** A whole number of at least `min`. */
export function wholeNumber(min: number): Field<number> {
  return {
    expected: `a whole number ≥ ${min}`,
    read: (value) =>
      Number.isSafeInteger(value) && (value as number) >= min ? (value as number) : undefined,
  };
}

/** A finite number within bounds; `above` and `below` exclude the bound itself. */
export function realNumber(
  bounds: {
    readonly min?: number;
    readonly above?: number;
    readonly max?: number;
    readonly below?: number;
  } = {},
): Field<number> {
  const { min, above, max, below } = bounds;
  const words = [
    min === undefined ? undefined : `≥ ${min}`,
    above === undefined ? undefined : `> ${above}`,
    max === undefined ? undefined : `≤ ${max}`,
    below === undefined ? undefined : `< ${below}`,
  ].filter((word) => word !== undefined);
  const fits = (x: number): boolean =>
    Number.isFinite(x) &&
    x >= (min ?? -Infinity) &&
    x <= (max ?? Infinity) &&
    (above === undefined || x > above) &&
    (below === undefined || x < below);
  return {
    expected: ["a number", words.join(" and ")].join(" ").trim(),
    read: (value) => (typeof value === "number" && fits(value) ? value : undefined),
  };
}

export const flag: Field<boolean> = {
  expected: "true or false",
  read: (value) => (typeof value === "boolean" ? value : undefined),
};

/** One of a few names. */
export function oneOf<const T extends string>(names: readonly T[]): Field<T> {
  return {
    expected: `one of ${names.join(", ")}`,
    read: (value) => names.find((name) => name === value),
    names,
  };
}

/** A number for both axes or a [vertical, horizontal] pair, read as a pair. */
export function pairOf(field: Field<number>): Field<readonly [number, number]> {
  return {
    expected: `${field.expected}, or a pair of them`,
    read: (value, where) => {
      const [a, b] = Array.isArray(value) && value.length === 2 ? value : [value, value];
      const [first, second] = [field.read(a, where), field.read(b, where)];
      return first === undefined || second === undefined ? undefined : [first, second];
    },
  };
}

/** A list of at least `min` entries. */
export function listOf<T>(field: Field<T>, min = 1): Field<readonly T[]> {
  return {
    expected: `a list of ${min} or more, each ${field.expected}`,
    read: (value, where) => {
      if (!Array.isArray(value) || value.length < min) return undefined;
      const entries = value.map((entry) => field.read(entry, where));
      return entries.includes(undefined) ? undefined : (entries as T[]);
    },
  };
}

/** A nested record, for example a regulariser; `expected` describes it to who gives something else. */
export function recordOf<T extends object>(fields: Fields<T>, expected: string): Field<T> {
  return {
    expected,
    read: (value, where = "options") => (isRecord(value) ? readRecord(value, where, fields) : undefined),
  };
}

/** `value` as a record of `fields`, in normal form: absent options filled in, nothing else kept. */
export function readRecord<T extends object>(value: unknown, where: string, fields: Fields<T>): T {
  if (!isRecord(value)) {
    throw new AtelierError("bad-argument", `${where}: expected a mapping of options, got ${show(value)}.`);
  }
  const names = Object.keys(fields);
  for (const key of Object.keys(value)) {
    if (!Object.hasOwn(fields, key) && value[key] !== undefined) {
      throw new AtelierError("bad-argument", `${where}: unknown option "${key}". ${suggest(key, names)}`);
    }
  }
  const result: Record<string, unknown> = {};
  for (const key of names) {
    const read = readField(
      Object.hasOwn(value, key) ? value[key] : undefined,
      where,
      key,
      fields[key as keyof T],
    );
    if (read !== undefined) result[key] = read;
  }
  return result as T;
}

function readField(value: unknown, where: string, key: string, field: Field<unknown>): unknown {
  if (value === undefined) {
    if (field.fallback !== undefined || field.optional) return field.fallback;
    throw new AtelierError("bad-argument", `${where}: "${key}" is missing; expected ${field.expected}.`);
  }
  const read = field.read(value, `${where} ${key}`);
  if (read !== undefined) return read;
  const hint = typeof value === "string" && field.names ? ` ${suggest(value, field.names)}` : "";
  throw new AtelierError(
    "bad-argument",
    `${where}: expected ${key} to be ${field.expected}, got ${show(value)}.${hint}`,
  );
}

/** What a `type` key chooses between: the fields of each type, without `type` itself. */
export type TypeTable = Readonly<Record<string, { readonly fields: object }>>;

/**
 * `value` as one of several kinds of record told apart by `type`; a bare name stands for that type with its
 * defaults. `kind` completes "unknown … type".
 */
export function readTagged(value: unknown, where: string, kind: string, table: TypeTable): { type: string } {
  const record = typeof value === "string" ? { type: value } : value;
  if (!isRecord(record) || typeof record.type !== "string") {
    throw new AtelierError(
      "bad-argument",
      `${where}: expected ${article(kind)} with a "type", got ${show(value)}.`,
    );
  }
  const { type, ...options } = record as { type: string };
  if (!Object.hasOwn(table, type)) {
    throw new AtelierError(
      "bad-argument",
      `${where}: unknown ${kind} type "${type}". ${suggest(type, Object.keys(table))}`,
    );
  }
  const { name } = options as { name?: unknown };
  const label = typeof name === "string" ? `${type} "${name}"` : type;
  const full = where === "" ? label : `${where} (${label})`;
  return { ...readRecord<object>(options, full, table[type]!.fields as Fields<object>), type };
}

/** `Did you mean "units"?`, or the whole choice when nothing is near. */
function suggest(wrong: string, names: readonly string[]): string {
  const nearest = nearestName(wrong, names);
  return nearest === undefined ? `Known are: ${names.join(", ")}.` : `Did you mean "${nearest}"?`;
}

/** A value as messages show it: JSON, cut to one readable line. */
export function show(value: unknown): string {
  const text = typeof value === "number" ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

function article(noun: string): string {
  return /^[aeiou]/.test(noun) ? `an ${noun}` : `a ${noun}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
