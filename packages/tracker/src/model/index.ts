export {
  type Artifact,
  manifestText,
  type NewArtifact,
  parseArtifactName,
  type StoredFile,
  versionText,
} from "./artifact.ts";
export { comparePredictions, type PredictionComparison } from "./compare-predictions.ts";
export { downSample } from "./down-sample.ts";
export {
  decodePredictions,
  type Evaluation,
  encodePredictions,
  type Predictions,
  predictionsOf,
} from "./evaluation.ts";
export type { ConsoleLine, HistoryRow, MetricKey, RowStream, Series } from "./history.ts";
export { encodeJson, fromJsonText, type Json, type JsonObject, toJsonText } from "./json.ts";
export {
  type Goal,
  goalOf,
  type MetricDefinition,
  type SummaryRule,
  summarize,
} from "./metric-definition.ts";
export { parseRunFilter } from "./parse-run-filter.ts";
export type { Project } from "./project.ts";
export {
  crashedAfterMs,
  type DatasetInfo,
  durationMs,
  type FinalState,
  type HostInfo,
  heartbeatMs,
  type NewRun,
  type Run,
  type RunEnvironment,
  type RunState,
  type RunUpdate,
  stateAt,
  type Writer,
} from "./run.ts";
export { compareFieldValues, fieldValue, ownFields, parseRunField, type RunField } from "./run-field.ts";
export { type Comparison, matchesFilter, type RunFilter } from "./run-filter.ts";
export { newRunId, newRunName } from "./run-names.ts";
export { compareSettings, entryOf, type Setting } from "./settings.ts";
export { TrackerError, type TrackerErrorCode } from "./tracker-error.ts";
export {
  type FileReference,
  type Histogram,
  type HistoryValue,
  histogramOf,
  type ImageList,
  type TableReference,
} from "./value.ts";
