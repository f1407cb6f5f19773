/** What the server answers to an error. */
import type { FastifyError } from "fastify";
import { type ApiFailure, statusOf } from "../api/index.ts";
import { TrackerError } from "../model/tracker-error.ts";

/** What an error answers. Errors of fastify are about the request, unless they say otherwise. */
export function answerToError(error: unknown): { readonly status: number; readonly failure: ApiFailure } {
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
