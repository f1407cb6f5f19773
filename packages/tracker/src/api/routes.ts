/**
 * The HTTP API in one table: what can be asked of a server, what goes with it, and what comes back. The server's handlers
 * and the client's calls are both total over it. It runs in browsers too and imports nothing but plain types.
 *
 * Bodies and answers are JSON as wire-json.ts writes it, but for series (series-block.ts), events (live.ts) and files.
 * A call that fails answers with an ApiFailure and the status of its code.
 */
import type { Artifact, NewArtifact, StoredFile } from "../model/artifact.ts";
import type { Evaluation } from "../model/evaluation.ts";
import type { MetricKey, RowStream, Series } from "../model/history.ts";
import type { Project } from "../model/project.ts";
import type { NewRun, Run, RunEnvironment, RunUpdate, Writer } from "../model/run.ts";
import type { RunField } from "../model/run-field.ts";
import type {
  BlobInfo,
  Changes,
  ConsolePage,
  ConsoleQuery,
  FieldCount,
  ProjectScope,
  RowPage,
  RowQuery,
  RunBatch,
  RunCells,
  RunPage,
  SeriesQuery,
} from "../store/store.ts";
import type { DatasetDescription, DatasetSummary, ImageSample, Neighbour } from "./dataset.ts";
import type { ModelDescription } from "./model-description.ts";

/** Method and path of every call; `:name` is a parameter, `*` a path with slashes. */
export const routes = {
  readSession: "GET /api/session",
  openSession: "POST /api/session",
  closeSession: "DELETE /api/session",
  listProjects: "GET /api/projects",

  listRuns: "GET /api/runs",
  listCells: "GET /api/cells",
  listFields: "GET /api/fields",
  createRun: "POST /api/runs",
  getRun: "GET /api/runs/:runId",
  resumeRun: "POST /api/runs/:runId/resume",
  updateRun: "PATCH /api/runs/:runId",
  deleteRun: "DELETE /api/runs/:runId",
  getEnvironment: "GET /api/runs/:runId/environment",

  append: "POST /api/runs/:runId/append",
  compact: "POST /api/runs/:runId/compact",
  listKeys: "GET /api/runs/:runId/keys",
  readRows: "GET /api/runs/:runId/rows",
  readConsole: "GET /api/runs/:runId/console",
  readSeries: "POST /api/series",
  exportHistory: "GET /api/runs/:runId/history.:format",

  listFiles: "GET /api/runs/:runId/files",
  putFile: "PUT /api/runs/:runId/files",
  readFile: "GET /api/runs/:runId/files/content/*",
  findBlob: "HEAD /api/blobs/:sha256",
  readBlob: "GET /api/blobs/:sha256",
  putBlob: "PUT /api/blobs/:sha256",
  removeUnusedBlobs: "DELETE /api/blobs",

  listArtifacts: "GET /api/artifacts",
  getArtifact: "GET /api/artifacts/:name/:alias",
  listRunArtifacts: "GET /api/runs/:runId/artifacts",
  createArtifact: "POST /api/runs/:runId/artifacts",
  useArtifact: "POST /api/runs/:runId/used-artifacts",

  listEvaluations: "GET /api/evaluations",
  listRunEvaluations: "GET /api/runs/:runId/evaluations",
  putEvaluation: "PUT /api/runs/:runId/evaluations",

  readChanges: "GET /api/changes",
  followChanges: "GET /api/live",

  listDatasets: "GET /api/datasets",
  describeDataset: "GET /api/datasets/:name",
  readImage: "GET /api/datasets/:name/:part/images/:index.png",
  listNeighbours: "GET /api/datasets/:name/:part/images/:index/nearest",
  listSamples: "GET /api/datasets/:name/:part/samples",

  describeModel: "GET /api/runs/:runId/model.json",
  exportModel: "GET /api/runs/:runId/model.onnx",

  describeApi: "GET /api/openapi.json",
} as const satisfies { readonly [name in keyof Api]: string };

export type RouteName = keyof Api;

/** What each call takes besides the parameters of its path, and what it answers. */
export interface Api {
  readSession: { answer: Session };
  /** Sets a cookie, so that a browser is let in. */
  openSession: { body: { readonly key: string }; answer: Session };
  closeSession: { answer: Session };
  listProjects: { answer: readonly Project[] };

  listRuns: { query: RunListQuery; answer: RunPage };
  listCells: { query: RunListQuery & { readonly columns: readonly RunField[] }; answer: RunCells };
  listFields: { query: ProjectScope; answer: readonly FieldCount[] };
  createRun: { body: NewRun; answer: Run };
  getRun: { answer: Run };
  resumeRun: { body: Writer; answer: Run };
  updateRun: { body: RunUpdate; answer: Run };
  deleteRun: { answer: null };
  getEnvironment: { answer: RunEnvironment };

  append: { body: RunBatch; answer: null };
  compact: { answer: null };
  listKeys: { query: { readonly stream?: RowStream }; answer: readonly MetricKey[] };
  readRows: { query: Omit<RowQuery, "runId">; answer: RowPage };
  readConsole: { query: Omit<ConsoleQuery, "runId">; answer: ConsolePage };
  readSeries: { body: SeriesRequest; answer: readonly Series[] };
  /** All rows, never thinned: a file in the format jsonl, csv or parquet. */
  exportHistory: { answer: FileAnswer };

  listFiles: { answer: readonly StoredFile[] };
  putFile: { body: StoredFile; answer: null };
  readFile: { answer: FileAnswer };
  findBlob: { answer: FileAnswer };
  readBlob: { answer: FileAnswer };
  /** Sent as application/octet-stream; refused unless its SHA-256 is the one of the path. */
  putBlob: { answer: BlobInfo };
  removeUnusedBlobs: { answer: { readonly count: number; readonly sizeBytes: number } };

  listArtifacts: { query: ProjectScope; answer: readonly Artifact[] };
  getArtifact: { query: ProjectScope; answer: Artifact };
  listRunArtifacts: { answer: readonly Artifact[] };
  createArtifact: { body: NewArtifact; answer: Artifact };
  useArtifact: { body: Pick<Artifact, "entity" | "project" | "name" | "version">; answer: null };

  listEvaluations: { query: { readonly runs: readonly string[] }; answer: readonly Evaluation[] };
  listRunEvaluations: { answer: readonly Evaluation[] };
  putEvaluation: { body: Evaluation; answer: null };

  readChanges: { query: { readonly cursor?: number }; answer: Changes };
  /** Server-sent events; see live.ts. */
  followChanges: { query: { readonly cursor?: number }; answer: FileAnswer };

  listDatasets: { query: Partial<ProjectScope>; answer: readonly DatasetSummary[] };
  describeDataset: { query: DatasetQuery; answer: DatasetDescription };
  readImage: { query: DatasetQuery; answer: FileAnswer };
  listNeighbours: {
    query: DatasetQuery & { readonly count?: number };
    answer: readonly Neighbour[];
  };
  listSamples: {
    query: DatasetQuery & { readonly class?: number; readonly count?: number; readonly seed?: number };
    answer: readonly ImageSample[];
  };

  describeModel: { answer: ModelDescription };
  exportModel: { answer: FileAnswer };

  describeApi: { answer: object };
}

/** The parameters in a path. */
export type ParametersOf<N extends RouteName> = Parameters<(typeof routes)[N]>;
type Parameters<Path extends string> = { readonly [name in ParameterNames<Path>]: string };
type ParameterNames<Path extends string> = Path extends `${string}:${infer Rest}`
  ? NameAtStart<Rest> | ParameterNames<Rest>
  : Path extends `${string}*`
    ? "*"
    : never;
type NameAtStart<Text extends string> = Text extends `${infer Before}/${string}`
  ? NameAtStart<Before>
  : Text extends `${infer Before}.${string}`
    ? Before
    : Text;

export type QueryOf<N extends RouteName> = Api[N] extends { query: infer Query } ? Query : undefined;
export type BodyOf<N extends RouteName> = Api[N] extends { body: infer Body } ? Body : undefined;
export type AnswerOf<N extends RouteName> = Api[N]["answer"];

/** An answer that is the bytes of a file or a stream. */
export type FileAnswer = Uint8Array;

/** Who is asking, as far as the server is concerned. */
export interface Session {
  /** Whether this server wants an access key. */
  readonly needsKey: boolean;
  readonly isOpen: boolean;
  readonly version: string;
}

/** Which runs, in which order. Lists are given by repeating their name: `columns=name&columns=summary.loss`. */
export interface RunListQuery extends Partial<ProjectScope> {
  /** As parseRunFilter reads it, or a RunFilter as JSON. */
  readonly filter?: string;
  /** Default: createdAt, newest first. */
  readonly sort?: RunField;
  /** Default: desc. */
  readonly direction?: "asc" | "desc";
  readonly after?: string;
  readonly limit?: number;
}

export interface SeriesRequest extends SeriesQuery {
  /** How exactly y comes back; float32 is enough for drawing and takes half. Default: float64. */
  readonly precision?: "float32" | "float64";
}

/** Which of the data sets of a name, when there may be several. */
export interface DatasetQuery {
  /** Of its training images, as runs record it, or of another part, as evaluations do. */
  readonly checksum?: string;
}
