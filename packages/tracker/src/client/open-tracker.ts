/**
 * The tracker as a program sees it:
 *
 *   await using tracker = await openTracker();
 *   await using run = await tracker.startRun({ project: "shoes", config: { learningRate: 1e-3 } });
 *   run.log({ loss: 0.3 });
 */
import { resolve } from "node:path";
import type { NewRun, Run, RunUpdate } from "../model/run.ts";
import { newRunId, newRunName } from "../model/run-names.ts";
import { TrackerError } from "../model/tracker-error.ts";
import { appendNow } from "../store/sqlite/sqlite-store.ts";
import type { Store } from "../store/store.ts";
import { openStoreWorker } from "../store/worker/open-store-worker.ts";
import { accompany } from "./accompany.ts";
import { ActiveRun } from "./active-run.ts";
import { steadyClock } from "./clock.ts";
import { atProcessEnd, type ProcessEnd } from "./process-end.ts";
import { batchOf, type RunEntry, RunQueue } from "./run-queue.ts";
import { openSpool } from "./spool.ts";

export interface TrackerOptions {
  /** Where runs are kept: default `.atelier` in the working folder; made if there is none. */
  readonly folder?: string;
  /** Takes messages to the user, of which there are few; default: stderr. */
  readonly onMessage?: (message: string) => void;
}

export interface RunOptions extends Partial<Omit<NewRun, "createdAt" | "environment">> {
  readonly project: string;
  /** Record what the process writes to stdout and stderr. Default: true. */
  readonly captureConsole?: boolean;
  /** Sample the machine this often; 0: never. Default: every 10 s. */
  readonly systemEveryMs?: number;
}

export type ResumeOptions = Pick<RunOptions, "captureConsole" | "systemEveryMs">;

const defaultEntity = "local";

export class Tracker {
  readonly store: Store;
  readonly folder: string;
  readonly #onMessage: (message: string) => void;
  readonly #takeBack: () => void;
  /** Each with what takes the rest it has to say out of its queue. */
  readonly #open = new Map<ActiveRun, (final: RunUpdate) => RunEntry[]>();

  constructor(store: Store, { folder, onMessage }: Required<TrackerOptions>) {
    this.store = store;
    this.folder = folder;
    this.#onMessage = onMessage;
    process.on("beforeExit", this.#finishAll);
    this.#takeBack = atProcessEnd((end) => this.#writeAll(end));
  }

  /**
   * Starts a run. Where the store cannot take it now, the run goes on all the same, and is recorded when there is room.
   * Throws conflict when the id is taken.
   */
  async startRun({ captureConsole, systemEveryMs, ...options }: RunOptions): Promise<ActiveRun> {
    const newRun: NewRun = { entity: defaultEntity, id: newRunId(), ...options, createdAt: Date.now() };
    const resume = { captureConsole, systemEveryMs } as ResumeOptions;
    try {
      return this.#activate(await this.store.createRun(newRun), resume);
    } catch (error) {
      if (!(error instanceof TrackerError) || (error.code !== "cannot-write" && error.code !== "busy"))
        throw error;
      const named = { ...newRun, name: newRun.name ?? newRunName(0) };
      return this.#activate(unwrittenRun(named), resume, named);
    }
  }

  /** Goes on with a run that has ended or crashed: rows and steps count on. Throws not-found. */
  async resumeRun(runId: string, options: ResumeOptions = {}): Promise<ActiveRun> {
    const now = Date.now();
    const update = { state: "running", finishedAt: undefined, error: undefined, heartbeatAt: now } as const;
    return this.#activate(await this.store.updateRun(runId, update), options);
  }

  /** Ends the runs that are still open, and lets go of the store. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#finishAll();
    process.off("beforeExit", this.#finishAll);
    this.#takeBack();
    await this.store[Symbol.asyncDispose]();
  }

  #activate(run: Run, options: ResumeOptions, create?: NewRun): ActiveRun {
    const { store, folder } = this;
    const spool = openSpool(folder);
    const queue = new RunQueue({
      store,
      runId: run.id,
      spool,
      updateWith: () => presentState(),
      onTrouble: (error) => this.#onMessage(troubleText(run, error)),
    });
    const presentState = () => ({ heartbeatAt: Date.now(), summary: active.summary });
    if (create) queue.push({ create });
    const clock = steadyClock();
    const companions = accompany(run, { queue, clock, folder, isNew: run.next.row === 0, ...options });
    const active = new ActiveRun({
      run,
      store,
      queue,
      clock,
      end: async (final) => {
        this.#open.delete(active);
        await companions.end();
        queue.push({ update: final });
        try {
          await queue.flush();
        } catch {
          const isSpooled = spool.write(run.id, [
            ...queue.take(),
            { update: { ...presentState(), ...final } },
          ]);
          this.#onMessage(unwrittenText(run, isSpooled ? spool.pathOf(run.id) : undefined));
          return;
        }
        await store.compact(run.id).catch(() => {}); // only a matter of size; nothing is lost without it
      },
      endsUnasked: () => failWithProcess(folder, run.id),
    });
    this.#open.set(active, (final) => [...queue.take(), { update: { ...presentState(), ...final } }]);
    return active;
  }

  /** A program that just ends leaves its runs finished. */
  readonly #finishAll = async () => {
    for (const run of [...this.#open.keys()]) await run.finish();
  };

  /** In a process that dies with runs open, what they still have is written at once. */
  #writeAll(end: ProcessEnd): void {
    const final = { ...end, finishedAt: Date.now() };
    for (const [run, takeRest] of this.#open) writeNow(this.folder, run.id, takeRest(final));
  }
}

/**
 * `await using` ends a run without knowing whether an error was on its way: an uncaught one ends the process within
 * moments, and then the run has failed.
 */
function failWithProcess(folder: string, runId: string): void {
  const takeBack = atProcessEnd((end) => {
    if (end.state !== "finished") writeNow(folder, runId, [{ update: end }]);
  });
  setTimeout(takeBack, 5000).unref();
}

function writeNow(folder: string, runId: string, entries: readonly RunEntry[]): void {
  try {
    appendNow(folder, runId, batchOf(entries));
  } catch {
    openSpool(folder).write(runId, entries);
  }
}

/** A run that exists only here so far. */
function unwrittenRun({ environment: _, ...run }: NewRun & { readonly name: string }): Run {
  return {
    ...run,
    group: run.group,
    jobType: run.jobType,
    dataset: run.dataset,
    tags: run.tags ?? [],
    notes: run.notes ?? "",
    config: run.config ?? {},
    metrics: run.metrics ?? {},
    summary: {},
    state: "running",
    error: undefined,
    heartbeatAt: run.createdAt,
    finishedAt: undefined,
    next: { row: 0, systemRow: 0, consoleLine: 0, step: 0 },
  };
}

function troubleText({ name }: Run, error: TrackerError | undefined): string {
  return error === undefined
    ? `run ${name}: everything is recorded again.`
    : `run ${name} cannot be recorded now: ${error.message} It goes on, and what it logs is recorded when that is possible again.`;
}

function unwrittenText({ name }: Run, path: string | undefined): string {
  return path === undefined
    ? `run ${name}: the rest could not be recorded anywhere.`
    : `run ${name}: what could not be recorded waits in ${path} and is recorded when the store is next opened.`;
}

/**
 * Opens the tracker over the store in a folder, and records what earlier runs could not. Throws newer-store, bad-store,
 * cannot-write.
 */
export async function openTracker({
  folder = ".atelier",
  onMessage = (message) => process.stderr.write(`${message}\n`),
}: TrackerOptions = {}): Promise<Tracker> {
  const path = resolve(folder);
  const store = await openStoreWorker(path);
  await openSpool(path)
    .drain(store)
    .catch((error: Error) => onMessage(`rows of earlier runs still wait: ${error.message}`));
  return new Tracker(store, { folder: path, onMessage });
}
