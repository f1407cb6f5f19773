/**
 * What a run has said and its store has not yet acknowledged. Saying something costs the program a push; batches go out
 * a few times a second. What the store cannot take (a full disk, say) stays and is offered again, ever less often; where
 * there is too much of it, it goes to a spool file meanwhile. What the store will never take is dropped.
 */
import type { ConsoleLine, HistoryRow } from "../model/history.ts";
import type { NewRun, RunUpdate, Writer } from "../model/run.ts";
import { TrackerError } from "../model/tracker-error.ts";
import type { RunBatch, Store } from "../store/store.ts";
import type { Spool } from "./spool.ts";

/** One thing said. */
export type RunEntry =
  | { readonly create: NewRun }
  | { readonly row: HistoryRow }
  | { readonly systemRow: HistoryRow }
  | { readonly line: ConsoleLine }
  | { readonly update: RunUpdate };

export interface RunQueueOptions {
  readonly store: Store;
  readonly runId: string;
  readonly spool: Spool;
  /** What the store should know of the run at present, sent along with every batch. */
  readonly updateWith: () => RunUpdate;
  /** Who writes, which the store checks. */
  readonly writer?: Writer;
  /** Called when the store first refuses, and with undefined when it takes everything again. */
  readonly onTrouble: (error: TrackerError | undefined) => void;
}

/** What is said goes out no later than this: soon enough to be watched, seldom enough to cost a training nothing. */
const sendAfterMs = 500;
/** Batches have at most this many entries, so that one write stays a matter of milliseconds. */
export const largestBatch = 4000;
/** More than this do not wait in memory. */
const largestWaiting = 200_000;
const firstRetryMs = 500;
const longestRetryMs = 15_000;

export class RunQueue {
  readonly #options: RunQueueOptions;
  /** In order; those of a batch under way stay in front until they are acknowledged. */
  #entries: RunEntry[] = [];
  #acknowledged = 0;
  #timer: NodeJS.Timeout | undefined;
  #isSending = false;
  #trouble: TrackerError | undefined;
  #retryMs = firstRetryMs;
  #flushes: {
    readonly until: number;
    readonly resolve: () => void;
    readonly reject: (error: Error) => void;
  }[] = [];

  constructor(options: RunQueueOptions) {
    this.#options = options;
  }

  /** Whether the store will take nothing more of this run; what is said from then on is dropped. */
  get isRefused(): boolean {
    return isFinal(this.#trouble);
  }

  push(entry: RunEntry): void {
    if (this.isRefused) return;
    this.#entries.push(entry);
    if (this.#isSending) return;
    if (this.#trouble) this.#spill();
    else if (this.#entries.length >= largestBatch) this.#send();
    else this.#timer ??= setTimeout(() => this.#send(), sendAfterMs);
  }

  /** Resolves when the store has acknowledged all that was said before. Rejects when it refuses; it stays queued then. */
  flush(): Promise<void> {
    if (this.isRefused) return Promise.reject(this.#trouble);
    const until = this.#acknowledged + this.#entries.length;
    return new Promise((resolve, reject) => {
      this.#flushes.push({ until, resolve, reject });
      if (!this.#isSending) this.#send();
    });
  }

  /** Takes all that is not acknowledged out of the queue, which then sends no more. */
  take(): RunEntry[] {
    clearTimeout(this.#timer);
    return this.#entries.splice(0);
  }

  async #send(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isSending = true;
    try {
      while (this.#entries.length > 0 || this.#trouble) {
        // What was spooled came before what is in memory.
        if (this.#trouble) await this.#options.spool.drain(this.#options.store, this.#options.runId);
        const batch = this.#entries.slice(0, largestBatch);
        if (batch.length > 0) await writeEntries(this.#options, batch);
        this.#entries.splice(0, batch.length);
        this.#acknowledged += batch.length;
        if (this.#trouble) this.#recovered();
        this.#settleFlushes();
      }
      this.#isSending = false;
      this.#settleFlushes();
    } catch (error) {
      this.#isSending = false;
      this.#refused(error as Error);
    }
  }

  #settleFlushes(): void {
    const isDone = ({ until }: { readonly until: number }) => until <= this.#acknowledged;
    for (const { resolve } of this.#flushes.filter(isDone)) resolve();
    this.#flushes = this.#flushes.filter((flush) => !isDone(flush));
  }

  #refused(cause: Error): void {
    const isNew = this.#trouble === undefined;
    const trouble =
      cause instanceof TrackerError ? cause : new TrackerError("internal", cause.message, { cause });
    this.#trouble = trouble;
    if (isNew) this.#options.onTrouble(trouble);
    for (const { reject } of this.#flushes.splice(0)) reject(trouble);
    if (this.isRefused) {
      this.#entries = [];
      return;
    }
    this.#timer = setTimeout(() => this.#send(), this.#retryMs);
    this.#timer.unref(); // waiting for room keeps no program from ending
    this.#retryMs = Math.min(longestRetryMs, 2 * this.#retryMs);
  }

  #recovered(): void {
    this.#trouble = undefined;
    this.#retryMs = firstRetryMs;
    this.#options.onTrouble(undefined);
  }

  #spill(): void {
    if (this.#entries.length < largestWaiting) return;
    const isKept = this.#options.spool.write(this.#options.runId, this.#entries);
    if (!isKept) return; // then it has to stay in memory
    this.#acknowledged += this.#entries.length;
    this.#entries = [];
  }
}

/** Whether a store will never take what it refused: the run was deleted, or has another writer. */
export function isFinal(error: unknown): boolean {
  return error instanceof TrackerError && (error.code === "not-found" || error.code === "conflict");
}

/** Writes entries of one run to its store, as one batch; where that is too large for a server, in parts. */
export async function writeEntries(
  options: Pick<RunQueueOptions, "store" | "runId" | "updateWith" | "writer">,
  entries: readonly RunEntry[],
): Promise<void> {
  const { store, runId, updateWith, writer } = options;
  for (const entry of entries) if ("create" in entry) await createOnce(store, entry.create);
  const { update, ...batch } = batchOf(entries);
  try {
    await store.append(runId, {
      ...batch,
      ...(writer && { writer }),
      update: { ...updateWith(), ...update },
    });
  } catch (error) {
    const isTooLarge = error instanceof TrackerError && error.code === "too-large";
    if (!isTooLarge || entries.length === 1) throw error;
    const half = entries.length >> 1;
    await writeEntries(options, entries.slice(0, half));
    await writeEntries(options, entries.slice(half));
  }
}

/** What entries say, of several updates the last value of each part. */
export function batchOf(entries: readonly RunEntry[]): RunBatch {
  const rows: HistoryRow[] = [];
  const systemRows: HistoryRow[] = [];
  const console: ConsoleLine[] = [];
  let update: RunUpdate = {};
  for (const entry of entries) {
    if ("row" in entry) rows.push(entry.row);
    else if ("systemRow" in entry) systemRows.push(entry.systemRow);
    else if ("line" in entry) console.push(entry.line);
    else if ("update" in entry) update = { ...update, ...entry.update };
  }
  return { rows, systemRows, console, update };
}

/** A repeated attempt may find that an earlier one succeeded. */
async function createOnce(store: Store, run: NewRun): Promise<void> {
  await store.createRun(run).catch((error: Error) => {
    if (!(error instanceof TrackerError && error.code === "conflict")) throw error;
  });
}
