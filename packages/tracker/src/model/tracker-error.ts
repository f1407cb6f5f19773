/** What can go wrong between a program and its store. A table maps each code to an exit code or an HTTP status. */
export type TrackerErrorCode =
  /** A name, filter, field or value that cannot be what was meant. */
  | "bad-argument"
  /** No run, artifact, file or evaluation of this name. */
  | "not-found"
  /** The id or version is taken by something else. */
  | "conflict"
  /** The store was written by a newer version of Atelier. */
  | "newer-store"
  /** The store's file or a blob is damaged. */
  | "bad-store"
  /** The disk is full or read-only, or the folder may not be written. */
  | "cannot-write"
  /** Another process held the store for longer than is reasonable to wait. */
  | "busy"
  /** The server wants an access key that was not given, or not this one. */
  | "no-access"
  /** The request comes from where the server takes none: another site's page, or under another host's name. */
  | "refused"
  /** A body is larger than the server takes. */
  | "too-large"
  /** The server does not answer. */
  | "unreachable"
  /** A broken invariant: a bug of ours. */
  | "internal";

/** An error of the tracker: one sentence saying where, what was expected, what came and what to do next. */
export class TrackerError extends Error {
  readonly code: TrackerErrorCode;
  constructor(code: TrackerErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(code === "internal" ? `internal: ${message}` : message, options);
    this.name = "TrackerError";
    this.code = code;
  }
}
