/**
 * The tracker as a program sees it:
 *
 *   await using tracker = await openTracker();
 *   await using run = await tracker.startRun({ project: "shoes", config: { learningRate: 1e-3 } });
 *   run.log({ loss: 0.3 });
 */
import { resolve } from "node:path";
import { apiClient } from "../api/index.ts";
import type { NewRun, Run, RunUpdate } from "../model/run.ts";
import { newRunId, newRunName } from "../model/run-names.ts";
import { TrackerError, type TrackerErrorCode } from "../model/tracker-error.ts";
import { openHttpStore } from "../store/http/http-store.ts";
import { thisWriter } from "../store/process-writer.ts";
import { appendNow } from "../store/sqlite/sqlite-store.ts";
import type { Store } from "../store/store.ts";
import { openStoreWorker } from "../store/worker/open-store-worker.ts";
import { accompany } from "./accompany.ts";
import { ActiveRun, storable } from "./active-run.ts";
import { steadyClock } from "./clock.ts";
import { atProcessEnd, type ProcessEnd } from "./process-end.ts";
import { batchOf, isFinal, type RunEntry, RunQueue } from "./run-queue.ts";
import { openSpool } from "./spool.ts";

export interface TrackerOptions {
  /** Where runs are kept: default `.atelier` in the working folder; made if there is none. */
  readonly folder?: string;
  /** Or the server that keeps them, and its access key if it wants one. */
  readonly url?: string;
  readonly key?: string | undefined;
  /** Takes messages to the user, of which there are few; default: stderr. */
  readonly onMessage?: (message: string) => void;
}

export interface RunOptions extends Partial<Omit<NewRun, "createdAt" | "environment" | "writer">> {
  readonly project: string;
  /** Record what the process writes to stdout and stderr. Default: true. */
  readonly captureConsole?: boolean;
  /** Sample the machine this often; 0: never. Default: every 10 s. */
  readonly systemEveryMs?: number;
}

export type ResumeOptions = Pick<RunOptions, "captureConsole" | "systemEveryMs">;

const defaultEntity = "local";

/** What keeps a store from taking a run now, and may not later. */
const mayPass: readonly TrackerErrorCode[] = ["cannot-write", "busy", "unreachable"];

export class Tracker {
  readonly store: Store;
  /** The store's folder, or the address of its server. */
  readonly place: string;
  readonly #onMessage: (message: string) => void;
  readonly #takeBack: () => void;
  /** Each with what takes the rest it has to say out of its queue. */
  readonly #open = new Map<ActiveRun, (final: RunUpdate) => RunEntry[]>();

  /** Made by openTracker. */
  constructor(store: Store, place: string, onMessage: (message: string) => void) {
    this.store = store;
    this.place = place;
    this.#onMessage = onMessage;
    process.on("beforeExit", this.#finishAll);
    this.#takeBack = atProcessEnd((end) => this.#writeAll(end));
  }

  /**
   * Starts a run. Where the store cannot take it now, the run goes on all the same, and is recorded when there is room.
   * Throws conflict when the id is taken.
   */
  async startRun({ captureConsole, systemEveryMs, ...options }: RunOptions): Promise<ActiveRun> {
    const now = Date.now();
    const newRun = {
      entity: defaultEntity,
      id: newRunId(),
      ...options,
      ...(options.config && { config: storable("config", options.config) }),
      writer: thisWriter,
      createdAt: now,
    } satisfies NewRun;
    const resume = { captureConsole, systemEveryMs } as ResumeOptions;
    try {
      return this.#activate(await this.store.createRun(newRun), resume);
    } catch (error) {
      if (!(error instanceof TrackerError) || !mayPass.includes(error.code)) throw error;
      const named = { ...newRun, name: newRun.name ?? newRunName(0) };
      return this.#activate(unwrittenRun(named), resume, named);
    }
  }

  /** Goes on with a run that has ended or crashed: rows and steps count on. Throws conflict while it is written; not-found. */
  async resumeRun(runId: string, options: ResumeOptions = {}): Promise<ActiveRun> {
    return this.#activate(await this.store.resumeRun(runId, thisWriter), options);
  }

  /** Ends the runs that are still open, and lets go of the store. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#finishAll();
    process.off("beforeExit", this.#finishAll);
    this.#takeBack();
    await this.store[Symbol.asyncDispose]();
  }

  #activate(run: Run, options: ResumeOptions, create?: NewRun): ActiveRun {
    const { store, place } = this;
    const folder = isServer(place) ? process.cwd() : place;
    const spool = openSpool(place);
    const queue = new RunQueue({
      store,
      runId: run.id,
      spool,
      updateWith: () => presentState(),
      writer: thisWriter,
      onTrouble: (error) => this.#onMessage(troubleText(run, error)),
    });
    const presentState = () => ({ summary: active.summary });
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
          if (queue.isRefused) return; // as was said
          const isSpooled = spool.write(run.id, [
            ...queue.take(),
            { update: { ...presentState(), ...final } },
          ]);
          this.#onMessage(unwrittenText(run, isSpooled ? spool.pathOf(run.id) : undefined));
          return;
        }
        await store.compact(run.id).catch(() => {}); // only a matter of size; nothing is lost without it
      },
      endsUnasked: () => failWithProcess(place, run.id),
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
    for (const [run, takeRest] of this.#open) writeNow(this.place, run.id, takeRest(final));
  }
}

/**
 * `await using` ends a run without knowing whether an error was on its way: an uncaught one ends the process within
 * moments, and then the run has failed.
 */
function failWithProcess(place: string, runId: string): void {
  const takeBack = atProcessEnd((end) => {
    if (end.state !== "finished") writeNow(place, runId, [{ update: end }]);
  });
  setTimeout(takeBack, 5000).unref();
}

function writeNow(place: string, runId: string, entries: readonly RunEntry[]): void {
  try {
    if (isServer(place)) throw new TrackerError("unreachable", "there is no time to wait for an answer.");
    appendNow(place, runId, { ...batchOf(entries), writer: thisWriter });
  } catch (error) {
    if (!isFinal(error)) openSpool(place).write(runId, entries);
  }
}

function isServer(place: string): boolean {
  return /^https?:/.test(place);
}

/** A run that exists only here so far. */
function unwrittenRun({ environment: _, ...run }: NewRun & { readonly name: string }): Run {
  return {
    ...run,
    writer: run.writer,
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
    startedAt: run.createdAt,
    heartbeatAt: run.createdAt,
    finishedAt: undefined,
    next: { row: 0, systemRow: 0, consoleLine: 0, step: 0 },
  };
}

function troubleText({ name }: Run, error: TrackerError | undefined): string {
  return error === undefined
    ? `run ${name}: everything is recorded again.`
    : isFinal(error)
      ? `run ${name} is not recorded any further: ${error.message}`
      : `run ${name} cannot be recorded now: ${error.message} It goes on, and what it logs is recorded when that is possible again.`;
}

function unwrittenText({ name }: Run, path: string | undefined): string {
  return path === undefined
    ? `run ${name}: the rest could not be recorded anywhere.`
    : `run ${name}: what could not be recorded waits in ${path} and is recorded when the store is next opened.`;
}

/**
 * Opens the tracker over the store in a folder or behind a server, and records what earlier runs could not. A server that
 * does not answer is no reason not to start: runs go on, and are recorded when it does. Throws newer-store, bad-store,
 * cannot-write; no-access.
 */
export async function openTracker({
  folder = ".atelier",
  url,
  key,
  onMessage = (message) => process.stderr.write(`${message}\n`),
}: TrackerOptions = {}): Promise<Tracker> {
  const place = url === undefined ? resolve(folder) : new URL(url).origin;
  const store = url === undefined ? await openStoreWorker(place) : openHttpStore({ url: place, key });
  if (url !== undefined) await expectAccess(place, key);
  await openSpool(place)
    .drain(store)
    .catch((error: Error) => onMessage(`rows of earlier runs still wait: ${error.message}`));
  return new Tracker(store, place, onMessage);
}

/** Throws no-access where a server answers and does not know the key. */
async function expectAccess(url: string, key: string | undefined): Promise<void> {
  const session = await apiClient({ url, key })
    .call("readSession")
    .catch((error: Error) => {
      if (error instanceof TrackerError && error.code === "unreachable") return undefined;
      throw error;
    });
  if (session?.isOpen !== false) return;
  const reason = key === undefined ? "wants an access key" : "has another access key";
  throw new TrackerError("no-access", `${url}: the server ${reason}; run: atelier login ${url}`);
}
