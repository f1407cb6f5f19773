export { AtelierError, type ErrorCode, nearestName } from "./error.ts";
export type { ImageDataset } from "./train/dataset.ts";
