/** Blobs on another machine, sent and read in pieces. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import type { ApiClient } from "../../api/index.ts";
import { TrackerError } from "../../model/tracker-error.ts";
import type { BlobInfo, BlobSource, BlobStore } from "../store.ts";

/** The blobs behind a server. */
export function httpBlobs(client: ApiClient): BlobStore {
  const find = async (sha256: string): Promise<BlobInfo | undefined> => {
    try {
      const { headers } = await client.send("findBlob", { parameters: { sha256 } });
      return { sha256, sizeBytes: Number(headers.get("content-length")) };
    } catch (error) {
      if (error instanceof TrackerError && error.code === "not-found") return undefined;
      throw error;
    }
  };
  return {
    find,
    put: async (source) => {
      const parameters = { sha256: "sha256" in source ? source.sha256 : await hashOf(source) };
      const response = await client.send("putBlob", { parameters }, {
        headers: { "content-type": "application/octet-stream" },
        body: bodyOf(source),
        duplex: "half",
      } as RequestInit);
      return (await response.json()) as BlobInfo;
    },
    async *read(sha256, range) {
      if (range !== undefined && range.end <= range.start) {
        if ((await find(sha256)) === undefined) {
          throw new TrackerError("not-found", `there is no blob ${sha256}.`);
        }
        return;
      }
      const headers = range && { range: `bytes=${range.start}-${range.end - 1}` };
      const { body } = await client.send("readBlob", { parameters: { sha256 } }, headers && { headers });
      try {
        if (body) yield* body;
      } catch (cause) {
        throw new TrackerError("unreachable", `blob ${sha256}: the server stopped sending it.`, { cause });
      }
    },
  };
}

function bodyOf(source: BlobSource): Uint8Array<ArrayBuffer> | ReadableStream {
  if (source instanceof Uint8Array) return Uint8Array.from(source);
  const pieces = "pieces" in source ? Readable.from(source.pieces) : createReadStream(source.path);
  return Readable.toWeb(pieces) as ReadableStream;
}

async function hashOf(source: Uint8Array | { readonly path: string }): Promise<string> {
  const hash = createHash("sha256");
  if (source instanceof Uint8Array) return hash.update(source).digest("hex");
  try {
    for await (const piece of createReadStream(source.path)) hash.update(piece as Uint8Array);
  } catch (cause) {
    throw new TrackerError("not-found", `the file to keep cannot be read: ${(cause as Error).message}`, {
      cause,
    });
  }
  return hash.digest("hex");
}
