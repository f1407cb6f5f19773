export {
  type ApiClient,
  type ApiClientOptions,
  apiClient,
  apiPath,
  decodePathPart,
  encodePathPart,
  type RequestOf,
} from "./api-client.ts";
export type { DatasetDescription, DatasetPart, DatasetSummary, ImageSample, Neighbour } from "./dataset.ts";
export { type ApiFailure, statusOf } from "./failure.ts";
export { changesEvent, encodeChanges } from "./live.ts";
export type { LayerDescription, ModelDescription } from "./model-description.ts";
export {
  type AnswerOf,
  type Api,
  type BodyOf,
  type DatasetQuery,
  type FileAnswer,
  type ParametersOf,
  type QueryOf,
  type RouteName,
  type RunListQuery,
  routes,
  type SeriesRequest,
  type Session,
} from "./routes.ts";
export { decodeSeries, encodeSeries, seriesContentType } from "./series-block.ts";
export { fromWireText, largestBodyBytes, toWireBody, toWireText } from "./wire-json.ts";
