/** Files on their way into a store and out of it. */
import { createHash, randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import type { StoredFile } from "../model/artifact.ts";
import { TrackerError } from "../model/tracker-error.ts";
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
 * bad-store for a blob that is missing or whose content is not what its name says, bad-argument for a path that leads out of the folder.
 */
export async function restoreFiles(
  blobs: BlobStore,
  files: readonly StoredFile[],
  folder: string,
): Promise<readonly RestoredFile[]> {
  const targets = files.map((file) => ({ ...file, target: targetOf(file.path, folder) }));
  for (const file of targets) await restoreFile(blobs, file);
  return targets;
}

function targetOf(path: string, folder: string): string {
  const target = join(folder, path);
  const inside = relative(folder, target);
  if (inside === "" || inside.split(sep)[0] === ".." || isAbsolute(inside) || path.includes("\0")) {
    throw new TrackerError(
      "bad-argument",
      `${JSON.stringify(path)}: the path leads out of ${folder}; it is not written.`,
    );
  }
  return target;
}

async function restoreFile(
  blobs: BlobStore,
  { path, sha256, sizeBytes, target }: RestoredFile,
): Promise<void> {
  const temporary = join(dirname(target), `.${randomUUID()}.tmp`);
  const hash = createHash("sha256");
  try {
    await mkdir(dirname(target), { recursive: true });
    await pipeline(
      blobs.read(sha256),
      async function* (pieces: AsyncIterable<Uint8Array>) {
        for await (const piece of pieces) {
          hash.update(piece);
          yield piece;
        }
      },
      createWriteStream(temporary, { flags: "wx", flush: true }),
    );
    if (hash.digest("hex") !== sha256) {
      throw new TrackerError(
        "bad-store",
        `${path}: its content in the store is damaged (${sizeBytes} bytes expected).`,
      );
    }
    await rename(temporary, target);
  } catch (cause) {
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
