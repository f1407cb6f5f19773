/** Blobs as files named by the SHA-256 of their content, in one folder. */
import { createHash, randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { TrackerError } from "../model/tracker-error.ts";
import { makeFolder } from "./make-folder.ts";
import type { BlobInfo, BlobSource, BlobStore } from "./store.ts";

/** A blob store that can also be tidied. */
export interface BlobFolder extends BlobStore {
  /** All files with the time they were last put, in milliseconds since the epoch: blobs, and halves of those never finished. */
  list(): AsyncIterable<{ readonly name: string; readonly sizeBytes: number; readonly putAt: number }>;
  /** Removes a file that list named. */
  remove(name: string): Promise<void>;
}

const blobName = /^[0-9a-f]{64}$/;
const halfName = /^\.[0-9a-f-]{36}\.tmp$/;

/** Blobs below `folder`, which is made when first needed. */
export function blobFolder(folder: string): BlobFolder {
  const pathOf = (sha256: string) => {
    // The name is the only part of a path that comes from outside.
    if (!blobName.test(sha256)) {
      throw new TrackerError("bad-argument", `expected a SHA-256 in 64 hexadecimal digits, got "${sha256}".`);
    }
    return join(folder, sha256);
  };
  const find = async (sha256: string): Promise<BlobInfo | undefined> => {
    const found = await stat(pathOf(sha256)).catch(ifMissing);
    return found && { sha256, sizeBytes: found.size };
  };
  return {
    find,
    put: (source) => put(folder, source, pathOf).catch(cannotWrite(folder)),
    async *read(sha256, range) {
      if ((await find(sha256)) === undefined) {
        throw new TrackerError("not-found", `${folder}: there is no blob ${sha256}.`);
      }
      const options = range && { start: range.start, end: range.end - 1 }; // Node's end is inclusive
      if (range === undefined || range.end > range.start) yield* createReadStream(pathOf(sha256), options);
    },
    async *list() {
      for (const name of (await readdir(folder).catch(ifMissing)) ?? []) {
        if (!blobName.test(name) && !halfName.test(name)) continue;
        const found = await stat(join(folder, name)).catch(ifMissing);
        if (found) yield { name, sizeBytes: found.size, putAt: found.mtimeMs };
      }
    },
    remove: (name) => rm(join(folder, name), { force: true }),
  };
}

/** Writes beside the blob's place, flushes, renames: a crash leaves at most a file whose name is no blob's. */
async function put(
  folder: string,
  source: BlobSource,
  pathOf: (sha256: string) => string,
): Promise<BlobInfo> {
  makeFolder(folder);
  const temporary = join(folder, `.${randomUUID()}.tmp`);
  const hash = createHash("sha256");
  let sizeBytes = 0;
  try {
    await pipeline(
      piecesOf(source),
      async function* (parts: AsyncIterable<Uint8Array>) {
        for await (const part of parts) {
          hash.update(part);
          sizeBytes += part.length;
          yield part;
        }
      },
      createWriteStream(temporary, { flush: true, flags: "wx" }),
    );
    const sha256 = hash.digest("hex");
    if ("sha256" in source && source.sha256 !== sha256) {
      throw new TrackerError(
        "bad-argument",
        `expected bytes of SHA-256 ${source.sha256}, got ${sha256}; send them again.`,
      );
    }
    // Also when it is there already: renaming anew makes it young, so that tidying up does not take it away.
    await rename(temporary, pathOf(sha256));
    await flushFolder(folder);
    return { sha256, sizeBytes };
  } finally {
    await rm(temporary, { force: true });
  }
}

function piecesOf(source: BlobSource): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
  if (source instanceof Uint8Array) return [source];
  return "pieces" in source ? source.pieces : createReadStream(source.path, { highWaterMark: 1 << 20 });
}

/** Makes the new name durable. Windows cannot flush folders and does not need to. */
async function flushFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  await using handle = await open(folder, "r");
  await handle.sync();
}

function ifMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT") return undefined;
  throw error;
}

function cannotWrite(folder: string): (error: NodeJS.ErrnoException) => never {
  return (error) => {
    if (error instanceof TrackerError || error.code === undefined) throw error;
    const isSource = error.code === "ENOENT" || error.code === "EISDIR";
    throw new TrackerError(
      isSource ? "not-found" : "cannot-write",
      isSource
        ? `the file to keep cannot be read: ${error.message}`
        : `${folder}: cannot keep a file: ${error.message}`,
      { cause: error },
    );
  };
}
