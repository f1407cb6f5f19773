/** Evaluating 10,000 images against onnxruntime-node on the exported model, and the time a single image takes. */
import {
  evaluate,
  exportModel,
  fit,
  type ImageDataset,
  measureStep,
  type TrainedModel,
} from "@atelier/engine";
import { limitDataset } from "@atelier/vision";
import { InferenceSession, Tensor } from "onnxruntime-node";
import type { Part, Workbench } from "./part.ts";
import { median, rounded, table } from "./statistics.ts";
import { openConfiguration, settle } from "./turns.ts";

/** Batch sizes that ONNX Runtime is tried with; it keeps the one it is fastest at. */
const batchSizes = [1, 16, 64, 250, 1000];

export async function measureInference(bench: Workbench): Promise<Part> {
  const { recipes, train, test, executor, rounds, report } = bench;
  const rows = [];
  for (const name of new Set(recipes.map((recipe) => recipe.split("@")[0]!))) {
    const { model, rules } = await openConfiguration(name, train.classNames.length);
    const training = fit(model, limitDataset(train, 256, 1), {
      ...rules,
      batchSize: 64,
      epochs: 1,
      executor,
    });
    for await (const _ of training);
    const { trained } = training;
    training.close();
    const ours: number[] = [];
    const theirs: number[] = [];
    let evaluation = await evaluate(trained, limitDataset(test, 1000, 1), { executor }); // warm-up
    const slow = evaluation.imagesPerSecond < 5000;
    const images = slow ? limitDataset(test, 2000, 1) : test;
    const onnx = await OnnxEvaluation.open(trained, images, executor.threads);
    for (let round = 0; round < (slow ? 1 : rounds); round++) {
      await settle();
      evaluation = await evaluate(trained, images, { executor });
      ours.push(evaluation.imagesPerSecond);
      theirs.push(await onnx.evaluate());
    }
    const difference = onnx.largestDifference(evaluation.probabilities);
    if (!(difference < 1e-3))
      throw new Error(`${name}: probabilities differ by ${difference} from ONNX Runtime's`);
    await settle();
    const single = await measureStep(model, { purpose: "evaluate", batchSize: 1 }, executor, 0.3);
    const onnxSingle = await onnx.secondsOf(1, 0.3);
    rows.push({
      recipe: name,
      ours,
      onnxruntime: theirs,
      onnxruntimeBatch: onnx.batchSize,
      singleSeconds: single.step,
      onnxruntimeSingleSeconds: onnxSingle,
    });
    report(`  ${name}: ${rounded(median(ours))} and ${rounded(median(theirs))} images/s`);
    await onnx.close();
  }
  const text = `Evaluating 10,000 images (2,000 where a model is slow) from bytes to probabilities, images a second; ONNX Runtime runs the
exported model in the batches it is fastest at. A single image: one step of evaluation in native code, and one call of ONNX
Runtime.

${table(
  ["recipe", "Atelier", "ONNX Runtime", "its batch", "ratio", "a single image", "ONNX Runtime"],
  rows.map((row) => [
    row.recipe,
    rounded(median(row.ours)),
    rounded(median(row.onnxruntime)),
    String(row.onnxruntimeBatch),
    `${(median(row.ours) / median(row.onnxruntime)).toFixed(2)}×`,
    `${rounded(row.singleSeconds * 1e3)} ms`,
    `${rounded(row.onnxruntimeSingleSeconds * 1e3)} ms`,
  ]),
)}`;
  return { numbers: rows, text };
}

class OnnxEvaluation {
  readonly #session: InferenceSession;
  readonly #test: ImageDataset;
  batchSize = 1;
  #probabilities = new Float32Array();

  private constructor(session: InferenceSession, test: ImageDataset) {
    this.#session = session;
    this.#test = test;
  }

  static async open(trained: TrainedModel, test: ImageDataset, threads: number): Promise<OnnxEvaluation> {
    const session = await InferenceSession.create(exportModel(trained), {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: "sequential",
    });
    const evaluation = new OnnxEvaluation(session, test);
    const seconds = [];
    for (const batch of batchSizes) seconds.push((await evaluation.secondsOf(batch, 0.3)) / batch);
    evaluation.batchSize = batchSizes[seconds.indexOf(Math.min(...seconds))]!;
    return evaluation;
  }

  /** Seconds of a batch, repeated for about `seconds`. */
  async secondsOf(batch: number, seconds: number): Promise<number> {
    await this.#run(0, batch);
    const started = performance.now();
    let runs = 0;
    do {
      await this.#run(0, batch);
      runs++;
    } while (performance.now() - started < seconds * 1e3);
    return (performance.now() - started) / 1e3 / runs;
  }

  /** All images; images a second. */
  async evaluate(): Promise<number> {
    const parts: Float32Array[] = [];
    const started = performance.now();
    for (let first = 0; first < this.#test.size; first += this.batchSize)
      parts.push(await this.#run(first, Math.min(this.batchSize, this.#test.size - first)));
    const seconds = (performance.now() - started) / 1e3;
    this.#probabilities = Float32Array.from(parts.flatMap((part) => [...part]));
    return this.#test.size / seconds;
  }

  /** Between the last probabilities and ours. */
  largestDifference(probabilities: Float32Array): number {
    return this.#probabilities.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - probabilities[i]!)),
      0,
    );
  }

  close(): Promise<void> {
    return this.#session.release();
  }

  async #run(first: number, count: number): Promise<Float32Array> {
    const { images, shape, size } = this.#test;
    const bytes = images.length / size;
    const batch = images.subarray(first * bytes, (first + count) * bytes);
    const input = new Tensor("uint8", batch, [count, ...shape]);
    const results = await this.#session.run({ images: input }, ["probabilities"]);
    return results.probabilities!.data as Float32Array;
  }
}
