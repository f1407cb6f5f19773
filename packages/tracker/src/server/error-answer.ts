/** What the server answers to an error. */
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { FastifyError } from "fastify";
import { type ApiFailure, statusOf } from "../api/index.ts";
import { TrackerError } from "../model/tracker-error.ts";

/** What an error answers. Errors of fastify are about the request, unless they say otherwise. */
export function answerToError(error: unknown): { readonly status: number; readonly failure: ApiFailure } {
  const { code, message } = error instanceof TrackerError ? error : trackerErrorOf(error as FastifyError);
  return { status: statusOf[code], failure: { error: { code, message } } };
}

/** Answers what never becomes a request: Node's parser refuses it. */
export function answerOnSocket(error: NodeJS.ErrnoException, socket: Duplex, largestHeadBytes: number): void {
  const [status, code, message] =
    error.code === "HPE_HEADER_OVERFLOW"
      ? [431, "too-large", `the address and headers have more than ${largestHeadBytes >> 10} KiB.`]
      : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? [408, "bad-argument", "the request did not arrive in time."]
        : [400, "bad-argument", "expected an HTTP request, got something else."];
  if (socket.writable && error.code !== "ECONNRESET") {
    const body = JSON.stringify({ error: { code, message } });
    const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-type: application/json`;
    socket.write(`${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  }
  socket.destroy(error);
}

function trackerErrorOf(error: FastifyError): TrackerError {
  const { statusCode = 500, message } = error;
  if (statusCode === 415) {
    return new TrackerError("bad-argument", "expected a body of the content type application/json.");
  }
  if (statusCode === 413) return new TrackerError("too-large", `${sentence(message)} Send less at once.`);
  if (statusCode >= 400 && statusCode < 500) return new TrackerError("bad-argument", sentence(message));
  return new TrackerError("internal", message, { cause: error });
}

function sentence(message: string): string {
  return message.endsWith(".") ? message : `${message}.`;
}
