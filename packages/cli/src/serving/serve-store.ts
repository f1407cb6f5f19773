/** A server over the store of the working folder, until it is told to stop. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { openStoreWorker } from "@atelier/tracker";
import { openServer } from "@atelier/tracker/server";
import packageJson from "../../package.json" with { type: "json" };
import { type Effects, printResult, say } from "../effects.ts";
import { sayReadOnly, storeFolder } from "../tracking/run-store.ts";
import { datasetExtension } from "./dataset-extension.ts";
import { modelExtension } from "./model-extension.ts";
import { recordedDatasets } from "./recorded-datasets.ts";

export interface ServeStoreOptions {
  readonly host?: string | undefined;
  /** Absent: the default port, or the next one that is free. */
  readonly port?: number | undefined;
  /** Asked for once the store has been found to be one that can be served. */
  readonly keyHash?: () => Promise<string>;
  readonly json?: boolean | undefined;
  /** Told where the server is once it listens. */
  readonly onOpen?: (url: string) => void;
}

export const defaultPort = 6006;

const pages = fileURLToPath(new URL("../../../dashboard/dist", import.meta.url));

/** Serves until effects.signal aborts. Throws bad-argument where it cannot listen. */
export async function serveStore(options: ServeStoreOptions, effects: Effects): Promise<void> {
  const { host, port, keyHash, json, onOpen = () => {} } = options;
  const folder = storeFolder(effects);
  if (!existsSync(folder))
    say(effects, "no runs are recorded here yet; those of `atelier train` will appear.");
  await using store = await openStoreWorker(folder, { onReadOnly: () => sayReadOnly(effects) });
  const hash = await keyHash?.();
  const open = recordedDatasets(store, effects);
  await using datasets = datasetExtension(open);
  await using server = await openServer({
    ...(host !== undefined && { host }),
    port: port ?? defaultPort,
    orNextPort: port === undefined,
    store,
    keyHash: hash,
    extensions: { datasets, models: modelExtension(store, open) },
    pages,
    version: packageJson.version,
    onError: (error) => say(effects, `the server failed at something: ${(error as Error).message}`),
  });
  const result = { url: server.url, port: server.port, store: folder };
  printResult(effects, json, result, `${server.url}`);
  say(effects, "Ctrl-C stops it.");
  onOpen(server.url);
  await aborted(effects.signal);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
