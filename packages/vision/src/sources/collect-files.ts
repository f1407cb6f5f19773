/** Asks one source after the other until every file of a dataset is there. */
import { join } from "node:path";
import { AtelierError, makeFolder, writeFileAtomic } from "@atelier/engine";
import type { DataFile, DataSource } from "./data-source.ts";

/** What to collect, from where, and where to keep what came from outside. */
export interface CollectOptions {
  /** What people call the dataset. */
  readonly title: string;
  readonly files: readonly DataFile[];
  readonly sources: readonly DataSource[];
  readonly cacheFolder: string;
  readonly signal?: AbortSignal | undefined;
  /** Told in a sentence what went wrong without stopping the work: damaged files, a named folder without them. */
  readonly onNotice?: ((message: string) => void) | undefined;
}

/**
 * The verified, uncompressed files by name. Throws "no-data" with every source and why it failed when a file
 * cannot be had, "stopped" when the signal aborts.
 */
export async function collectFiles(options: CollectOptions): Promise<ReadonlyMap<string, Uint8Array>> {
  const collected = new Map<string, Uint8Array>();
  const failures: Failure[] = [];
  for (const source of options.sources) {
    const missing = options.files.filter((file) => !collected.has(file.name));
    if (missing.length === 0) break;
    const error = await collectFrom(source, missing, collected, options);
    if (error !== undefined) failures.push({ source, error });
  }
  if (collected.size < options.files.length) throw new AtelierError("no-data", explain(options, failures));
  for (const { source, error } of failures) {
    if (source.kind === "named" || error.code === "bad-file")
      options.onNotice?.(`${options.title}: ${source.label}: ${error.message}`);
  }
  return collected;
}

interface Failure {
  readonly source: DataSource;
  readonly error: AtelierError;
}

/** Adds what `source` has of `missing` to `collected`; returns the first reason why something is still missing. */
async function collectFrom(
  source: DataSource,
  missing: readonly DataFile[],
  collected: Map<string, Uint8Array>,
  options: CollectOptions,
): Promise<AtelierError | undefined> {
  let failure: AtelierError | undefined;
  let isKept = source.kind === "outside";
  for (const file of missing) {
    if (options.signal?.aborted)
      throw new AtelierError("stopped", `${options.title}: stopped while looking for its files`);
    try {
      const bytes = await source.read(file);
      collected.set(file.name, bytes);
      if (isKept) isKept = await keep(file, bytes, options);
    } catch (error) {
      if (!(error instanceof AtelierError) || error.code === "stopped" || error.code === "internal")
        throw error;
      failure ??= error;
      if (source.kind === "outside") break;
    }
  }
  return failure;
}

/** Puts a file into the cache; whether there is a folder for the next one. */
async function keep(
  file: DataFile,
  bytes: Uint8Array,
  { title, cacheFolder, onNotice }: CollectOptions,
): Promise<boolean> {
  const notKept = (error: Error) => onNotice?.(`${title}: not kept in the cache: ${error.message}`);
  try {
    await makeFolder(cacheFolder);
  } catch (error) {
    notKept(error as Error);
    return false;
  }
  await writeFileAtomic(join(cacheFolder, file.name), bytes).catch(notKept);
  return true;
}

function explain({ title, files, cacheFolder }: CollectOptions, failures: readonly Failure[]): string {
  const names = files.map((file) => file.name).join(", ");
  return [
    `${title} could not be found. Tried:`,
    ...failures.map(({ source, error }) => `  - ${source.label}: ${error.message}`),
    `Put ${names} (each plain or with .gz) into ${cacheFolder}, or give the folder they are in.`,
  ].join("\n");
}
