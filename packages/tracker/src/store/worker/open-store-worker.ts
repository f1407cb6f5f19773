/**
 * A SQLite store on a thread of its own, so that waiting for the disk or for other processes never holds up the program
 * that logs. Calls happen in the order in which they are made.
 */
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { TrackerError, type TrackerErrorCode } from "../../model/tracker-error.ts";
import { blobFolder } from "../blob-folder.ts";
import type { SqliteStoreOptions } from "../sqlite/sqlite-store.ts";
import type { Store } from "../store.ts";

/** What the thread is started with. */
export interface StoreWorkerData {
  readonly folder: string;
  readonly mayBeReadOnly: boolean;
}

/** Its answer to opening. */
export interface StoreOpened {
  readonly isReadOnly: boolean;
}

/** What the thread is sent: a call of the store, answered under its number. */
export interface StoreCall {
  readonly number: number;
  readonly method: string;
  readonly parameters: readonly unknown[];
}

/** What it answers. `number` 0 is the answer to opening. */
export type StoreAnswer = { readonly number: number } & (
  | { readonly result: unknown }
  | { readonly error: { readonly code: TrackerErrorCode | undefined; readonly message: string } }
);

/**
 * Opens the store in `folder`, as openSqliteStore does with the same options. The thread keeps the process alive only while
 * it works.
 */
export async function openStoreWorker(
  folder: string,
  { onReadOnly }: Pick<SqliteStoreOptions, "onReadOnly"> = {},
): Promise<Store> {
  const workerData: StoreWorkerData = { folder, mayBeReadOnly: onReadOnly !== undefined };
  const worker = new Worker(new URL("./store-worker.ts", import.meta.url), { workerData });
  const waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  let lastNumber = -1;
  const answerTo = (number: number) =>
    new Promise<unknown>((resolve, reject) => {
      if (waiting.size === 0) worker.ref();
      waiting.set(number, { resolve, reject });
    });
  const call = (method: string, parameters: readonly unknown[]) => {
    const number = ++lastNumber;
    worker.postMessage({ number, method, parameters } satisfies StoreCall);
    return answerTo(number);
  };
  worker.on("message", (answer: StoreAnswer) => {
    const { resolve, reject } = waiting.get(answer.number)!;
    waiting.delete(answer.number);
    if (waiting.size === 0) worker.unref();
    if ("result" in answer) resolve(answer.result);
    else reject(errorOf(answer.error));
  });
  const end = (error: Error) => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  worker.on("error", end);
  worker.on("exit", () =>
    end(new TrackerError("internal", `the thread of the store in ${folder} has ended.`)),
  );

  lastNumber++;
  const { isReadOnly } = (await answerTo(0)) as StoreOpened;
  if (isReadOnly) onReadOnly?.();
  const own = {
    // Files are read and written without blocking anyway.
    blobs: blobFolder(join(folder, "blobs")),
    [Symbol.asyncDispose]: async () => {
      await call("close", []);
      await worker.terminate();
    },
  };
  return new Proxy(own, {
    get: (target, name) =>
      name in target || typeof name === "symbol" || name === "then"
        ? target[name as keyof typeof own]
        : (...parameters: readonly unknown[]) => call(name, parameters),
  }) as unknown as Store;
}

function errorOf({
  code,
  message,
}: {
  readonly code: TrackerErrorCode | undefined;
  readonly message: string;
}): Error {
  return code === undefined || code === "internal" ? new Error(message) : new TrackerError(code, message);
}
