/** How a call fails: the status of a code, from one table, and the sentence. */
import type { FastifyError } from "fastify";
import type { ApiFailure } from "../api/index.ts";
import { TrackerError, type TrackerErrorCode } from "../model/tracker-error.ts";

export const statusOf: { readonly [code in TrackerErrorCode]: number } = {
  "bad-argument": 400,
  "no-access": 401,
  refused: 403,
  "not-found": 404,
  conflict: 409,
  "too-large": 413,
  internal: 500,
  "bad-store": 500,
  "newer-store": 500,
  unreachable: 502,
  busy: 503,
  "cannot-write": 507,
};

/** What an error answers. Errors of fastify are about the request, unless they say otherwise. */
export function failureOf(error: unknown): { readonly status: number; readonly failure: ApiFailure } {
  const { code, message } = error instanceof TrackerError ? error : trackerErrorOf(error as FastifyError);
  return { status: statusOf[code], failure: { error: { code, message } } };
}

function trackerErrorOf(error: FastifyError): TrackerError {
  const { statusCode = 500, message } = error;
  if (statusCode === 413) return new TrackerError("too-large", `${sentence(message)} Send less at once.`);
  if (statusCode >= 400 && statusCode < 500) return new TrackerError("bad-argument", sentence(message));
  return new TrackerError("internal", message, { cause: error });
}

function sentence(message: string): string {
  return message.endsWith(".") ? message : `${message}.`;
}
