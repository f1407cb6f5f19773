/**
 * What only a program that knows data sets and models can add to a server. Everything here may be slow, and must not block
 * the event loop. Errors are TrackerErrors.
 */
import type {
  DatasetDescription,
  DatasetQuery,
  ImageSample,
  ModelDescription,
  Neighbour,
} from "../api/index.ts";

/** Absent: the server answers not-found where it would be asked. */
export interface Extensions {
  readonly datasets?: DatasetExtension;
  readonly models?: ModelExtension;
}

/** Which data set: only such as the server has reason to know may be opened by name. */
export type DatasetReference = DatasetQuery & { readonly name: string };

export interface DatasetExtension {
  /** Throws not-found for a data set that is unknown or no longer where it was. */
  readonly describe: (dataset: DatasetReference) => Promise<DatasetDescription>;
  /** PNG. Throws not-found. */
  readonly image: (dataset: DatasetReference, part: string, index: number) => Promise<Uint8Array>;
  /** Some images, of one class where one is given, chosen by the seed. */
  readonly samples: (
    dataset: DatasetReference,
    part: string,
    options: { readonly class?: number; readonly count: number; readonly seed: number },
  ) => Promise<readonly ImageSample[]>;
  /** The training images nearest to an image of a part, nearest first; the image itself is none of them. */
  readonly nearest: (
    dataset: DatasetReference,
    part: string,
    options: { readonly index: number; readonly count: number },
  ) => Promise<readonly Neighbour[]>;
}

export interface ModelExtension {
  /** What a run has kept or set out to train. Throws not-found where nothing says what that is. */
  readonly describe: (runId: string) => Promise<ModelDescription>;
  /** The run's best model as ONNX. Throws not-found. */
  readonly onnx: (runId: string) => Promise<Uint8Array>;
}
