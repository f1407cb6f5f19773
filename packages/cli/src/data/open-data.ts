/** Opens the data of a command, with progress and a word about files that were left out. */
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { AtelierError, type ImageDataset } from "@atelier/engine";
import { type DataProgress, type OpenDatasetOptions, type OpenedDataset, openDataset } from "@atelier/vision";
import { type Effects, say } from "../effects.ts";
import { bar } from "../terminal/bar.ts";
import { compact, plural } from "../terminal/numbers.ts";
import { statusLine } from "../terminal/status-line.ts";

export interface DataRequest {
  /** A name, or a folder relative to the effects' folder. */
  readonly data: string;
  readonly input?: ImageDataset["shape"];
  /** Refuse files that cannot be used instead of skipping them. */
  readonly strict?: boolean | undefined;
}

/** As many skipped files are named one by one. */
const namedFiles = 5;

/** The parts of a data set. Throws what openDataset throws. */
export async function openData(request: DataRequest, effects: Effects): Promise<OpenedDataset> {
  const line = statusLine(effects);
  const options: OpenDatasetOptions = {
    folder: effects.environment.dataFolder,
    cacheFolder: effects.environment.cacheFolder,
    input: request.input,
    strict: request.strict,
    signal: effects.signal,
    onNotice: (message) => {
      line.clear();
      say(effects, message);
    },
    onProgress: (progress) => line.show(progressText(progress)),
  };
  try {
    const opened = await openKnown(await locateData(request.data, effects), options);
    line.clear();
    saySkipped(opened.skipped, effects);
    return opened;
  } finally {
    line.clear();
  }
}

/** The data set known by name; it comes before a folder of that name. */
const knownName = "fashion-mnist";

/** A folder as an absolute path, when there is one of this name; otherwise the name. */
export async function locateData(nameOrFolder: string, { folder }: Effects): Promise<string> {
  if (nameOrFolder === knownName) return nameOrFolder;
  const path = resolve(folder, nameOrFolder);
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() ? path : nameOrFolder;
}

/**
 * A folder with Fashion-MNIST's own four files is Fashion-MNIST: it gets its name and the names of its classes.
 * Everything else is what openDataset finds in it.
 */
async function openKnown(data: string, options: OpenDatasetOptions): Promise<OpenedDataset> {
  if (data === knownName) return openDataset(data, options);
  const onlyThere = { folder: data, cacheFolder: data, debianFolder: data, allowNetwork: false };
  return openDataset(knownName, { ...options, ...onlyThere, onNotice: () => {} }).catch((error) => {
    if (error instanceof AtelierError && error.code === "no-data") return openDataset(data, options);
    throw error;
  });
}

function progressText({ what, unit, done, total }: DataProgress): string {
  const count = unit === "bytes" ? `${compact(done / 1e6)} MB` : plural(done, "image");
  return total === undefined ? `${what}: ${count}` : `${what} ${bar(done / total, 24)} ${count}`;
}

function saySkipped(skipped: OpenedDataset["skipped"], effects: Effects): void {
  if (skipped.length === 0) return;
  for (const { path, reason } of skipped.slice(0, namedFiles)) say(effects, `skipped ${path}: ${reason}`);
  const more = skipped.length > namedFiles ? ` (${skipped.length - namedFiles} more not shown)` : "";
  say(effects, `${plural(skipped.length, "file")} skipped${more}; --strict refuses them instead.`);
}
