/** Runs and projects as rows of the database. */
import { fromJsonText, type JsonObject, toJsonText } from "../../model/json.ts";
import type { MetricDefinition } from "../../model/metric-definition.ts";
import type {
  DatasetInfo,
  NewRun,
  Run,
  RunEnvironment,
  RunState,
  RunUpdate,
  Writer,
} from "../../model/run.ts";
import { newRunName } from "../../model/run-names.ts";
import { TrackerError } from "../../model/tracker-error.ts";
import type { ChangeKind } from "../store.ts";
import { nextChange } from "./changes.ts";
import type { Database } from "./database.ts";

/** A run as stored: `running` until it says otherwise, however long it has been silent. */
export interface StoredRun {
  readonly no: number;
  readonly change: number;
  readonly run: Run;
}

const selectRun =
  "SELECT run.*, project.entity AS entity, project.name AS project FROM run JOIN project ON project.no = run.project_no";

/** Undefined when there is none. */
export function findRun(database: Database, id: string): StoredRun | undefined {
  const row = database.statement(`${selectRun} WHERE run.id = ?`).get(id);
  return row && storedRun(row);
}

export function readRun(database: Database, no: number): StoredRun {
  return storedRun(database.statement(`${selectRun} WHERE run.no = ?`).get(no)!);
}

/** The number by which tables refer to a run. Throws not-found. */
export function runNumber(database: Database, id: string): number {
  const row = database.statement("SELECT no FROM run WHERE id = ?").get(id);
  if (row === undefined) throw noSuchRun(id);
  return Number(row.no);
}

/** What is known of a run that is appended to, many times a second: no more than that needs. */
export interface RunHead {
  readonly no: number;
  readonly nextRow: number;
  readonly nextSystemRow: number;
  readonly nextConsoleLine: number;
  readonly nextStep: number;
}

/** Throws not-found, conflict when the run has another writer than the one given. */
export function runHead(database: Database, id: string, writer: Writer | undefined): RunHead {
  const head = database
    .statement(
      `SELECT no, writer, next_row AS nextRow, next_system_row AS nextSystemRow,
       next_console_line AS nextConsoleLine, next_step AS nextStep FROM run WHERE id = ?`,
    )
    .get(id) as unknown as (RunHead & { readonly writer: string | null }) | undefined;
  if (head === undefined) throw noSuchRun(id);
  if (writer && head.writer !== null && head.writer !== JSON.stringify(writer)) {
    throw beingWritten(findRun(database, id)!.run);
  }
  return head;
}

/** Why nobody else may write a run. */
export function beingWritten({ id, name, writer }: Run): TrackerError {
  const who = writer === undefined ? "another process" : `process ${writer.pid} on ${writer.host}`;
  return new TrackerError(
    "conflict",
    `run ${name} (${id}) is being written by ${who}; stop that first, or start another run.`,
  );
}

export function noSuchRun(id: string): TrackerError {
  return new TrackerError("not-found", `there is no run ${JSON.stringify(id)} in this store.`);
}

/** Inserts a run and its project. Throws conflict. Inside a transaction. */
export function insertRun(database: Database, run: NewRun, now: number): void {
  const { entity, project, createdAt } = run;
  if (findRun(database, run.id)) {
    throw new TrackerError("conflict", `there is a run ${run.id} already; resume it, or choose another id.`);
  }
  database
    .statement("INSERT INTO project (entity, name, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
    .run(entity, project, createdAt);
  const { no: projectNo, runs_made: number } = database
    .statement(
      "UPDATE project SET runs_made = runs_made + 1 WHERE entity = ? AND name = ? RETURNING no, runs_made",
    )
    .get(entity, project) as { readonly no: number; readonly runs_made: number };
  const change = nextChange(database);
  const { lastInsertRowid } = database
    .statement(
      `INSERT INTO run (id, project_no, name, group_name, job_type, tags, notes, config, summary, metrics, dataset,
       writer, state, created_at, started_at, heartbeat_at, change, run_change)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, '{}', ?, ?, ?, 'running', ?, ?, ?, ?, ?)`,
    )
    .run(
      run.id,
      projectNo,
      run.name ?? newRunName(number),
      run.group ?? null,
      run.jobType ?? null,
      toJsonText(run.tags ?? []),
      run.notes ?? "",
      toJsonText(run.config ?? {}),
      JSON.stringify(run.metrics ?? {}),
      run.dataset ? JSON.stringify(run.dataset) : null,
      run.writer ? JSON.stringify(run.writer) : null,
      createdAt,
      now,
      now,
      change,
      change,
    );
  writeEnvironment(database, Number(lastInsertRowid), run.environment ?? {});
}

/** Lets `writer` go on with a run. Inside a transaction, in which nobody else was found to be at work on it. */
export function takeOver(
  database: Database,
  no: number,
  { writer, now }: { readonly writer: Writer; readonly now: number },
): void {
  const started = { state: "running", error: null, finished_at: null, heartbeat_at: now };
  const change = nextChange(database);
  setRunColumns(database, no, { ...started, writer: JSON.stringify(writer), change, run_change: change });
}

/** Changes what `update` says of a run, and `more`. Inside a transaction. */
export function changeRun(
  database: Database,
  no: number,
  update: RunUpdate,
  more: RunColumns & { readonly change: number },
): void {
  const values: Record<string, string | number | null> = {};
  for (const [key, value] of Object.entries(update)) {
    const column = columns[key as keyof typeof columns];
    if (column === undefined) continue;
    values[column.name] = value === undefined ? null : column.isJson ? toJsonText(value) : value;
  }
  if (update.environment) writeEnvironment(database, no, update.environment);
  setRunColumns(database, no, { ...values, run_change: more.change, ...more });
}

/** Says that something of a run changed in the transaction under way. */
export function noteChange(database: Database, no: number, kind: ChangeKind): void {
  const change = nextChange(database);
  setRunColumns(database, no, { change, [`${kind}_change`]: change });
}

/** Columns of a run by name. */
export interface RunColumns {
  readonly [name: string]: string | number | null;
}

/** All of them at once: each writing of a run's row also moves it in an index. */
export function setRunColumns(database: Database, no: number, values: RunColumns): void {
  const assignments = Object.keys(values).map((name) => `${name} = :${name}`);
  database.statement(`UPDATE run SET ${assignments.join(", ")} WHERE no = :no`).run({ ...values, no });
}

/** Where each part of an update is kept; environments have their own table. */
const columns: {
  readonly [K in Exclude<keyof RunUpdate, "environment">]-?: {
    readonly name: string;
    readonly isJson?: true;
  };
} = {
  name: { name: "name" },
  group: { name: "group_name" },
  jobType: { name: "job_type" },
  tags: { name: "tags", isJson: true },
  notes: { name: "notes" },
  config: { name: "config", isJson: true },
  summary: { name: "summary", isJson: true },
  metrics: { name: "metrics", isJson: true },
  dataset: { name: "dataset", isJson: true },
  state: { name: "state" },
  finishedAt: { name: "finished_at" },
  error: { name: "error" },
};

function writeEnvironment(database: Database, no: number, environment: RunEnvironment): void {
  database.statement("INSERT OR REPLACE INTO environment VALUES (?, ?)").run(no, JSON.stringify(environment));
}

/** Throws not-found. */
export function readEnvironment(database: Database, id: string): RunEnvironment {
  const no = runNumber(database, id);
  const row = database.statement("SELECT content FROM environment WHERE run_no = ?").get(no)!;
  return JSON.parse(String(row.content));
}

type Row = Readonly<Record<string, unknown>>;

function storedRun(row: Row): StoredRun {
  const text = (name: string) => row[name] as string;
  const number = (name: string) => row[name] as number;
  const optional = <T>(name: string) => (row[name] ?? undefined) as T | undefined;
  const dataset = optional<string>("dataset");
  const writer = optional<string>("writer");
  const run: Run = {
    id: text("id"),
    name: text("name"),
    entity: text("entity"),
    project: text("project"),
    group: optional("group_name"),
    jobType: optional("job_type"),
    tags: JSON.parse(text("tags")) as readonly string[],
    notes: text("notes"),
    config: fromJsonText(text("config")) as JsonObject,
    summary: fromJsonText(text("summary")) as JsonObject,
    metrics: JSON.parse(text("metrics")) as Readonly<Record<string, MetricDefinition>>,
    dataset: dataset === undefined ? undefined : (JSON.parse(dataset) as DatasetInfo),
    writer: writer === undefined ? undefined : (JSON.parse(writer) as Writer),
    state: text("state") as RunState,
    createdAt: number("created_at"),
    startedAt: number("started_at"),
    heartbeatAt: number("heartbeat_at"),
    finishedAt: optional("finished_at"),
    error: optional("error"),
    next: {
      row: number("next_row"),
      systemRow: number("next_system_row"),
      consoleLine: number("next_console_line"),
      step: number("next_step"),
    },
  };
  return { no: number("no"), change: number("change"), run };
}
