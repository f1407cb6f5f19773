/** What leaves a store as a table: the full history of runs, or the runs themselves. Always everything, never thinned. */
import type { HistoryRow } from "../model/history.ts";
import type { Json } from "../model/json.ts";
import { fieldValue, ownFields, type RunField } from "../model/run-field.ts";
import type { RunQuery, Store } from "../store/store.ts";

export interface ExportTable {
  readonly columns: readonly ExportColumn[];
  /** So that a table may be larger than memory. */
  readonly pages: () => AsyncIterable<ExportPage>;
}

/** Some rows, in those columns in which they may have a value: runs may have thousands of keys that others do not have. */
export interface ExportPage {
  /** Which of the table's columns, ascending. */
  readonly places: readonly number[];
  /** A cell for each of them, null where a row has no value. */
  readonly rows: readonly (readonly Json[])[];
}

export interface ExportColumn {
  readonly name: string;
  /** number: every cell is a number or null. */
  readonly kind: "number" | "any";
}

/** Rows of a full page. */
export const pageRows = 8192;

/** A row for each history row of the runs, in order: run, row, step, time (ms since the epoch), and a column for each key. */
export async function historyTable(store: Store, runIds: readonly string[]): Promise<ExportTable> {
  const hasObjects = new Map<string, boolean>();
  for (const runId of runIds) {
    for (const found of await store.listKeys(runId, "history")) {
      hasObjects.set(found.key, found.hasObjects || hasObjects.get(found.key) === true);
    }
  }
  const allKeys = [...hasObjects.keys()].sort();
  const own: readonly ExportColumn[] = [
    { name: "run", kind: "any" },
    ...["row", "step", "time"].map((name) => ({ name, kind: "number" }) as const),
  ];
  const placeOf = new Map(allKeys.map((key, i) => [key, own.length + i]));
  return {
    columns: [
      ...own,
      ...allKeys.map((name) => ({ name, kind: hasObjects.get(name) ? "any" : "number" }) as const),
    ],
    async *pages() {
      for (const runId of runIds) {
        const keys = (await store.listKeys(runId, "history"))
          .map(({ key }) => key)
          .filter((key) => placeOf.has(key));
        keys.sort();
        const places = [...own.keys(), ...keys.map((key) => placeOf.get(key)!)];
        for (let after: number | undefined = -1; after !== undefined; ) {
          const page: Awaited<ReturnType<Store["readRows"]>> = await store.readRows({
            runId,
            after,
            limit: pageRows,
          });
          if (page.rows.length > 0) yield { places, rows: page.rows.map((row) => cellsOf(runId, row, keys)) };
          after = page.next;
        }
      }
    },
  };
}

function cellsOf(
  runId: string,
  { row, step, time, values }: HistoryRow,
  keys: readonly string[],
): readonly Json[] {
  const cells = keys.map((key) => (Object.hasOwn(values, key) ? (values[key] as Json) : null));
  return [runId, row, step, time, ...cells];
}

/** A row for each run that the query finds, in its order: its own fields, then config and summary. */
export async function runsTable(
  store: Store,
  query: Omit<RunQuery, "after" | "limit">,
): Promise<ExportTable> {
  const fields = new Set<RunField>();
  for (const scope of await store.listProjects()) {
    if (query.project !== undefined && query.project !== scope.name) continue;
    const { entity, name: project } = scope;
    for (const { field } of await store.listFields({ entity, project })) fields.add(field);
  }
  const columns: readonly RunField[] = [...ownFields, ...fields];
  return {
    columns: columns.map((name) => ({ name, kind: "any" })),
    async *pages() {
      for (let after: string | undefined, isMore = true; isMore; isMore = after !== undefined) {
        const page = await store.listRuns({
          ...query,
          limit: pageRows,
          ...(after !== undefined && { after }),
        });
        if (page.runs.length > 0) {
          const rows = page.runs.map((run) => columns.map((column) => fieldValue(run, column) ?? null));
          yield { places: [...columns.keys()], rows };
        }
        after = page.next;
      }
    },
  };
}
