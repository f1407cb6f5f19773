/** The thread of nearest-images.ts. */
import { parentPort } from "node:worker_threads";
import { nearest } from "./nearest.ts";
import type { NearestAnswer, NearestRequest } from "./nearest-images.ts";

const datasets = new Map<number, Uint8Array>();

parentPort!.on("message", ({ number, dataset, images, ...query }: NearestRequest) => {
  if (images) datasets.set(dataset, images);
  const answer: NearestAnswer = { number, found: nearest(datasets.get(dataset)!, query) };
  parentPort!.postMessage(answer);
});
