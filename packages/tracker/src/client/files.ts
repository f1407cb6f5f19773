/** Files on their way into a store and out of it. */
import { createHash, randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { readFile, rename, rm } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import type { StoredFile } from "../model/artifact.ts";
import { TrackerError } from "../model/tracker-error.ts";
import { makeFolder } from "../store/make-folder.ts";
import type { BlobStore } from "../store/store.ts";

/** Content, or the path of a file that has it. */
export type FileSource = Uint8Array | string;

/** The content of a source, for what has to look into it. */
export async function bytesOf(source: FileSource): Promise<Uint8Array> {
  return typeof source === "string" ? readFile(source) : source;
}

/** Keeps a source as a blob. Throws not-found for a missing file, cannot-write. */
export function putSource(blobs: BlobStore, source: FileSource) {
  return blobs.put(typeof source === "string" ? { path: resolve(source) } : source);
}

/** The MIME type of an image by its first bytes, as far as browsers show it; application/octet-stream for others. */
export function imageType(bytes: Uint8Array): string {
  const starts = (...head: readonly number[]) => head.every((byte, i) => bytes[i] === byte);
  if (starts(0x89, 0x50, 0x4e, 0x47)) return "image/png";
  if (starts(0xff, 0xd8, 0xff)) return "image/jpeg";
  if (starts(0x47, 0x49, 0x46, 0x38)) return "image/gif";
  if (starts(0x52, 0x49, 0x46, 0x46) && bytes[8] === 0x57) return "image/webp";
  return "application/octet-stream";
}

/** A file that came out of a store. */
export interface RestoredFile extends StoredFile {
  /** Where it is now. */
  readonly target: string;
}

/**
 * Writes files below `folder`, each whole and with its checksum verified, in place of what had its name. Throws
 * bad-store for a blob that is missing or whose content is not what its name says, bad-argument for a path that no file can have
 * below the folder, cannot-write; the reason of `signal` when it aborts.
 */
export async function restoreFiles(
  blobs: BlobStore,
  files: readonly StoredFile[],
  folder: string,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<readonly RestoredFile[]> {
  const targets = files.map((file) => ({ ...file, target: targetOf(file.path, folder) }));
  for (const file of targets) {
    signal?.throwIfAborted();
    await restoreFile(blobs, file, signal);
  }
  return targets;
}

function targetOf(path: string, folder: string): string {
  const target = join(folder, path);
  const inside = relative(folder, target);
  const isOutside = inside.split(sep)[0] === ".." || isAbsolute(inside);
  const trouble = path.includes("\0")
    ? "no file can have a NUL character in its name"
    : isOutside
      ? `the path leads out of ${folder}`
      : inside === ""
        ? "the path names no file"
        : undefined;
  if (trouble === undefined) return target;
  throw new TrackerError("bad-argument", `${JSON.stringify(path)}: ${trouble}; it is not written.`);
}

async function restoreFile(
  blobs: BlobStore,
  { path, sha256, sizeBytes, target }: RestoredFile,
  signal: AbortSignal | undefined,
): Promise<void> {
  const temporary = join(dirname(target), `.${randomUUID()}.tmp`);
  const hash = createHash("sha256");
  try {
    makeFolder(dirname(target));
    await pipeline(
      blobs.read(sha256),
      async function* (pieces: AsyncIterable<Uint8Array>) {
        for await (const piece of pieces) {
          hash.update(piece);
          yield piece;
        }
      },
      createWriteStream(temporary, { flags: "wx", flush: true }),
      { ...(signal && { signal }) },
    );
    if (hash.digest("hex") !== sha256) {
      throw new TrackerError(
        "bad-store",
        `${path}: its content in the store is damaged (${sizeBytes} bytes expected).`,
      );
    }
    await rename(temporary, target);
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof TrackerError && cause.code === "not-found") {
      throw new TrackerError("bad-store", `${path}: its content is missing: ${cause.message}`, { cause });
    }
    if (cause instanceof TrackerError) throw cause;
    throw new TrackerError("cannot-write", `${target}: cannot be written: ${(cause as Error).message}`, {
      cause,
    });
  } finally {
    await rm(temporary, { force: true }).catch(() => {}); // there may be no such folder
  }
}
