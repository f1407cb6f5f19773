/** The images of a data set that are nearest to an image, found on a thread of its own: a look at every pixel of 60,000 images. */
import { Worker } from "node:worker_threads";
import type { ImageDataset } from "@atelier/engine";
import { TrackerError } from "@atelier/tracker";

export interface NearestQuery {
  readonly image: Uint8Array;
  readonly count: number;
  /** Not this one: it is the image itself. */
  readonly without: number | undefined;
}

/** Euclidean distance over pixels on the scale 0–1. */
export interface NearImage {
  readonly index: number;
  readonly distance: number;
}

export interface NearestImages extends AsyncDisposable {
  find(dataset: ImageDataset, query: NearestQuery): Promise<readonly NearImage[]>;
}

/** What the thread is asked; images are sent the first time a data set is named. */
export interface NearestRequest extends NearestQuery {
  readonly number: number;
  readonly dataset: number;
  readonly images: Uint8Array | undefined;
}

export interface NearestAnswer {
  readonly number: number;
  readonly found: readonly NearImage[];
}

/** Starts the thread with the first question. */
export function openNearestImages(): NearestImages {
  let worker: Worker | undefined;
  let lastNumber = 0;
  const waiting = new Map<
    number,
    { resolve: (found: readonly NearImage[]) => void; reject: (error: Error) => void }
  >();
  const numbers = new Map<ImageDataset, number>();
  const started = () => {
    if (worker) return worker;
    worker = new Worker(new URL("./nearest-images-worker.ts", import.meta.url));
    worker.unref();
    worker.on("message", ({ number, found }: NearestAnswer) => {
      waiting.get(number)!.resolve(found);
      waiting.delete(number);
    });
    const end = (cause?: Error) => {
      const error = new TrackerError("internal", "the thread that compares images has ended.", { cause });
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
      numbers.clear();
      worker = undefined;
    };
    worker.on("error", end);
    worker.on("exit", () => end());
    return worker;
  };
  return {
    find: (dataset, query) => {
      const thread = started();
      const isNew = !numbers.has(dataset);
      if (isNew) numbers.set(dataset, numbers.size);
      const request: NearestRequest = {
        ...query,
        number: ++lastNumber,
        dataset: numbers.get(dataset)!,
        images: isNew ? dataset.images : undefined,
      };
      return new Promise((resolve, reject) => {
        waiting.set(request.number, { resolve, reject });
        thread.postMessage(request);
      });
    },
    [Symbol.asyncDispose]: async () => {
      await worker?.terminate();
    },
  };
}
