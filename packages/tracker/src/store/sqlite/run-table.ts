/**
 * Lists of runs. All runs of the store are kept parsed in memory, up to a number, and only what changed since is read
 * again; filters and orders are then the model's own functions.
 */
import type { Json } from "../../model/json.ts";
import { type Run, stateAt } from "../../model/run.ts";
import { compareFieldValues, fieldValue, type RunField } from "../../model/run-field.ts";
import { matchesFilter } from "../../model/run-filter.ts";
import { varyingEntrySettings } from "../../model/settings.ts";
import { isGone } from "../process-writer.ts";
import type { FieldCount, ProjectScope, RunCells, RunPage, RunQuery } from "../store.ts";
import type { Database } from "./database.ts";
import { readRun, type StoredRun } from "./run-rows.ts";

/** Beyond this many runs the oldest read ones are parsed anew for each list. */
const keptRuns = 50_000;
/** So many settings of single layers are told. */
const mostOfEntries = 200;

export class RunTable {
  readonly #database: Database;
  readonly #now: () => number;
  readonly #parsed = new Map<number, StoredRun>();

  constructor(database: Database, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  list(query: RunQuery): RunPage {
    const { matching, page, next } = this.#page(query);
    return { runs: page, total: matching.length, next };
  }

  cells(query: RunQuery, columns: readonly RunField[]): RunCells {
    const { matching, page, next } = this.#page(query);
    const rows = page.map((run) => ({
      id: run.id,
      name: run.name,
      state: run.state,
      cells: columns.map((column) => fieldValue(run, column) ?? null),
    }));
    return { rows, total: matching.length, next };
  }

  fields(scope: ProjectScope): readonly FieldCount[] {
    const counts = new Map<RunField, number>();
    const count = (field: RunField) => counts.set(field, (counts.get(field) ?? 0) + 1);
    const runs = this.#runs(scope);
    for (const run of runs) {
      for (const key in run.summary) count(`summary.${key}`);
      countLeaves(run.config, "config", count);
    }
    const ofEntries = varyingEntrySettings(runs.map(({ config }) => config)).slice(0, mostOfEntries);
    return [
      ...[...counts].map(([field, runCount]) => ({ field, runCount })),
      ...ofEntries.map(({ path, count: runCount, owner }) => ({
        field: `config.${path}` as const,
        runCount,
        ...(owner !== undefined && { owner }),
      })),
    ].sort((a, b) => (a.field < b.field ? -1 : 1));
  }

  #page({ sort = { field: "createdAt", direction: "desc" }, after, limit = 1000, ...query }: RunQuery) {
    const { filter } = query;
    const runs = this.#runs(query);
    const matching = filter === undefined ? runs : runs.filter((run) => matchesFilter(run, filter));
    const { field, direction } = sort;
    const keyed = matching.map((run) => ({ run, value: fieldValue(run, field) }));
    keyed.sort((a, b) => compareFieldValues(a.value, b.value, direction)); // stable: newest first among equals
    const start = after === undefined ? 0 : placeAfter(keyed, after);
    const page = keyed.slice(start, start + limit).map(({ run }) => run);
    const end = start + page.length;
    const next = page.length > 0 && end < keyed.length ? `${end} ${page.at(-1)!.id}` : undefined;
    return { matching, page, next };
  }

  /** The runs of a scope as of now, newest first. */
  #runs({
    entity,
    project,
  }: {
    readonly entity?: string | undefined;
    readonly project?: string | undefined;
  }): Run[] {
    const now = this.#now();
    return this.#database.read(() =>
      this.#database
        .statement(
          `SELECT run.no AS no, run.change AS change FROM run JOIN project ON project.no = run.project_no
           WHERE (:entity IS NULL OR project.entity = :entity) AND (:project IS NULL OR project.name = :project)
           ORDER BY run.no DESC`,
        )
        .all({ entity: entity ?? null, project: project ?? null })
        .map(({ no, change }) => asOf(this.#parsedRun(Number(no), Number(change)), now)),
    );
  }

  #parsedRun(no: number, change: number): Run {
    const known = this.#parsed.get(no);
    if (known?.change === change) return known.run;
    const read = readRun(this.#database, no);
    if (this.#parsed.size >= keptRuns) this.#parsed.delete(this.#parsed.keys().next().value!);
    this.#parsed.set(no, read);
    return read.run;
  }
}

/** The run as it reads at a time: crashed when it has been silent for too long, or its process is gone. */
export function asOf(run: Run, now: number): Run {
  const state = stateAt(run, now, isGone);
  return state === run.state ? run : { ...run, state };
}

/** Pages go on behind the run where the last one ended, or, when that is gone, at its place. */
function placeAfter(keyed: readonly { readonly run: Run }[], after: string): number {
  const [place, id] = [after.slice(0, after.indexOf(" ")), after.slice(after.indexOf(" ") + 1)];
  const index = keyed.findIndex(({ run }) => run.id === id);
  return index >= 0 ? index + 1 : Math.max(0, Math.trunc(Number(place)) || 0);
}

function countLeaves(value: Json, path: RunField | "config", count: (field: RunField) => void): void {
  if (value !== null && typeof value === "object" && !Array.isArray(value)) {
    for (const [key, inner] of Object.entries(value)) countLeaves(inner, `${path}.${key}` as RunField, count);
  } else if (path !== "config") {
    count(path);
  }
}
