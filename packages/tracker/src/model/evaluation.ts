/**
 * What a model answered on a data set, image by image, and what that amounts to. Kept with the run, so that a page can
 * go from a cell of the confusion matrix to its images, and compare two runs on the same images.
 */
import type { JsonObject } from "./json.ts";
import { TrackerError } from "./tracker-error.ts";

export interface Evaluation {
  readonly runId: string;
  /** Name of the data set, e.g. fashion-mnist. */
  readonly data: string;
  /** Part of it: test, validation, train. */
  readonly part: string;
  /** SHA-256 over its images and labels: equal where images correspond by position. */
  readonly dataChecksum: string;
  readonly classNames: readonly string[];
  readonly imageCount: number;
  /** At least loss and accuracy. */
  readonly metrics: JsonObject;
  /** Rows true, columns predicted. */
  readonly confusion: readonly (readonly number[])[];
  /** Blob of encodePredictions. */
  readonly predictions: { readonly sha256: string; readonly sizeBytes: number };
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** Image i of the data set's part has label labels[i], and probabilities from i·classCount on. */
export interface Predictions {
  readonly classCount: number;
  readonly labels: Uint16Array;
  /** The most probable class; of equals the first. */
  readonly predicted: Uint16Array;
  /** [N, classCount], row-major. */
  readonly probabilities: Float32Array;
}

/** "ATPR", version 1. */
const magic = 0x52505441;
const headerWords = 4;

/**
 * Little-endian, every part aligned to its element: uint32 magic, version, N, C; float32 probabilities [N, C]; uint16
 * labels [N]; uint16 predicted [N]. On little-endian machines decoding copies nothing.
 */
export function encodePredictions({ classCount, labels, predicted, probabilities }: Predictions): Uint8Array {
  const N = labels.length;
  const bytes = new Uint8Array(4 * headerWords + 4 * N * classCount + 4 * N);
  new Uint32Array(bytes.buffer, 0, headerWords).set([magic, 1, N, classCount]);
  new Float32Array(bytes.buffer, 4 * headerWords, N * classCount).set(probabilities);
  const after = 4 * headerWords + 4 * N * classCount;
  new Uint16Array(bytes.buffer, after, N).set(labels);
  new Uint16Array(bytes.buffer, after + 2 * N, N).set(predicted);
  return bytes;
}

/** Throws bad-store for bytes that encodePredictions did not write. */
export function decodePredictions(bytes: Uint8Array): Predictions {
  // A view needs its own alignment, which a slice of a larger buffer may lack.
  const { buffer, byteOffset, byteLength } = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const header = byteLength >= 4 * headerWords ? new Uint32Array(buffer, byteOffset, headerWords) : [];
  const [found, version, N = 0, classCount = 0] = header;
  const start = byteOffset + 4 * headerWords;
  if (found !== magic || version !== 1 || byteLength !== 4 * headerWords + 4 * N * classCount + 4 * N) {
    throw new TrackerError(
      "bad-store",
      "predictions: expected a whole block of predictions, got other bytes.",
    );
  }
  const after = start + 4 * N * classCount;
  return {
    classCount,
    probabilities: new Float32Array(buffer, start, N * classCount),
    labels: new Uint16Array(buffer, after, N),
    predicted: new Uint16Array(buffer, after + 2 * N, N),
  };
}

/** Predictions from probabilities [N, classCount] and labels. */
export function predictionsOf(probabilities: ArrayLike<number>, labels: ArrayLike<number>): Predictions {
  const N = labels.length;
  const classCount = N === 0 ? 0 : probabilities.length / N;
  const predicted = new Uint16Array(N);
  for (let i = 0; i < N; i++) {
    let best = 0;
    for (let c = 1; c < classCount; c++) {
      if (probabilities[i * classCount + c]! > probabilities[i * classCount + best]!) best = c;
    }
    predicted[i] = best;
  }
  return {
    classCount,
    labels: Uint16Array.from(labels),
    predicted,
    probabilities: Float32Array.from(probabilities),
  };
}
