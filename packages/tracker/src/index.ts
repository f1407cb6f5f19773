export * from "./model/index.ts";
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
