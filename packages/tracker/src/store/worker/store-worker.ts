/** The thread of open-store-worker.ts: a store that is called by messages. */
import { parentPort, workerData } from "node:worker_threads";
import { TrackerError } from "../../model/tracker-error.ts";
import { openSqliteStore } from "../sqlite/sqlite-store.ts";
import type { Store } from "../store.ts";
import type { StoreAnswer, StoreCall, StoreOpened, StoreWorkerData } from "./open-store-worker.ts";

const port = parentPort!;
const answer = (message: StoreAnswer) => port.postMessage(message);

function answerError(number: number, error: unknown): void {
  const { message } = error as Error;
  answer({ number, error: { code: error instanceof TrackerError ? error.code : undefined, message } });
}

try {
  const { folder, mayBeReadOnly } = workerData as StoreWorkerData;
  let isReadOnly = false;
  const onReadOnly = () => {
    isReadOnly = true;
  };
  const store = openSqliteStore({ folder, ...(mayBeReadOnly && { onReadOnly }) });
  port.on("message", async ({ number, method, parameters }: StoreCall) => {
    try {
      answer({ number, result: await callOf(store, method)(...parameters) });
    } catch (error) {
      answerError(number, error);
    }
  });
  answer({ number: 0, result: { isReadOnly } satisfies StoreOpened });
} catch (error) {
  answerError(0, error);
}

function callOf(store: Store, method: string): (...parameters: readonly unknown[]) => Promise<unknown> {
  if (method === "close") return () => store[Symbol.asyncDispose]() as Promise<unknown>;
  return store[method as keyof Store] as (...parameters: readonly unknown[]) => Promise<unknown>;
}
