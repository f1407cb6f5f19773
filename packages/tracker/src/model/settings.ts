/**
 * Settings: the leaves of configs. A place is called the same everywhere, in tables, comparisons and on the command line: keys
 * and indices joined by dots, `layers.1.rate`, and beside it what kind of entry it is a setting of, `dropout`.
 */
import { type Json, type JsonObject, toJsonText } from "./json.ts";

/** The leaves of a config with their places, in its order; lists of plain values are leaves. */
function configLeaves(config: JsonObject): readonly (readonly [path: string, value: Json])[] {
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

/** The entry of a list that a place is in, and its place there: `layers.1` and `rate`. Undefined for a place in none. */
export function entryOf(path: string): readonly [entry: string, rest: string] | undefined {
  const found = /^(.*\.\d+)\.(.+)$/.exec(path);
  return found === null ? undefined : [found[1]!, found[2]!];
}

/** A place in the configs of several runs, and what each has there. */
export interface Setting {
  readonly path: string;
  /** One a run; undefined where a run has no such place. */
  readonly values: readonly (Json | undefined)[];
  readonly isEqual: boolean;
  /** What it belongs to, a dropout for `layers.2.rate`, where the runs agree on that. */
  readonly owner: string | undefined;
}

/** Everything that any of the configs says, in the order in which it first comes. */
export function compareSettings(configs: readonly JsonObject[]): readonly Setting[] {
  const leaves = configs.map((config) => new Map(configLeaves(config)));
  const paths = [...new Set(leaves.flatMap((own) => [...own.keys()]))];
  return paths.map((path) => {
    const values = leaves.map((own) => own.get(path));
    const texts = new Set(values.map((value) => (value === undefined ? "" : toJsonText(value))));
    const [entry, rest] = entryOf(path) ?? [];
    const owners = new Set(leaves.map((own) => own.get(`${entry}.type`)));
    return { path, values, isEqual: texts.size === 1, owner: rest === "type" ? undefined : onlyText(owners) };
  });
}

function onlyText(values: ReadonlySet<Json | undefined>): string | undefined {
  const [value] = values;
  return values.size === 1 && typeof value === "string" ? value : undefined;
}

/** A setting of an entry of a list that tells configs apart. */
export interface EntrySetting {
  readonly path: string;
  /** How many configs have it. */
  readonly count: number;
  readonly owner: string | undefined;
}

/** What has been seen of one setting, by the type of the entries that have it. */
interface Seen {
  count: number;
  readonly byType: Map<Json | undefined, { count: number; readonly text: string; differs: boolean }>;
}

/**
 * The settings of entries of lists (layers) in which entries of one place and type are not all the same; those that most configs
 * have first. Deep nets have thousands of settings, and what all share tells nothing.
 */
export function varyingEntrySettings(configs: Iterable<JsonObject>): readonly EntrySetting[] {
  const settings = new Map<string, Seen>();
  const entries = new Map<string, Map<Json | undefined, number>>();
  for (const { path: at, value: whole, count } of distinctEntries(configs)) {
    const leaves = leavesOf(at, whole);
    const types = new Map(leaves.filter(([path]) => path.endsWith(".type")));
    const own = new Set<string>();
    for (const [path, value] of leaves) {
      const [entry] = entryOf(path) ?? [];
      if (entry === undefined) continue;
      own.add(entry);
      note(settings, path, { text: toJsonText(value), type: types.get(`${entry}.type`), count });
    }
    for (const entry of own) {
      const counts = entries.get(entry) ?? new Map<Json | undefined, number>();
      const type = types.get(`${entry}.type`);
      entries.set(entry, counts.set(type, (counts.get(type) ?? 0) + count));
    }
  }
  return [...settings]
    .filter(([path, seen]) => varies(path, seen, entries.get(entryOf(path)![0])!))
    .map(([path, { count, byType }]) => ({
      path,
      count,
      owner: path.endsWith(".type") ? undefined : onlyText(new Set(byType.keys())),
    }))
    .sort((a, b) => b.count - a.count);
}

/** The entries of lists with their places, each once for all the configs that have the same there: of many runs few are others. */
function distinctEntries(configs: Iterable<JsonObject>) {
  const found = new Map<string, { readonly path: string; readonly value: Json; count: number }>();
  const visit = (path: string, value: Json) => {
    if (value === null || typeof value !== "object") return;
    const isList = Array.isArray(value);
    for (const [key, part] of Object.entries(value)) {
      const place = path === "" ? key : `${path}.${key}`;
      if (!isList) visit(place, part);
      else if (part !== null && typeof part === "object") {
        const text = `${place} ${toJsonText(part)}`;
        const seen = found.get(text);
        if (seen === undefined) found.set(text, { path: place, value: part, count: 1 });
        else seen.count++;
      }
    }
  };
  for (const config of configs) visit("", config);
  return found.values();
}

function note(
  settings: Map<string, Seen>,
  path: string,
  { text, type, count }: { readonly text: string; readonly type: Json | undefined; readonly count: number },
): void {
  const seen: Seen = settings.get(path) ?? { count: 0, byType: new Map() };
  settings.set(path, seen);
  seen.count += count;
  const before = seen.byType.get(type);
  if (before === undefined) seen.byType.set(type, { count, text, differs: false });
  else {
    before.count += count;
    before.differs ||= before.text !== text;
  }
}

/** Whether entries of one type differ in a setting, or only some of them have it; and of their types, whether there are several. */
function varies(path: string, { byType }: Seen, entries: ReadonlyMap<Json | undefined, number>): boolean {
  if (entryOf(path)![1] === "type") return entries.size > 1;
  return [...byType].some(([type, { count, differs }]) => differs || count < entries.get(type)!);
}
