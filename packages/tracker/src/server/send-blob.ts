/** Stored bytes as answers: whole or a range of them, kept by browsers for as long as they like. */
import { Readable } from "node:stream";
import type { FastifyRequest } from "fastify";
import { TrackerError } from "../model/tracker-error.ts";
import type { BlobStore } from "../store/store.ts";
import { parseByteRange } from "./byte-range.ts";
import { typeOfBytes } from "./safe-content-type.ts";
import type { Sender } from "./server-route.ts";

export interface SendBlobOptions {
  readonly blobs: BlobStore;
  readonly request: FastifyRequest;
  /** Absent: by the content's first bytes. */
  readonly contentType?: string;
  /** immutable: what is at this address never changes. */
  readonly caching: "immutable" | "revalidate";
}

/** Sends a blob. Throws not-found. */
export async function sendBlob(
  sha256: string,
  { blobs, request, contentType, caching }: SendBlobOptions,
): Promise<Sender> {
  const blob = await blobs.find(sha256);
  if (blob === undefined) throw new TrackerError("not-found", `there is no blob ${sha256}.`);
  const { sizeBytes } = blob;
  const type =
    contentType ?? typeOfBytes(await bytesOf(blobs.read(sha256, { start: 0, end: Math.min(16, sizeBytes) })));
  return async (reply) => {
    reply
      .header("etag", `"${sha256}"`)
      .header("accept-ranges", "bytes")
      .header(
        "cache-control",
        caching === "immutable" ? "private, max-age=31536000, immutable" : "private, no-cache",
      )
      // Wherever it is shown, it can do nothing.
      .header("content-security-policy", "default-src 'none'; sandbox")
      .type(type);
    if (request.headers["if-none-match"] === `"${sha256}"`) return reply.code(304).send();
    const range = parseByteRange(request.headers.range, sizeBytes);
    if (range === "unsatisfiable") {
      return reply.code(416).header("content-range", `bytes */${sizeBytes}`).send();
    }
    const { start, end } = range ?? { start: 0, end: sizeBytes };
    if (range) reply.code(206).header("content-range", `bytes ${start}-${end - 1}/${sizeBytes}`);
    reply.header("content-length", end - start);
    if (request.method === "HEAD") return reply.send();
    return reply.send(Readable.from(blobs.read(sha256, range), { objectMode: false }));
  };
}

async function bytesOf(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const piece of pieces) parts.push(piece);
  return Buffer.concat(parts);
}
