/** Bytes of any length that a request brings, up to a limit. */
import type { FastifyRequest } from "fastify";
import { TrackerError } from "../model/tracker-error.ts";

/** The body in pieces. Throws too-large, before anything is read where the request says its length. */
export async function* upload(
  { raw, headers }: FastifyRequest,
  largestBytes: number,
): AsyncGenerator<Uint8Array> {
  const expectRoom = (sizeBytes: number) => {
    if (sizeBytes <= largestBytes) return;
    throw new TrackerError(
      "too-large",
      `expected a file of at most ${largestBytes} bytes, got ${sizeBytes} or more; send it in parts.`,
    );
  };
  expectRoom(Number(headers["content-length"] ?? 0));
  let sizeBytes = 0;
  try {
    for await (const piece of raw as AsyncIterable<Uint8Array>) {
      sizeBytes += piece.length;
      expectRoom(sizeBytes);
      yield piece;
    }
  } catch (cause) {
    if (cause instanceof TrackerError) throw cause;
    throw new TrackerError("bad-argument", `the file broke off after ${sizeBytes} bytes; send it again.`, {
      cause,
    });
  }
}
