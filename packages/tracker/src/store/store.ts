/**
 * The contract of a store: what keeps runs, and what clients, the server and the command line see of it. It imports no
 * implementation; `test/store-contract.ts` is the suite that every implementation passes.
 *
 * - Every call that resolves has happened: it survives the death of this process, `kill -9` included. A call that
 *   rejects has changed nothing.
 * - Many processes work on one store at once, writers and readers; nobody ever sees half of a call.
 * - Writing is idempotent: the same row, line, file or artifact again changes nothing, so that a client may repeat what
 *   it is not sure of. Rows may come late and in any order.
 * - Reads see what was written by any process before the read began.
 * - Times are milliseconds since the epoch and come from the caller, but for signs of life: those are of the moment they
 *   arrive, by the store's own clock, given to it when it is opened. By that it tells which runs have crashed, however
 *   wrong the clock of their machine is, and which blobs are old.
 * - Requests and answers are plain data (typed arrays included), so that the same contract works across a thread or a
 *   socket. Long answers come in pages: a page's `next`, given as `after`, gets the following one.
 * - Names, keys, paths and notes are any text; it comes back as it was given.
 */
import type { Artifact, NewArtifact, StoredFile } from "../model/artifact.ts";
import type { Evaluation } from "../model/evaluation.ts";
import type { ConsoleLine, HistoryRow, MetricKey, RowStream, Series } from "../model/history.ts";
import type { Json } from "../model/json.ts";
import type { Project } from "../model/project.ts";
import type { NewRun, Run, RunEnvironment, RunState, RunUpdate, Writer } from "../model/run.ts";
import type { RunField } from "../model/run-field.ts";
import type { RunFilter } from "../model/run-filter.ts";

export interface Store {
  readonly blobs: BlobStore;

  /** All projects, the most recently used first. */
  listProjects(): Promise<readonly Project[]>;

  /** Makes a run, and its project if there is none. Throws conflict when the id is taken. */
  createRun(run: NewRun): Promise<Run>;
  /** Throws not-found. */
  getRun(runId: string): Promise<Run>;
  /** Throws not-found. */
  getEnvironment(runId: string): Promise<RunEnvironment>;
  /**
   * Makes a run that has ended or crashed a running one again, with another writer, from whom this is a sign of life.
   * Throws conflict while its writer is at work, not-found.
   */
  resumeRun(runId: string, writer: Writer): Promise<Run>;
  /** Throws not-found. */
  updateRun(runId: string, update: RunUpdate): Promise<Run>;
  /** Forgets a run with all its rows, lines, files and evaluations; artifacts it made stay. Throws not-found. */
  deleteRun(runId: string): Promise<void>;
  /** One page of whole runs. */
  listRuns(query: RunQuery): Promise<RunPage>;
  /** One page of runs as cells of the columns asked for: little data for large tables. */
  listCells(query: RunQuery, columns: readonly RunField[]): Promise<RunCells>;
  /**
   * The fields that runs of a project have in config (leaves) and summary, sorted, with how many runs have them. Of the settings
   * of single entries of lists (layers), of which there may be thousands, those in which runs differ, and 200 at most.
   */
  listFields(scope: ProjectScope): Promise<readonly FieldCount[]>;

  /**
   * Rows, lines and changes of one run, all or none; where its writer says it, also a sign of life. Throws conflict when
   * somebody else has become the run's writer, not-found.
   */
  append(runId: string, batch: RunBatch): Promise<void>;
  /** The keys that a run has logged, sorted. */
  listKeys(runId: string, stream: RowStream): Promise<readonly MetricKey[]>;
  /** Numbers over steps, for every run and key asked for that has any. */
  readSeries(query: SeriesQuery): Promise<readonly Series[]>;
  /** Full rows by row number, for exports, tables, images, and points that are new since a change number. */
  readRows(query: RowQuery): Promise<RowPage>;
  readConsole(query: ConsoleQuery): Promise<ConsolePage>;

  /** Says that a run has a file, replacing one of the same path. Its blob must be there. */
  putFile(runId: string, file: StoredFile): Promise<void>;
  /** Sorted by path. */
  listFiles(runId: string): Promise<readonly StoredFile[]>;

  /**
   * Makes the next version of an artifact in the run's project, or, when the newest version has the same files, gives
   * that one the aliases. An alias moves from the version that had it. All blobs must be there.
   */
  createArtifact(runId: string, artifact: NewArtifact): Promise<Artifact>;
  /** By `v3` or any alias. Throws not-found. */
  getArtifact(scope: ProjectScope & { readonly name: string; readonly alias: string }): Promise<Artifact>;
  /** Notes that a run used an artifact. Throws not-found. */
  useArtifact(
    runId: string,
    artifact: Pick<Artifact, "entity" | "project" | "name" | "version">,
  ): Promise<void>;
  /** All versions of all artifacts of a project, or those that a run made or used; newest first. */
  listArtifacts(scope: ProjectScope | { readonly runId: string }): Promise<readonly Artifact[]>;

  /** Keeps an evaluation with its run, in place of an earlier one on the same data and part. */
  putEvaluation(evaluation: Evaluation): Promise<void>;
  /** Of one run or several; newest first. */
  listEvaluations(runIds: readonly string[]): Promise<readonly Evaluation[]>;

  /**
   * What has happened since a change number: cheap enough to be asked several times a second. Without `cursor`: where
   * things stand now. New points are then read by readRows with `changedAfter` the earlier cursor.
   */
  changesSince(cursor?: number): Promise<Changes>;

  /** Makes what has been written small; safe at any time, and interrupted at any time. */
  compact(runId: string): Promise<void>;
  /** Removes blobs that nothing refers to and that are older than a day, and says how many. */
  removeUnusedBlobs(): Promise<{ readonly count: number; readonly sizeBytes: number }>;

  [Symbol.asyncDispose](): Promise<void>;
}

/** Files by the SHA-256 of their content. A file is there whole or not at all. */
export interface BlobStore {
  /** Throws bad-argument for what arrives with another SHA-256 than it was said to have, and keeps nothing then. */
  put(source: BlobSource): Promise<BlobInfo>;
  /** Undefined when there is no such blob. */
  find(sha256: string): Promise<BlobInfo | undefined>;
  /** The content, or `range` of it (end exclusive), in pieces. Throws not-found. */
  read(sha256: string, range?: { readonly start: number; readonly end: number }): AsyncIterable<Uint8Array>;
}

/** Bytes, a file of this machine, or what arrives in pieces and was said to have a SHA-256. */
export type BlobSource = Uint8Array | { readonly path: string } | ArrivingBlob;

export interface ArrivingBlob {
  readonly pieces: AsyncIterable<Uint8Array>;
  readonly sha256: string;
}

export interface BlobInfo {
  readonly sha256: string;
  readonly sizeBytes: number;
}

export interface ProjectScope {
  readonly entity: string;
  readonly project: string;
}

/** Entity and project absent: runs of all. */
export interface RunQuery {
  readonly entity?: string;
  readonly project?: string;
  readonly filter?: RunFilter;
  /** Default: createdAt, newest first. Runs of equal value: newest first. */
  readonly sort?: { readonly field: RunField; readonly direction: "asc" | "desc" };
  readonly after?: string;
  /** Default 1,000. */
  readonly limit?: number;
}

export interface RunPage {
  readonly runs: readonly Run[];
  /** How many runs match in all. */
  readonly total: number;
  readonly next: string | undefined;
}

export interface RunCells {
  readonly rows: readonly {
    readonly id: string;
    readonly name: string;
    readonly state: RunState;
    /** One a column; null where the run has no such field. */
    readonly cells: readonly Json[];
  }[];
  readonly total: number;
  readonly next: string | undefined;
}

export interface FieldCount {
  readonly field: RunField;
  readonly runCount: number;
  /** What kind of entry of a list it is a setting of, `dropout` for `config.layers.1.rate`, where all runs agree. */
  readonly owner?: string;
}

/** Everything in it is optional. */
export interface RunBatch {
  /** Who says it; absent: somebody who is not asked. */
  readonly writer?: Writer;
  readonly rows?: readonly HistoryRow[];
  readonly systemRows?: readonly HistoryRow[];
  readonly console?: readonly ConsoleLine[];
  readonly update?: RunUpdate;
}

export interface SeriesQuery {
  readonly runIds: readonly string[];
  readonly keys: readonly string[];
  /** Default: history. */
  readonly stream?: RowStream;
  /** What x is: the step (default), or the value of this key in the same row; rows without it are left out. */
  readonly xKey?: string;
  /** Only points with from ≤ x ≤ to. */
  readonly from?: number;
  readonly to?: number;
  /** At most about this many points of each series, chosen by downSample; absent: all. */
  readonly points?: number;
}

export interface RowQuery {
  readonly runId: string;
  /** Default: history. */
  readonly stream?: RowStream;
  /** Only rows with a greater number. */
  readonly after?: number;
  /** At least all rows written after this change number; some older ones may come along. */
  readonly changedAfter?: number;
  /** Only values of these keys, and rows that have one. */
  readonly keys?: readonly string[];
  /** Default 1,000. */
  readonly limit?: number;
}

export interface RowPage {
  /** Ascending by row number. */
  readonly rows: readonly HistoryRow[];
  readonly next: number | undefined;
}

export interface ConsoleQuery {
  readonly runId: string;
  /** Only lines with a greater number. */
  readonly after?: number;
  /** Or: only lines with a smaller number, the last `limit` of them, for scrolling back. */
  readonly before?: number;
  /** Default 1,000. */
  readonly limit?: number;
}

export interface ConsolePage {
  readonly lines: readonly ConsoleLine[];
  readonly next: number | undefined;
}

/** The kinds of things of a run that can change. */
export type ChangeKind = "run" | "history" | "system" | "console" | "files" | "evaluations";

export interface Changes {
  /** Give this the next time. */
  readonly cursor: number;
  readonly runs: readonly {
    readonly runId: string;
    readonly entity: string;
    readonly project: string;
    readonly kinds: readonly ChangeKind[];
  }[];
  readonly deletedRunIds: readonly string[];
}
