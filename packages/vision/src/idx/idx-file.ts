/** IDX files on disk: plain or gzipped, told apart by their first bytes and not by their names. */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { AtelierError } from "@atelier/engine";

const gunzipAsync = promisify(gunzip);

/** The uncompressed bytes of a plain or gzipped file. Throws "bad-file" when it cannot be read or unpacked. */
export async function readPlainOrGzipped(path: string): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new AtelierError("bad-file", `${path}: cannot be read: ${reasonOf(cause)}`, { cause });
  }
  return unpackIfGzipped(bytes, path);
}

/**
 * `bytes` themselves, or their content when they are a gzip stream. `maxBytes` bounds what may come out.
 * Throws "bad-file" when the stream is truncated, corrupt or larger.
 */
export async function unpackIfGzipped(
  bytes: Uint8Array,
  source: string,
  maxBytes = 2 ** 32,
): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return await gunzipAsync(bytes, { maxOutputLength: maxBytes });
  } catch (cause) {
    throw new AtelierError("bad-file", `${source}: damaged gzip stream: ${reasonOf(cause)}`, { cause });
  }
}

/** What part of a dataset an IDX file is. */
export interface IdxRole {
  readonly part: "train" | "test";
  readonly kind: "images" | "labels";
}

/**
 * The role that a file's name announces, or undefined: train-images-idx3-ubyte, train-images.idx3-ubyte, t10k-…,
 * test-…, emnist-letters-train-…, each with or without .gz; without a part, as in images-idx3-ubyte, it is train.
 */
export function idxRoleOf(fileName: string): IdxRole | undefined {
  const match = /^(?:(?:.*[-_])?(train|t10k|test)[-_])?(images|labels)[-.]idx\d?(?:-ubyte)?(?:\.gz)?$/i.exec(
    basename(fileName),
  );
  if (!match) return undefined;
  const part = (match[1] ?? "train").toLowerCase() === "train" ? "train" : "test";
  return { part, kind: match[2]!.toLowerCase() as IdxRole["kind"] };
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
