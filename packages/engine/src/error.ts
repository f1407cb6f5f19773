/**
 * The one error class of the engine and the rooms above it. The command line maps `code` to an exit code;
 * the message is one sentence: where, what was expected, what came, what to do next.
 */
export type ErrorCode =
  /** A shape, attribute or layer that does not fit its neighbours. */
  | "shape-mismatch"
  /** An unknown name, or a value out of its range, in a recipe, option or call. */
  | "bad-argument"
  /** A file that is missing, truncated, corrupt or of another kind than expected. */
  | "bad-file"
  /** Data that cannot be had from any source. */
  | "no-data"
  /** Loss or weights became NaN or infinite. */
  | "diverged"
  /** An allocation failed or would not fit. */
  | "out-of-memory"
  /** The native executor is missing, stale or does not fit this machine. */
  | "no-native"
  /** The disk is full or read-only, or a path may not be written. */
  | "cannot-write"
  /** The user interrupted; what was done so far is kept. */
  | "stopped"
  /** A broken invariant: a bug of ours. */
  | "internal";

/** An error whose message is meant to be read by the person who caused it. */
export class AtelierError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(code === "internal" ? `internal: ${message}` : message, options);
    this.name = "AtelierError";
    this.code = code;
  }
}

/** The entry of `names` nearest to `wrong` by edit distance, or undefined when none is close. */
export function nearestName(wrong: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(wrong.length / 2)) + 1;
  for (const name of names) {
    const distance = editDistance(wrong.toLowerCase(), name.toLowerCase());
    if (distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein distance, two rows at a time. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(substitution, previous[j]! + 1, current[j - 1]! + 1));
    }
    previous = current;
  }
  return previous[b.length]!;
}
