export {
  ActiveRun,
  type FinishOptions,
  type LoggedArtifact,
  type LoggedEvaluation,
  type LoggedImage,
  type LoggedTable,
  type LogOptions,
} from "./client/active-run.ts";
export { type FileSource, type RestoredFile, restoreFiles } from "./client/files.ts";
export {
  openTracker,
  type ResumeOptions,
  type RunOptions,
  Tracker,
  type TrackerOptions,
} from "./client/open-tracker.ts";
export { type ExportColumn, type ExportTable, historyTable, runsTable } from "./export/export-table.ts";
export { parquet } from "./export/parquet.ts";
export { csv, jsonLines } from "./export/text-formats.ts";
export * from "./model/index.ts";
export { openHttpStore } from "./store/http/http-store.ts";
export { openSqliteStore, type SqliteStoreOptions } from "./store/sqlite/sqlite-store.ts";
export type {
  BlobInfo,
  BlobStore,
  ChangeKind,
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
  RunQuery,
  SeriesQuery,
  Store,
} from "./store/store.ts";
export { openStoreWorker } from "./store/worker/open-store-worker.ts";
