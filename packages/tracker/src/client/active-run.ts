/** A run while it is running: what a program logs to. */
import type { Artifact, NewArtifact, StoredFile } from "../model/artifact.ts";
import { parseArtifactName } from "../model/artifact.ts";
import { type Evaluation, encodePredictions, type Predictions } from "../model/evaluation.ts";
import { asStored, type Json, type JsonObject, toJsonText } from "../model/json.ts";
import { type MetricDefinition, summarize } from "../model/metric-definition.ts";
import type { FinalState, Run, RunUpdate } from "../model/run.ts";
import { TrackerError } from "../model/tracker-error.ts";
import { type FileReference, type HistoryValue, histogramOf, isObjectType } from "../model/value.ts";
import type { Store } from "../store/store.ts";
import type { Clock } from "./clock.ts";
import { bytesOf, type FileSource, imageType, putSource } from "./files.ts";
import type { RunEntry, RunQueue } from "./run-queue.ts";

export interface LogOptions {
  /** Default: one more than the largest so far. */
  readonly step?: number;
}

/** An image to log: encoded (PNG, JPEG, WebP, GIF) content or its file. */
export interface LoggedImage {
  readonly image: FileSource;
  readonly caption?: string;
}

export interface LoggedTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Json[])[];
}

export type LoggedArtifact = Omit<NewArtifact, "files" | "createdAt"> & {
  /** Path in the artifact to content. */
  readonly files: Readonly<Record<string, FileSource>>;
};

export type LoggedEvaluation = Omit<Evaluation, "runId" | "predictions" | "createdAt" | "imageCount"> & {
  readonly predictions: Predictions;
};

export interface FinishOptions {
  /** Default: finished. */
  readonly state?: FinalState;
  /** Why it failed. */
  readonly error?: string;
}

/** What a tracker gives a run to work with. */
export interface ActiveRunParts {
  readonly run: Run;
  readonly store: Store;
  readonly queue: RunQueue;
  readonly clock: Clock;
  /** Ends sampling, listening and heartbeats, and makes the end known; called once. */
  readonly end: (final: RunUpdate) => Promise<void>;
  /** The program did not say how the run ended. */
  readonly endsUnasked: () => void;
}

export class ActiveRun {
  readonly id: string;
  readonly name: string;
  readonly project: string;
  readonly entity: string;
  readonly #parts: ActiveRunParts;
  readonly #summary: Record<string, Json>;
  readonly #summarySteps = new Map<string, number>();
  #metrics: Readonly<Record<string, MetricDefinition>>;
  #config: JsonObject;
  #nextRow: number;
  #nextStep: number;
  /** Files under way, which `flush` waits for. */
  readonly #uploads = new Set<Promise<unknown>>();
  #finished: Promise<void> | undefined;

  /** Made by a tracker's startRun and resumeRun. */
  constructor(parts: ActiveRunParts) {
    const { run } = parts;
    this.#parts = parts;
    this.id = run.id;
    this.name = run.name;
    this.project = run.project;
    this.entity = run.entity;
    this.#summary = Object.assign(Object.create(null), run.summary);
    this.#metrics = run.metrics;
    this.#config = run.config;
    this.#nextRow = run.next.row;
    this.#nextStep = run.next.step;
  }

  /** One value a key: as its metric definition says, or as setSummary said last. */
  get summary(): JsonObject {
    return { ...this.#summary };
  }

  /**
   * Records values at a step. Takes microseconds and never waits: `flush` tells when it is safe. Throws bad-argument for
   * a value that history cannot hold.
   */
  log(values: Readonly<Record<string, HistoryValue>>, { step }: LogOptions = {}): void {
    this.#expectRunning();
    for (const key in values) expectValue(key, values[key]);
    const taken = this.#takeStep(step); // throws: no row then
    const row = {
      row: this.#nextRow++,
      step: taken,
      time: this.#parts.clock(),
      values: { ...values },
    };
    summarize(this.#summary, this.#summarySteps, row, this.#metrics);
    this.#parts.queue.push({ row });
  }

  /** Logs the distribution of values as a histogram. */
  logHistogram(
    key: string,
    values: ArrayLike<number>,
    { bins, step }: LogOptions & { readonly bins?: number } = {},
  ): void {
    this.log({ [key]: histogramOf(values, bins) }, step === undefined ? {} : { step });
  }

  /** Keeps images and logs them under one key. */
  async logImages(key: string, images: readonly LoggedImage[], { step }: LogOptions = {}): Promise<void> {
    const at = { step: this.#takeStep(step) };
    const references = await this.#upload(Promise.all(images.map((image) => this.#reference(image))));
    this.log({ [key]: { type: "images", images: references } }, at);
  }

  /** Keeps a table and logs it under a key. */
  async logTable(key: string, { columns, rows }: LoggedTable, { step }: LogOptions = {}): Promise<void> {
    const at = { step: this.#takeStep(step) };
    const bytes = new TextEncoder().encode(toJsonText({ columns, rows }));
    const blob = await this.#upload(putSource(this.#parts.store.blobs, bytes));
    this.log({ [key]: { type: "table", ...blob, columns, rowCount: rows.length } }, at);
  }

  /** Says how a metric is summed up; holds for what is logged from now on. */
  defineMetric(key: string, definition: MetricDefinition): void {
    this.#metrics = { ...this.#metrics, [key]: definition };
    this.update({ metrics: this.#metrics });
  }

  /** Sets values of the summary; a metric logged later replaces its own. */
  setSummary(values: JsonObject): void {
    Object.assign(this.#summary, storable("setSummary", values));
    this.update({});
  }

  /** Adds to the config. */
  setConfig(values: JsonObject): void {
    this.#config = { ...this.#config, ...storable("setConfig", values) };
    this.update({ config: this.#config });
  }

  /** Changes name, tags, notes and the like. */
  update(update: Omit<RunUpdate, "state" | "summary" | "finishedAt" | "error">): void {
    this.#expectRunning();
    this.#push({ update });
  }

  /** Keeps a file with the run, in place of one of the same path. */
  async saveFile(path: string, source: FileSource): Promise<StoredFile> {
    return this.#upload(
      (async () => {
        await this.#isKnown();
        const file = { path, ...(await putSource(this.#parts.store.blobs, source)) };
        await this.#parts.store.putFile(this.id, file);
        return file;
      })(),
    );
  }

  /** Makes a version of an artifact from files. The same files again are no new version. */
  async logArtifact({ files, ...about }: LoggedArtifact): Promise<Artifact> {
    return this.#upload(
      (async () => {
        await this.#isKnown();
        const stored: StoredFile[] = [];
        for (const [path, source] of Object.entries(files)) {
          stored.push({ path, ...(await putSource(this.#parts.store.blobs, source)) });
        }
        const artifact = { ...about, files: stored, createdAt: this.#parts.clock() };
        return this.#parts.store.createArtifact(this.id, artifact);
      })(),
    );
  }

  /** Notes that the run uses an artifact of its project, by `name`, `name:best` or `name:v3`. Throws not-found. */
  async useArtifact(name: string): Promise<Artifact> {
    const { store } = this.#parts;
    await this.#isKnown();
    const { entity, project } = this;
    const artifact = await store.getArtifact({ entity, project, ...parseArtifactName(name) });
    await store.useArtifact(this.id, artifact);
    return artifact;
  }

  /** Keeps what the model answered on a data set. */
  async logEvaluation({ predictions, ...rest }: LoggedEvaluation): Promise<void> {
    const { store, clock } = this.#parts;
    await this.#upload(
      (async () => {
        await this.#isKnown();
        const blob = await store.blobs.put(encodePredictions(predictions));
        const imageCount = predictions.labels.length;
        await store.putEvaluation({
          ...rest,
          runId: this.id,
          imageCount,
          predictions: blob,
          createdAt: clock(),
        });
      })(),
    );
  }

  /** Resolves when everything said so far is in the store and survives whatever happens to this process. */
  async flush(): Promise<void> {
    await Promise.all(this.#uploads);
    await this.#parts.queue.flush();
  }

  /** Ends the run. What the store does not take then is spooled. May be called more than once; the first call counts. */
  finish({ state = "finished", error }: FinishOptions = {}): Promise<void> {
    this.#finished ??= (async () => {
      await Promise.allSettled(this.#uploads);
      await this.#parts.end({ state, finishedAt: Date.now(), ...(error !== undefined && { error }) });
    })();
    return this.#finished;
  }

  /** Ends the run as finished, or, if the process is about to die of an error, as failed. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#finished === undefined) this.#parts.endsUnasked();
    await this.finish();
  }

  #push(entry: RunEntry): void {
    this.#parts.queue.push(entry);
  }

  #takeStep(step: number | undefined): number {
    const taken = step ?? this.#nextStep;
    if (!Number.isFinite(taken))
      throw new TrackerError("bad-argument", `log: expected a finite step, got ${taken}.`);
    this.#nextStep = Math.max(this.#nextStep, taken + 1);
    return taken;
  }

  #expectRunning(): void {
    if (this.#finished)
      throw new TrackerError("bad-argument", `run ${this.name}: it is finished; log before finish().`);
  }

  /** The store has to know the run before anything can belong to it. */
  #isKnown(): Promise<void> {
    return this.#parts.queue.flush();
  }

  #upload<T>(work: Promise<T>): Promise<T> {
    const settled = work.finally(() => this.#uploads.delete(settled));
    this.#uploads.add(settled);
    return settled;
  }

  async #reference({ image, caption }: LoggedImage): Promise<FileReference> {
    const bytes = await bytesOf(image);
    const blob = await this.#parts.store.blobs.put(bytes);
    return {
      type: "image",
      ...blob,
      contentType: imageType(bytes),
      ...(caption !== undefined && { caption }),
    };
  }
}

/** Throws bad-argument for what no store can keep: found later, it would hold up everything said after it. */
export function storable(where: string, values: JsonObject): JsonObject {
  try {
    return asStored(values);
  } catch (cause) {
    const reason = (cause as Error).message.split("\n")[0];
    throw new TrackerError("bad-argument", `${where}: expected values that JSON can hold: ${reason}.`, {
      cause,
    });
  }
}

function expectValue(key: string, value: unknown): void {
  if (typeof value === "number" || typeof value === "string") return;
  if (typeof value === "object" && value !== null && "type" in value && isObjectType(value.type)) return;
  throw new TrackerError(
    "bad-argument",
    `log: ${JSON.stringify(key)}: expected a number, a text or a logged object, got ${value === null ? "null" : typeof value}.`,
  );
}
